"""Values to codes: the nearest of an alphabet, and zero density for what is not in it."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.support import Binary, Categorical, Integer, Support


@pytest.mark.parametrize(
    "column", [Integer(-3, 252), Categorical((0.0, 0.5, 1.0)), Categorical((1.0, 2.0, 7.0, 7.5))]
)
def test_codes_are_places_in_the_alphabet(column):
    values = np.asarray(column.values, float)
    count = len(values)
    support = Support(((column, count),))
    units = Units(support, Frozen(jnp.zeros(count)), Frozen(jnp.ones(count)))
    codes, log_det = eqx.filter_jit(units.encode)(jnp.asarray(values))
    np.testing.assert_array_equal(codes, np.arange(count))
    assert log_det == 0
    np.testing.assert_array_equal(eqx.filter_jit(units.decode)(codes), values)
    for wrong in (np.nan, np.inf, -np.inf, values[0] - 1.0, values[-1] + 10.0, values[0] + 0.1):
        codes, log_det = eqx.filter_jit(units.encode)(jnp.asarray(values).at[0].set(wrong))
        assert log_det == -jnp.inf
        assert jnp.all((codes >= 0) & (codes < count))


def test_a_mean_of_codes_lies_between_values_of_the_alphabet():
    support = Support.of([Binary((-1.0, 1.0)), Integer(3, 9), Categorical((1.0, 4.0, 9.0))])
    units = Units(support, Frozen(jnp.zeros(3)), Frozen(jnp.ones(3)))
    y = jnp.array([0.25, 2.5, 1.0])
    np.testing.assert_allclose(units.decode_mean(y), [-0.5, 5.5, 4.0])
    codes = jnp.array([1.0, 6.0, 2.0])
    np.testing.assert_allclose(units.decode_mean(codes), units.decode(codes))
    # The control: a row has values of the alphabet.
    np.testing.assert_allclose(units.decode(y)[:2], [-1.0, 5.0])
