"""Laws of rows that were measured with errors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import Density, LatentModel
from energeia.distributions import Components, EllipticMixture, StandardNormal
from energeia.errors import NoSuchCapability
from energeia.models import DensityInUnits, GeneratorInUnits
from energeia.models.measured import measured_law
from energeia.support import Binary, Real, Support

SUPPORT = Support.of([Real(), Binary((0.0, 1.0))])
SCALE, CENTER = 3.0, 10.0
UNITS = Units(SUPPORT, Frozen(jnp.array([CENTER, 0.5])), Frozen(jnp.array([SCALE, 1.0])))


def in_units(mean, deviation, table):
    parts = (
        np.zeros(1), np.full((1, 1), mean), np.full((1, 1, 1), deviation), np.log(table)[None],
        np.zeros(()),
    )  # fmt: skip
    components = Components(*(jnp.asarray(a, jnp.float32) for a in parts))
    return DensityInUnits(EllipticMixture(components, (0, 2)), UNITS)


class Opaque(Density):
    """A density that is not known to be a mixture."""

    inner: DensityInUnits

    @property
    def shape(self):
        return self.inner.shape

    @property
    def condition_shape(self):
        return None

    def log_prob(self, x, condition=None):
        return self.inner.log_prob(x)

    def sample(self, key, condition=None):
        return self.inner.sample(key)


X, NOISE = np.array([14.0, 1.0]), np.array([2.5, 0.0])
WANTED = norm(CENTER + SCALE * 0.4, np.hypot(SCALE * 0.5, 2.5)).logpdf(14.0) + np.log(0.7)


def test_a_mixture_is_convolved_exactly_in_the_users_units():
    law = measured_law(in_units(0.4, 0.5, [0.3, 0.7]))
    assert isinstance(law, Density)
    assert law.condition_shape == (2,)
    found = jax.jit(lambda x, e: law.log_prob(x, e))(jnp.float32(X), jnp.float32(NOISE))
    np.testing.assert_allclose(found, WANTED, rtol=1e-5)


def test_weights_of_proposed_true_values_are_unbiased():
    """The proposal is another distribution than the model."""
    law = measured_law(Opaque(in_units(0.4, 0.5, [0.3, 0.7])), in_units(0.1, 0.8, [0.5, 0.5]))
    assert isinstance(law, LatentModel)
    keys = jax.random.split(jax.random.key(0), 20_000)
    weigh = jax.jit(jax.vmap(lambda k: law.log_weight(k, jnp.float32(X), jnp.float32(NOISE))))
    ratios = np.exp(np.asarray(weigh(keys), np.float64) - WANTED)
    error = ratios.std() / len(ratios) ** 0.5
    assert error < 0.02
    assert abs(ratios.mean() - 1.0) < 4 * error
    ignored = norm(CENTER + SCALE * 0.4, SCALE * 0.5).logpdf(14.0) + np.log(0.7)
    assert abs(np.exp(ignored - WANTED) - 1.0) > 0.1  # the control: errors that are ignored


def test_draws_carry_the_errors_of_their_condition():
    law = measured_law(in_units(0.4, 0.5, [0.3, 0.7]))
    keys = jax.random.split(jax.random.key(1), 20_000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda k: law.sample(k, jnp.float32(NOISE))))(keys))
    wanted = np.hypot(SCALE * 0.5, 2.5)
    assert abs(drawn[:, 0].std() / wanted - 1.0) < 4 / (2 * len(drawn)) ** 0.5
    assert set(np.unique(drawn[:, 1])) == {0.0, 1.0}


@pytest.mark.parametrize("model", [
    GeneratorInUnits(StandardNormal((2,)), UNITS), Opaque(in_units(0.4, 0.5, [0.3, 0.7])),
])  # fmt: skip
def test_what_has_no_likelihood_of_measured_rows_says_so(model):
    with pytest.raises(NoSuchCapability, match="rows with errors"):
        measured_law(model)
