"""A plain function as an energy: checked when it is made, sampled, traced like any module."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.errors import InputError


def bowl(x):
    return jnp.sum(x**2) / 2


def test_energy_and_force_are_those_of_the_function():
    e, x = energeia.energy(bowl, (2, 3)), jnp.arange(6.0).reshape(2, 3)
    assert float(e.energy(x)) == 27.5
    assert np.array_equal(e.force(x), -x)


def test_a_condition_reaches_the_function():
    e = energeia.energy(lambda x, c: jnp.sum((x - c) ** 2), 2, condition_shape=2)
    assert float(e.energy(jnp.ones(2), jnp.ones(2))) == 0.0
    assert e.condition_shape == (2,)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x, r"returned shape \(2,\) and dtype float32 .* sum over the axes"),
        (lambda x: jnp.sum(x) > 0, "returned shape .* and dtype bool"),
        (lambda x: (x[0], x[1]), "returned tuple"),
        (lambda x: None, "returned NoneType"),
        (
            lambda x: np.sum(np.asarray(x)),
            "traced by JAX .* as a function of x",
        ),
        (lambda x, c: jnp.sum(x), "cannot be traced by JAX"),
    ],
)
def test_a_function_of_the_wrong_kind_is_refused(function, message):
    with pytest.raises(InputError, match=message):
        energeia.energy(function, 2)


@pytest.mark.parametrize(
    ("shape", "support", "message"),
    [
        ((2, 2), "*: positive", "flatten"),
        (2, "0: binary", "give one of real, positive"),
        (2, "5: positive", "columns '5'"),
    ],
)
def test_a_support_that_does_not_fit_is_refused(shape, support, message):
    with pytest.raises(InputError, match=message):
        energeia.energy(bowl, shape, support)


def test_outside_its_support_the_energy_is_infinite():
    e = energeia.energy(lambda x: jnp.sum(jnp.log(x)), 2, "0: positive; 1: interval(0, 2)")
    assert np.isfinite(e.energy(jnp.ones(2)))
    for x in ([-1.0, 1.0], [1.0, 2.5]):
        assert np.isposinf(e.energy(jnp.array(x)))


def test_a_compiled_call_tells_two_functions_apart_and_traces_a_module_once():
    calls = []

    @jax.jit
    def value(e, x):
        calls.append(1)
        return e.energy(x)

    def doubled(x):
        return 2 * bowl(x)

    x = jnp.ones(2)
    assert float(value(energeia.energy(bowl, 2), x)) == 1.0
    assert float(value(energeia.energy(bowl, 2), 2 * x)) == 4.0
    assert len(calls) == 1
    assert float(value(energeia.energy(doubled, 2), x)) == 2.0
    linear = eqx.nn.Linear(2, "scalar", key=jax.random.key(0))
    assert value(energeia.energy(linear, 2), x) == linear(x)
    value(energeia.energy(eqx.nn.Linear(2, "scalar", key=jax.random.key(1)), 2), x)
    assert len(calls) == 3
