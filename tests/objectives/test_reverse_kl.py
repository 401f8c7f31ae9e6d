"""The variational free energy: its gradient against enumeration, and what it refuses."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from energeia.bijections.elementwise import Affine
from energeia.contracts import Batch, Density
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.analytic import DoubleWell, Normal
from energeia.energies.function import energy
from energeia.energies.reshaped import ReshapedEnergy
from energeia.errors import NotNormalized
from energeia.models.flow import Flow
from energeia.objectives.reverse_kl import ReverseKL
from energeia.physics.lattice.ising import Ising

ISING = ReshapedEnergy(Ising(2, 0.3, 1.0, 0.1), (4,))
STATES = jnp.asarray(np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T)


class Independent(Density):
    """Independent spins with fields."""

    fields: jax.Array
    shape: tuple[int, ...] = eqx.field(static=True, default=(4,))
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        return jnp.sum(jax.nn.log_sigmoid(2 * x * self.fields))

    def sample(self, key, condition=None):
        up = jax.random.uniform(key, self.shape) < jax.nn.sigmoid(2 * self.fields)
        return jnp.where(up, 1.0, -1.0)


def free_energy(model):
    log_q = jax.vmap(model.log_prob)(STATES)
    return jnp.sum(jnp.exp(log_q) * (log_q + jax.vmap(ISING.energy)(STATES)))


def gradients(objective, model, draws, repeats):
    """The gradient of many batches, one a row."""
    batch = Batch(jnp.zeros((draws, 0)))

    @jax.jit
    def one(key):
        return jax.grad(lambda m: objective.loss("model", key, {"model": m}, batch, None)[0])(model)

    keys = jax.random.split(jax.random.key(3), repeats)
    return np.asarray(jax.lax.map(lambda k: ravel_pytree(one(k))[0], keys))


def test_the_score_function_gradient_is_that_of_enumeration():
    model = Independent(jnp.array([0.3, -0.2, 0.5, 0.1]))
    exact = np.asarray(jax.grad(free_energy)(model).fields)
    found = gradients(ReverseKL(ISING, reparameterized=False), model, 64, 2000)
    error = found.std(axis=0) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - exact) < 4 * error)
    assert np.all(error < 0.02 * np.abs(exact).max())
    # The control: draws that are taken for smooth functions of the parameters miss a part.
    wrong = gradients(ReverseKL(ISING, reparameterized=True), model, 64, 2000)
    assert np.max(np.abs(wrong.mean(axis=0) - exact) / error) > 20


def test_the_gradient_through_draws_is_that_of_the_closed_form():
    target = Normal(jnp.array([1.0]), jnp.array([[4.0]]))
    flow = Flow(StandardNormal((1,)), Affine(jnp.array([0.5]), jnp.array([0.2])))

    def exact(bijection):
        # x = (z - location) exp(-log_scale): a normal against N(1, 2^2).
        scale = jnp.exp(-bijection.log_scale[0])
        mean = -bijection.location[0] * scale
        return -jnp.log(scale) + ((mean - 1.0) ** 2 + scale**2) / 8

    expected = np.asarray(ravel_pytree(jax.grad(exact)(flow.bijection))[0])
    found = gradients(ReverseKL(target), flow, 64, 2000)
    error = found.std(axis=0) / np.sqrt(len(found)) + 1e-7
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * error)
    assert np.all(error < 0.02)


def test_the_held_out_loss_bounds_minus_log_z_and_repeats():
    model = Independent(jnp.zeros(4))
    batch = Batch(jnp.zeros((4096, 0)))
    objective, modules = ReverseKL(ISING, reparameterized=False), {"model": model}
    first = float(objective.held_out(jax.random.key(0), modules, batch))
    assert first == float(objective.held_out(jax.random.key(0), modules, batch))
    assert abs(first - float(free_energy(model))) < 0.05
    log_z = float(jax.nn.logsumexp(-jax.vmap(ISING.energy)(STATES)))
    assert first > -log_z


def test_a_model_without_a_density_is_refused():
    well = DoubleWell(2)
    with pytest.raises(NotNormalized, match="needs a Density"):
        ReverseKL(well).held_out(jax.random.key(0), {"model": well}, Batch(jnp.zeros((2, 0))))


def test_conditions_reach_model_and_energy():
    target = energy(lambda x, c: jnp.sum((x - c) ** 2), 1, condition_shape=1)
    seen = []

    class Recording(Density):
        shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
        condition_shape: tuple[int, ...] = eqx.field(static=True, default=(1,))

        def log_prob(self, x, condition=None):
            seen.append(condition.shape)
            return jnp.zeros(())

        def sample(self, key, condition=None):
            return condition + 2.0

    batch = Batch(jnp.zeros((3, 0)), jnp.arange(3.0)[:, None])
    value = ReverseKL(target).held_out(jax.random.key(0), {"model": Recording()}, batch)
    assert float(value) == 4.0
    assert seen == [(1,)]


def test_the_gradient_along_paths_is_the_same_and_vanishes_where_the_model_is_right():
    target = Normal(jnp.array([1.0]), jnp.array([[4.0]]))
    near = Flow(StandardNormal((1,)), Affine(jnp.array([0.5]), jnp.array([0.2])))
    right = Flow(StandardNormal((1,)), Affine(jnp.array([-0.5]), -jnp.log(jnp.array([2.0]))))
    plain, path = ReverseKL(target), ReverseKL(target, path=True)
    both = [gradients(objective, near, 64, 2000) for objective in (plain, path)]
    apart = both[0].mean(axis=0) - both[1].mean(axis=0)
    error = np.hypot(*(g.std(axis=0) / np.sqrt(len(g)) for g in both)) + 1e-7
    assert np.all(np.abs(apart) < 4 * error)
    assert np.abs(gradients(path, right, 64, 10)).max() < 1e-5
    # The control: the gradient that keeps the term of mean zero is noise there.
    assert np.abs(gradients(plain, right, 64, 10)).max() > 1e-3


def test_an_annealed_energy_is_switched_on():
    model = Independent(jnp.array([0.3, -0.2, 0.5, 0.1]))
    batch, key = Batch(jnp.zeros((256, 0))), jax.random.key(0)
    plain = ReverseKL(ISING, reparameterized=False)
    slow = ReverseKL(ISING, reparameterized=False, anneal=4)
    full = float(plain.loss("model", key, {"model": model}, batch, None)[0])
    memory, losses = slow.init_memory(key, {"model": model}, batch), []
    for _ in range(5):
        loss, (memory, _) = slow.loss("model", key, {"model": model}, batch, memory)
        losses.append(float(loss))
    steps = np.diff(losses)
    assert np.allclose(steps[:3], steps[0], atol=1e-4)
    assert abs(steps[0]) > 0.01
    assert np.allclose(losses[3:], full, atol=1e-4)
