"""The integral of a density by importance sampling from a distribution that is not the model."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows
from energeia.distributions.elliptic import EllipticMixture
from energeia.distributions.elliptic_fit import fit_mixture
from energeia.evaluation.certificate.chart import ChartDensity, coordinates_of
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.subject import Subject
from energeia.records import CertificateLine
from energeia.support import Circle, Integer, Support

NAME = "normalization by importance sampling"
ERRORS = 4.0
_DRAWS, _FITTED, _COMPONENTS = 2**14, 4096, 12
_LEAST = 100
"""Effective number of weights below which their mean and its error mean nothing."""
_COLUMNS = 64
_TAIL, _WIDEN = 0.25, 1.1
"""1 / nu of the proposal's tails at least, and a factor of its scales."""


class _Recipe(NamedTuple):
    """What shapes the fit of a proposal."""

    sizes: tuple[int, ...]
    ordered: tuple[bool, ...]
    periodic: tuple[int, ...]


def importance_line(subject: Subject, chart: ChartDensity, refusal: str) -> CertificateLine:
    """|mean of p / q - 1| in standard errors, for draws of a mixture q fitted to the rows.

    The mean is one for every q that covers p. q has heavier tails and wider components than the
    rows ask for. Where it has fewer than 100 effective draws, it does not resemble p enough.
    """
    if refusal:
        return not_applicable(NAME, refusal)
    if subject.support.width > _COLUMNS:
        return not_applicable(NAME, f"{subject.support.width} columns, more than {_COLUMNS}")
    fit_key, draw_key = jax.random.split(jax.random.fold_in(subject.key, 1))
    # Rows of other conditions than the one at which p is integrated say little of it.
    given = subject.rows if subject.at is None else subject.draws
    y = coordinates_of(chart, given[:_FITTED])
    proposal = _fitted(fit_key, jnp.asarray(y), _recipe(chart.units.coordinates))
    seeds = np.asarray(jax.random.key_data(jax.random.split(draw_key, _DRAWS)))
    log_weights = map_rows(_log_weights, seeds, size=2048, carry=(chart, proposal))
    return _of_weights(np.exp(np.asarray(log_weights, np.float64)))


def _of_weights(weights: Float[np.ndarray, " n"]) -> CertificateLine:
    mean = float(np.mean(weights))
    error = float(np.std(weights, ddof=1)) / len(weights) ** 0.5
    effective = float(np.sum(weights) ** 2 / np.sum(weights**2)) if np.any(weights) else 0.0
    if np.isfinite(mean) and effective < _LEAST:
        return not_applicable(
            NAME, f"{len(weights):,} draws are worth {effective:.0f}, fewer than {_LEAST}"
        )
    note = f"integral {mean:.5g} +- {error:.1g}; {len(weights):,} draws worth {effective:,.0f}"
    # A proposal that is proportional to p has no error but that of rounding.
    return compared(NAME, abs(mean - 1) / max(error, 1e-9), ERRORS, f"{note}; in errors from 1")


def _recipe(linked: Support) -> _Recipe:
    columns = linked.columns
    return _Recipe(
        linked.sizes,
        tuple(isinstance(column, Integer) for column in columns),
        tuple(i for i, column in enumerate(columns) if isinstance(column, Circle)),
    )


@eqx.filter_jit
def _fitted(key: Array, y: Float[Array, "n c"], recipe: _Recipe) -> EllipticMixture:
    """A mixture of the rows, widened."""
    found = fit_mixture(
        key, y, recipe.sizes, None, None, recipe.ordered, _COMPONENTS, recipe.periodic
    )
    parts = found.components
    # A density on a circle counts three turns, which the heavier tails would leave.
    tail = parts.tail if recipe.periodic else jnp.maximum(parts.tail, _TAIL)
    wide = (_WIDEN * parts.factors, tail)
    return eqx.tree_at(lambda m: (m.components.factors, m.components.tail), found, wide)


def _log_weights(carry: tuple[ChartDensity, EllipticMixture], seeds: Array) -> Array:
    chart, proposal = carry

    def one(seed: Array) -> Array:
        y = proposal.sample(jax.random.wrap_key_data(seed))
        return -chart.energy(y) - proposal.log_prob(y)

    return jax.vmap(one)(jnp.asarray(seeds))
