"""Locations, scales and covariances of samples, which a few rows do not rule. Traceable."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.moments import CENTRAL, without_tails

_FAR = 5.0


class White(NamedTuple):
    """y = L^-1 (x - m) has no correlations; L is lower triangular, so y_i depends on x_1 .. x_i."""

    center: Float[Array, " d"]
    """m."""
    factor: Float[Array, "d d"]
    """L."""
    inverse: Float[Array, "d d"]
    """L^-1: a solve would run for every row."""


def location_and_scale(y: Float[Array, "n d"]) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    """Mean and standard deviation of each column, or where tails rule them quantiles.

    See ``_core.moments.without_tails``.
    """
    center, deviation = mean_and_deviation(y)
    quantiles = jnp.quantile(y, jnp.asarray(CENTRAL), axis=0)
    clipped = mean_and_deviation(jnp.clip(y, quantiles[0], quantiles[2]))[1]
    return without_tails(center, deviation, quantiles, clipped, jnp.where)


def mean_and_deviation(y: Float[Array, "n d"]) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    """Those of each column; squares of tiny numbers are no zeros."""
    size = jnp.max(jnp.abs(y), axis=0)
    size = jnp.where(size > 0, size, 1.0)
    center = size * jnp.mean(y / size, axis=0)
    widest = jnp.max(jnp.abs(y - center), axis=0)
    widest = jnp.where(widest > 0, widest, 1.0)
    return center, widest * jnp.sqrt(jnp.mean(((y - center) / widest) ** 2, axis=0))


def white_of(
    rows: Float[Array, "n d"], moved: tuple[bool, ...] | None = None, prior: float = 4.0
) -> White:
    """Mean and factor of the covariance of rows; those of a standard normal where not ``moved``.

    The covariance is (S + prior V) / (n + prior), V the variances of the columns alone, so that
    more columns than rows have one, too. Numbers beyond ``_FAR`` deviations count as if they were
    there: with heavy tails a few rows would make the covariance.
    """
    n, d = rows.shape
    location, scale = location_and_scale(rows)
    rows = location + jnp.clip(rows - location, -_FAR * scale, _FAR * scale)
    both = jnp.ones((d, d), bool)
    if moved is not None:
        both = jnp.asarray(moved) & jnp.asarray(moved)[:, None]
    center = jnp.where(jnp.diagonal(both), jnp.mean(rows, axis=0), 0.0)
    apart = rows - center
    products = apart.T @ apart
    variances = jnp.where(jnp.diagonal(products) > 0, jnp.diagonal(products) / n, 1.0)
    covariance = (products + prior * jnp.diag(variances)) / (n + prior)
    covariance = jnp.where(both, covariance + 1e-6 * jnp.diag(variances), jnp.eye(d))
    factor = jnp.linalg.cholesky(covariance)
    inverted = jax.scipy.linalg.solve_triangular(factor, jnp.eye(d), lower=True)
    return White(center, factor, jnp.tril(inverted))
