"""Gradients of score matching and noise contrast vanish at the known optimum, and not beside it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from energeia.contracts import Batch, Energy
from energeia.energies import EmbeddedEnergy, Normal
from energeia.objectives import DenoisingScoreMatching, NoiseContrastive, SlicedScoreMatching

CENTER, WIDTH, SHARE, SIGMA = 1.0, 0.6, 0.3, 0.5
BLOCKS, ROWS = 40, 1000
LOG_Z = float(np.log(2 * np.pi))


class Wells(Energy):
    """Two wells in the plane along the first axis, of unequal weight: log Z = log 2 pi."""

    center: Array
    log_width: Array
    log_odds: Array
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: None = eqx.field(static=True, default=None)

    def energy(self, x, condition=None):
        width = jnp.exp(self.log_width)
        squares = jnp.stack([(x[0] - s * self.center) ** 2 + x[1] ** 2 for s in (1.0, -1.0)])
        shares = jnp.stack([jax.nn.log_sigmoid(self.log_odds), jax.nn.log_sigmoid(-self.log_odds)])
        return -jax.nn.logsumexp(shares - squares / (2 * width**2)) + 2 * self.log_width


class Bare(EmbeddedEnergy):
    """An energy in its own coordinates."""

    inner: Energy
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: None = eqx.field(static=True, default=None)

    def energy(self, x, condition=None):
        return self.inner.energy(x, condition)

    def embed(self, key, x, condition):
        return x, condition

    def draw_base(self, key, condition=None):
        return jax.random.normal(key, (2,))


def wells(width):
    made = (CENTER, np.log(width), np.log(SHARE / (1 - SHARE)))
    return Wells(*(jnp.asarray(value, float) for value in made))


def rows():
    rng = np.random.default_rng(0)
    x = WIDTH * rng.normal(size=(BLOCKS * ROWS, 2))
    x[:, 0] += np.where(rng.uniform(size=len(x)) < SHARE, CENTER, -CENTER)
    return x.reshape(BLOCKS, ROWS, 2).astype(np.float32)


def significance(objective, width, log_z=LOG_Z):
    """The gradient over parameters in its own errors, from blocks of rows."""
    noise = Normal(jnp.zeros(2), 1.5 * jnp.eye(2))

    @jax.jit
    def gradients(energy, log_z):
        def loss(trained, key, x):
            modules = {"model": Bare(trained[0]), "log_z": trained[1], "noise": noise}
            return objective.loss("model", key, modules, Batch(x), None)[0]

        keys = jax.random.split(jax.random.key(1), BLOCKS)
        return jax.lax.map(
            lambda block: jax.grad(loss)((energy, log_z), *block), (keys, jnp.asarray(rows()))
        )

    leaves = jax.tree.leaves(gradients(wells(width), jnp.asarray(log_z, float)))
    found = np.stack([np.asarray(leaf, np.float64) for leaf in leaves], axis=1)
    errors = found.std(axis=0, ddof=1) / BLOCKS**0.5
    return np.abs(found.mean(axis=0)) / np.where(errors > 0, errors, 1.0)


CASES = {
    # The optimum of denoising is the noised density, that of the others the density of the rows.
    "denoising": (DenoisingScoreMatching(SIGMA), np.hypot(WIDTH, SIGMA), WIDTH),
    "sliced": (SlicedScoreMatching(2), WIDTH, np.hypot(WIDTH, SIGMA)),
    "contrast": (NoiseContrastive(2), WIDTH, np.hypot(WIDTH, SIGMA)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_gradient_vanishes_at_the_known_optimum_alone(name):
    objective, right, wrong = CASES[name]
    assert np.all(significance(objective, right) < 4.5)
    assert significance(objective, wrong).max() > 10


def test_the_learned_log_z_is_the_exact_one():
    assert significance(NoiseContrastive(2), WIDTH)[-1] < 4.5
    assert significance(NoiseContrastive(2), WIDTH, LOG_Z + 0.2)[-1] > 10


@pytest.mark.parametrize("name", CASES)
def test_a_weighted_batch_has_the_loss_of_its_weights(name):
    objective, width, _ = CASES[name]
    x = rows()[0, :4]
    modules = {
        "model": Bare(wells(width)),
        "log_z": jnp.zeros(()),
        "noise": Normal(jnp.zeros(2), jnp.eye(2)),
    }

    @jax.jit
    def loss(weight):
        batch = Batch(jnp.asarray(x), weight=weight)
        return objective.held_out(jax.random.key(0), modules, batch)

    each = [float(loss(4 * jnp.eye(4)[i])) for i in range(4)]
    both = float(loss(jnp.array([2.0, 0.0, 2.0, 0.0])))
    np.testing.assert_allclose(both, (each[0] + each[2]) / 2, rtol=1e-5)
    assert objective.honors == {"weight"}
