"""Observables against sums over configurations written out by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import ColumnMoment, Derived, ising_observables


def test_ising_observables_agree_with_their_exact_values():
    ising = Ising(4, 0.4)
    x = jnp.asarray(ising.draw(0, 20_000).reshape(-1, 16))
    for quantity, exact in ising_observables(ising):
        if isinstance(quantity, Derived):
            parts = [np.asarray(jax.jit(jax.vmap(part.value))(x)) for part in quantity.parts]
            means = np.stack([values.reshape(50, -1).mean(1) for values in parts], axis=1)
            whole = float(quantity.combine(jnp.asarray(means.mean(0))))
            left_out = (means.sum(0) - means) / (len(means) - 1)
            jackknife = np.array([float(quantity.combine(jnp.asarray(row))) for row in left_out])
            error = np.sqrt((len(means) - 1) * jackknife.var())
            assert abs(whole - exact) < 4 * error, quantity.name
        else:
            values = np.asarray(jax.jit(jax.vmap(quantity.value))(x))
            assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(len(values))


def test_column_moments():
    x = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    assert float(ColumnMoment(2, 2, "variance", center=1.0).value(x)) == 4.0
