"""Permutations of columns that are told to the compiler as such."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.permute import permuted

ORDER = jnp.array([2, 0, 3, 1])
BACK = jnp.argsort(ORDER)
X = jnp.array([0.3, -1.0, 2.0, 0.7])


def quartic(u, order=ORDER, back=BACK):
    return jnp.sum(jnp.arange(1.0, 5.0) * permuted(u, order, back) ** 4)


def plain(u):
    return jnp.sum(jnp.arange(1.0, 5.0) * u[ORDER] ** 4)


@pytest.mark.parametrize("transform", [jax.grad, jax.jacfwd, jax.hessian, jax.jit])
def test_every_transformation_is_that_of_the_gather(transform):
    np.testing.assert_allclose(transform(quartic)(X), transform(plain)(X), rtol=1e-6)


def test_batches_of_rows_and_of_orders():
    rows = jnp.stack([X, 2 * X])
    moved = jax.vmap(lambda u: permuted(u, ORDER, BACK))(rows)
    assert moved.tolist() == rows[:, ORDER].tolist()
    grads = jax.vmap(jax.grad(quartic))(rows)
    np.testing.assert_allclose(grads, jax.vmap(jax.grad(plain))(rows), rtol=1e-6)
    orders = jnp.stack([ORDER, BACK])
    each = jax.vmap(lambda u, o: permuted(u, o, jnp.argsort(o)))(rows, orders)
    assert each.tolist() == [rows[0, ORDER].tolist(), rows[1, BACK].tolist()]


def test_the_transpose_is_no_scatter():
    def text(f):
        return str(jax.make_jaxpr(jax.grad(f))(X))

    assert "scatter" not in text(quartic)
    # The control: that of a plain gather is.
    assert "scatter" in text(plain)
