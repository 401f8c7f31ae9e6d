"""Compiled draws of the von Mises distribution of angles."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from energeia._core.angles import wrap
from energeia._core.types import PRNGKey


def draw_von_mises(
    key: PRNGKey, location: Float[ArrayLike, " *shape"], concentration: Float[ArrayLike, " *shape"]
) -> Float[Array, " *shape"]:
    """Angles in [-pi, pi) with density exp(kappa cos(theta - mu)) / (2 pi I_0(kappa)).

    Exact at every concentration kappa >= 0, by rejection from a wrapped Cauchy distribution (Best
    and Fisher 1979), which accepts two thirds or more of its proposals. All angles are proposed
    again until each was accepted once. With w = 1 - cos theta and the parameter rho of the Cauchy
    distribution, c = kappa ((1 - rho)^2 / (2 rho) + w), and the acceptance is c exp(1 - c); here
    the terms are written so that none cancels, from kappa = 0 to large ones.

    Args:
        key: everything random follows from it.
        location: mu, in radians.
        concentration: kappa, of the same shape or one that broadcasts.

    >>> angles = draw_von_mises(jax.random.key(0), jnp.ones(3), 1e6)
    >>> angles.shape, bool(jnp.all(jnp.abs(angles - 1) < 0.01))
    ((3,), True)
    """
    mu, kappa = jnp.broadcast_arrays(
        jnp.asarray(location, float), jnp.asarray(concentration, float)
    )
    root = jnp.sqrt(1 + 4 * kappa**2)
    width = 1 + root + jnp.sqrt(2 * (1 + root))  # rho = 2 kappa / width
    gap = 1 + 1 / (root + 2 * kappa) + jnp.sqrt(2 * (1 + root))  # (1 - rho) width
    least, ratio = gap**2 / (4 * width), gap / (width + 2 * kappa)

    def propose(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        key, angle, waiting = state
        key, turn_key, accept_key = jax.random.split(key, 3)
        turn = jax.random.uniform(turn_key, mu.shape, mu.dtype, -0.5, 0.5)
        half = jnp.arctan(ratio * jnp.tan(jnp.pi * turn))
        c = least + 2 * kappa * jnp.sin(half) ** 2
        u = jax.random.uniform(accept_key, mu.shape, mu.dtype)
        # A comparison with NaN is false, so that the loop ends where kappa is no number.
        refused = jnp.log(u) > jnp.log(c) + 1 - c
        return key, jnp.where(waiting, 2 * half, angle), waiting & refused

    start = (key, jnp.zeros_like(mu), jnp.ones(mu.shape, bool))
    _, angle, _ = jax.lax.while_loop(lambda state: jnp.any(state[2]), propose, start)
    return wrap(mu + angle)
