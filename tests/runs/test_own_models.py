"""Modules of one's own trained on an energy: a flow, conditions in the user's units, spins."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import energeia
from energeia.bijections import (
    Affine,
    AffineScalar,
    Chain,
    Spline,
    autoregressive_stack,
    coupling_stack,
)
from energeia.contracts import Density
from energeia.distributions import StandardNormal
from energeia.energies.target import condition_ranges, target_of
from energeia.errors import InputError, NotNormalized
from energeia.evaluation import reweight
from energeia.models import Flow
from energeia.support import Binary, Support
from energeia.training import Optimization, Training

FIELDS = (0.5, -1.0, 0.0, 0.3)
FAST = Optimization(learning_rate=0.02, schedule="cosine")


def test_layers_of_ones_own_take_the_place_of_a_recipes():
    """Rows far from standard units, a positive column: whitened before the layers, near the truth;
    without training, the start is a Student distribution that is not."""
    rng = np.random.default_rng(0)

    def draw(n):
        x = rng.normal(size=n)
        return np.stack([1e3 + 50 * x, np.exp(0.8 * x**2 + 0.4 * rng.normal(size=n))], axis=1)

    def log_p(rows):
        x, y = (rows[:, 0] - 1e3) / 50, np.log(rows[:, 1])
        return norm.logpdf(x) - np.log(50) + norm.logpdf(y, 0.8 * x**2, 0.4) - y

    rows, fresh = draw(6000), draw(4000)
    reading = energeia.runs.DataConfig(support="1:positive")
    layers = autoregressive_stack(
        AffineScalar(), 2, periodic=(False, False), width=32, depth=1, key=jax.random.key(0)
    )
    gaps = []
    for rounds in (1, 400):
        found = energeia.fit(
            rows, flow=layers, reading=reading, quiet=True,
            training=Training(rounds=rounds, batch=256, check_every=rounds),
        )  # fmt: skip
        scores = jax.jit(jax.vmap(found.model.log_prob))(np.float32(fresh))
        gaps.append(float(np.mean(log_p(fresh) - np.asarray(scores))))
    assert gaps[1] < 0.15 < 0.4 < gaps[0]
    with pytest.raises(InputError, match=r"shape \(3,\).*shape \(2,\)"):
        energeia.fit(rows, flow=Affine(jnp.zeros(3), jnp.zeros(3)), quiet=True)


def trained(energy, model, rounds=120):
    training = Training(rounds=rounds, batch=256, check_every=100)
    return energeia.fit(energy, model=model, training=training, optimization=FAST, quiet=True)


def own_flow(key):
    layers = coupling_stack(Spline(8), 2, dimension=2, width=16, depth=1, key=key)
    return Flow(StandardNormal((2,)), layers)


def test_a_flow_of_ones_own_finds_log_z_of_a_function():
    def curved(x):
        return 0.5 * x[0] ** 2 + 2.0 * (x[1] - x[0] ** 2 / 2) ** 2 + 0.3 * x[1] ** 4

    def section(x):
        return quad(lambda y: np.exp(-float(x**2 / 2 + 2 * (y - x**2 / 2) ** 2 + 0.3 * y**4)),
                    -6, 6)[0]  # fmt: skip

    exact = np.log(quad(section, -6, 6)[0])
    target = energeia.energy(curved, 2)
    start = eqx.filter_jit(own_flow)(jax.random.key(0))
    found = trained(target, start)
    assert found.test is None
    assert found.history[-1]["held_out"] < found.history[0]["held_out"] + 0.1
    after = reweight(jax.random.key(1), found.model, target, 8000)
    assert abs(after.log_partition.value - exact) < 4 * after.log_partition.stderr
    assert after.log_partition.stderr < 0.01
    # The control: the flow before training.
    before = reweight(jax.random.key(1), start, target, 8000)
    assert before.ess < 0.7 * 8000 < 0.9 * 8000 < after.ess


class Line(Density):
    """A normal of unit width around slope * c + offset."""

    slope: jax.Array
    offset: jax.Array
    shape: tuple = eqx.field(static=True, default=(1,))
    condition_shape: tuple = eqx.field(static=True, default=(1,))

    def log_prob(self, x, condition=None):
        return -0.5 * jnp.sum((x - self.slope * condition - self.offset) ** 2) - 0.919

    def sample(self, key, condition=None):
        return self.slope * condition + self.offset + jax.random.normal(key, (1,))


class Spring(energeia.contracts.Energy):
    """A spring whose rest length is three times the condition."""

    shape: tuple = eqx.field(static=True, default=(1,))
    condition_shape: tuple = eqx.field(static=True, default=(1,))

    def energy(self, x, condition=None):
        return 0.5 * jnp.sum((x - 3.0 * condition) ** 2)


def test_conditions_are_in_the_users_units():
    target = target_of(energeia.energy(lambda x: jnp.sum(x), 1))._replace(
        energy=Spring(), conditions=condition_ranges(length=(10.0, 12.0))
    )
    found = trained(target, Line(jnp.full(1, 2.9), jnp.zeros(1)), rounds=300)
    middle = 11.0 * float(found.model.slope[0]) + float(found.model.offset[0])
    assert abs(middle - 33.0) < 0.05  # of standardized conditions it would be the offset alone
    assert abs(float(found.model.offset[0])) < 1.0


class Fields(energeia.contracts.Energy):
    """Four spins in given fields."""

    shape: tuple = eqx.field(static=True, default=(4,))
    condition_shape: None = None

    def energy(self, x, condition=None):
        return -jnp.sum(x * jnp.array(FIELDS))


class Spins(Density):
    """Independent spins -1 and 1 in fields."""

    field: jax.Array
    shape: tuple = eqx.field(static=True, default=(4,))
    condition_shape: None = None

    def log_prob(self, x, condition=None):
        return jnp.sum(jax.nn.log_sigmoid(2 * x * self.field))

    def sample(self, key, condition=None):
        up = jax.random.uniform(key, (4,)) < jax.nn.sigmoid(2 * self.field)
        return jnp.where(up, 1.0, -1.0)


def test_discrete_draws_take_the_score_function():
    target = target_of(Fields(), Support(((Binary(values=(-1.0, 1.0)), 4),)))
    found = trained(target, Spins(jnp.zeros(4)), rounds=600)
    # A gradient through the draws would leave the fields: log q is the same for all four at zero.
    np.testing.assert_allclose(found.model.field, FIELDS, atol=0.02)


def test_what_does_not_fit_an_energy_is_refused():
    target = energeia.energy(lambda x: jnp.sum(x**2), 3)
    flat = Flow(StandardNormal((2,)), Chain([Affine(jnp.zeros(2), jnp.zeros(2))]))
    with pytest.raises(InputError, match=r"energy of 3 columns.*model of shape \(2,\)"):
        trained(target, flat)
    with pytest.raises(NotNormalized, match="needs a Density"):
        trained(target, eqx.nn.Identity())
