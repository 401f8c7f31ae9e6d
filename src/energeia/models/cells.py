"""The energy of a discrete value from an energy of the real numbers in its cell."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Energy


def cell_energy(
    energy: Energy, units: Units, y: Float[Array, " d"], condition: Condition, points: int
) -> Scalar:
    """-log of the mean of exp(-E(v)) dv/dy over ``points`` fixed points of the cell of codes ``y``.

    A quadrature, not exact; continuous columns are unchanged.
    """
    noise = jax.random.uniform(jax.random.key(0), (points, *units.inner_shape), y.dtype)
    inside = jnp.where(units.coordinates.discrete, noise, 0.0)
    v, log_det = jax.vmap(units.scale_codes)(y + inside)
    logs = log_det - jax.vmap(energy.energy, in_axes=(0, None))(v, condition)
    return jnp.log(float(points)) - jax.nn.logsumexp(logs)
