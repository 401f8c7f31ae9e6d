"""Uniform numbers hashed in one loop are those of ``jax.random``, bit for bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.uniform import uniform


@pytest.mark.parametrize("shape", [(), (1,), (7,), (64, 33), (2, 3, 5)])
@pytest.mark.parametrize("seed", [0, 3, 2**31 - 1])
def test_bits_of_jax(shape, seed):
    key = jax.random.key(seed)
    assert np.array_equal(uniform(key, shape, jnp.float32), jax.random.uniform(key, shape))


def test_bits_of_jax_for_many_keys_in_a_compiled_loop():
    keys = jax.random.split(jax.random.key(5), 11)

    def by(draw):
        return jax.jit(jax.vmap(lambda key: draw(key, (6,), jnp.float32)))(keys)

    assert np.array_equal(by(uniform), by(jax.random.uniform))


def test_control_another_key_gives_other_numbers():
    one, other = (uniform(jax.random.key(s), (8,), jnp.float32) for s in (1, 2))
    assert not np.any(np.equal(one, other))


@pytest.mark.parametrize("implementation", ["threefry2x32", "rbg"])
def test_other_dtypes_and_generators_are_left_to_jax(implementation):
    with jax.enable_x64(True):
        key = jax.random.key(4, impl=implementation)
        for dtype in (jnp.float32, jnp.float64):
            found = uniform(key, (9,), dtype)
            assert found.dtype == dtype
            assert np.array_equal(found, jax.random.uniform(key, (9,), dtype))
