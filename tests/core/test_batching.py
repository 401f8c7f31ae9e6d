"""Functions of one configuration over any leading axes."""

import jax.numpy as jnp
import pytest

from energeia._core.batching import batched
from energeia._core.errors import InputError


def norm(x, scale=1.0):
    return scale * jnp.sum(x**2)


@pytest.mark.parametrize("shapes", [(), (None,), (None, None)])
def test_batched_without_a_shape_is_refused_at_once(shapes):
    with pytest.raises(InputError, match=r"batched\(norm\) was given no shape.*batched\(norm, \(3"):
        batched(norm, *shapes)


def test_one_shape_is_enough_and_scalars_have_one_too():
    assert batched(norm, (3,))(jnp.ones((5, 2, 3))).shape == (5, 2)
    assert batched(norm, (3,), None)(jnp.ones((4, 3)), 2.0).tolist() == [6.0] * 4
    assert batched(norm, ())(jnp.arange(4.0)).tolist() == [0.0, 1.0, 4.0, 9.0]


def test_trailing_axes_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"the last axes must be \(3,\)"):
        batched(norm, (3,))(jnp.ones((5, 4)))
