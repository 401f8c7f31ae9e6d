"""What the latent vectors of an autoencoder hold: the parts of its divergence, and the prior."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from energeia._core.batching import map_rows
from energeia._core.errors import InputError
from energeia._core.html import html_table
from energeia._core.types import PRNGKey
from energeia.estimate import Estimate
from energeia.models.encoding import VaeEncoder
from energeia.stats.distances import distances
from energeia.stats.permutation import PermutationTest, relabelings
from energeia.stats.two_sample import energy_distance

MOST_ROWS = 2048
ACTIVE = 0.01
"""Least variance over rows of the mean of q(z_j | x) for a dimension in use (Burda et al. 2016,
arXiv:1509.00519, sec. 5.2)."""
_RELABELINGS = 500
_PAIRS = 1 << 17
"""Pairs of a latent vector and a posterior at a time."""


class LatentReport(NamedTuple):
    """Parts of the mean divergence E KL(q(z|x) || p(z)), in nats per row.

    The divergence is the sum of ``information``, ``total_correlation`` and ``dimension_wise`` (Chen
    et al. 2018, arXiv:1802.04942, eq. 2), with q(z) the mean of q(z|x) over the rows of the report,
    or over those of its aggregate.
    """

    divergence: Estimate
    per_latent: tuple[Estimate, ...]
    """KL(q(z_j|x) || p(z_j)) of each dimension."""
    information: Estimate
    """KL(q(z, x) || q(z) q(x)) between rows and latent vectors; at most the logarithm of how many
    rows q(z) has."""
    total_correlation: Estimate
    """KL(q(z) || prod_j q(z_j)): zero where the dimensions are independent."""
    dimension_wise: Estimate
    """sum_j KL(q(z_j) || p(z_j))."""
    active: tuple[bool, ...]
    """Dimensions whose mean moves with the row."""
    prior_p_value: float
    """Of the energy distance between latent vectors of the rows and draws of the prior."""
    prior_distance: float
    """That distance, with pairs of different rows only, so that it may come out below zero."""
    rows: int

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        named = [(name.replace("_", " "), getattr(self, name)) for name in _TERMS]
        named += [(f"KL of z_{j}", value) for j, value in enumerate(self.per_latent)]
        rows = [(name, f"{value} ({value.kind})") for name, value in named]
        rows.append(("active dimensions", f"{sum(self.active)} of {len(self.active)}"))
        rows.append(("p-value of q(z) against the prior", f"{self.prior_p_value:.3g}"))
        return html_table(f"latent vectors of {self.rows} rows, nats", rows)


_TERMS = ("divergence", "information", "total_correlation", "dimension_wise")


def latent_report(
    key: PRNGKey, encoder: VaeEncoder, x: Float[ArrayLike, "rows d"],
    condition: Float[ArrayLike, "rows c"] | None = None,
    aggregate: Float[ArrayLike, "others d"] | None = None,
) -> LatentReport:  # fmt: skip
    """What the latent vectors of rows hold.

    Posteriors and prior are normal (``VaeEncoder.normal``). ``x`` are 2 to 2,048 rows as the
    encoder takes them; those beyond are left out. One latent
    vector is drawn for each, and each is compared with q(z | x) of all of them, so that the terms
    are those of these rows, without the bias of a batch. Their errors are those of means over rows.

    Of few rows q(z) has clumps: the information is at most the logarithm of their number, and what
    is missing counts as total correlation. ``aggregate`` are other rows, of any number, whose mean
    of q(z | x) is q(z) instead: all rows that are possible, or many, of which ``x`` is a sample.

    Raises:
        InputError: for fewer than two rows, an aggregate of rows with a condition, or latent
            vectors of another kind.
    """
    if not encoder.normal:
        raise InputError(
            "latent vectors were given whose prior or posteriors are not normal with independent "
            "dimensions, for which the parts of a divergence are not known: give others"
        )
    rows = np.asarray(x)[:MOST_ROWS]
    if len(rows) < 2:
        raise InputError(f"{len(rows)} rows were given where an aggregate needs 2 or more")
    if condition is not None and aggregate is not None:
        raise InputError(
            "an aggregate was given for rows with a condition, each of which has a q(z) of its "
            "own: leave one of them out"
        )
    given = () if condition is None else (np.asarray(condition)[: len(rows)],)
    draw_key, prior_key, seed_key = jax.random.split(key, 3)
    mean, scale = _posteriors_of(encoder, rows, *given)
    z = mean + scale * np.asarray(jax.random.normal(draw_key, mean.shape), np.float64)
    own = np.sum(_log_normal(z, mean, scale), axis=1)
    parts = (mean, scale) if aggregate is None else _posteriors_of(encoder, np.asarray(aggregate))
    size = min(64, max(1, _PAIRS // len(parts[0])))
    joint, apart = map_rows(_aggregates, z, size=size, carry=parts)
    prior = np.sum(_log_normal(z, 0.0, 1.0), axis=1)
    divergence = 0.5 * (scale**2 + mean**2 - 1.0) - np.log(scale)
    draws = np.asarray(jax.random.normal(prior_key, z.shape), np.float64)
    test = _prior_test(z, draws, int(jax.random.randint(seed_key, (), 0, 2**31 - 1)))
    return LatentReport(
        divergence=Estimate.mean(divergence.sum(axis=1), "exact"),
        per_latent=tuple(Estimate.mean(column, "exact") for column in divergence.T),
        information=Estimate.mean(own - joint, "estimate"),
        total_correlation=Estimate.mean(joint - apart, "estimate"),
        dimension_wise=Estimate.mean(apart - prior, "estimate"),
        active=tuple(bool(v > ACTIVE) for v in np.var(mean, axis=0)),
        prior_p_value=test.p_value,
        prior_distance=test.value,
        rows=len(rows),
    )


def _posteriors_of(encoder: VaeEncoder, *rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations of q(z | x) in float64, of rows and their conditions."""
    mean, scale = map_rows(_posteriors, *rows, carry=encoder)
    return np.asarray(mean, np.float64), np.asarray(scale, np.float64)


def _posteriors(encoder: VaeEncoder, x: Array, *condition: Array) -> tuple[Array, Array]:
    found: Any = jax.vmap(encoder.posterior)(jnp.asarray(x, float), *condition)
    return found.mean, found.scale


def _aggregates(carry: Any, z: Array) -> tuple[Array, Array]:
    """log q(z) and sum_j log q(z_j) of each latent vector."""
    mean, scale = carry
    logs = _log_normal(z[:, None], mean, scale)
    count = math.log(len(mean))
    joint = jax.nn.logsumexp(jnp.sum(logs, axis=2), axis=1) - count
    return joint, jnp.sum(jax.nn.logsumexp(logs, axis=1) - count, axis=1)


def _log_normal(z: Any, mean: Any, scale: Any) -> Any:
    xp = jnp if isinstance(z, jax.Array) else np
    return -0.5 * ((z - mean) / scale) ** 2 - xp.log(scale) - 0.5 * math.log(2 * math.pi)


def _prior_test(z: np.ndarray, prior: np.ndarray, seed: int) -> PermutationTest:
    rows = np.concatenate([z, prior])
    labels = relabelings(seed, _RELABELINGS, len(z), len(prior))
    return energy_distance(distances(rows, rows), len(z), labels)
