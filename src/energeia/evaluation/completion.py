"""Draws of the unknown part of rows given the known part, by whatever a model can do."""

import math
from typing import Annotated, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Bool, Float

from energeia._core.batching import map_rows
from energeia._core.errors import InputError
from energeia._core.ranges import require_ranges
from energeia._core.types import PRNGKey
from energeia.contracts import ConditionalSampler
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import run_chains
from energeia.models.completion import conditional_sampler
from energeia.models.conditional import conditional_target
from energeia.records import CompletionSummary
from energeia.stats.convergence import mixing
from energeia.stats.weights import log_mean_exp

Many = Annotated[int, msgspec.Meta(ge=8, le=1_000_000)]

_CONSTANT = 1e-3
"""Spread of log-weights, in nats, that is rounding."""
_PILOT = 400
_NUMBERS = 1 << 24
"""Held at once on the device, about."""


class Mask(NamedTuple):
    """Some entries of each row have known values."""

    x: Float[np.ndarray, "rows d"]
    """Anything, such as NaN, where nothing is known."""
    known: Bool[np.ndarray, "rows d"]


class Query(NamedTuple):
    """What is asked of a model: its distribution given this."""

    mask: Mask
    condition: Float[np.ndarray, "rows c"] | None = None


class CompletionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is spent on the answer to a query."""

    proposals: Many = 1024
    """Weighted draws of each row from which completions are resampled; at least 8 for each."""
    chains: Many = 16
    """Chains of each row, of models that have no sampler of conditional distributions."""
    steps: Many = 400
    """Steps of each chain after a pilot run that tunes them; the first half is dropped."""

    def __post_init__(self) -> None:
        require_ranges(self)


class CompletedRows(NamedTuple):
    """Draws of each row, with how far they can be trusted."""

    rows: Float[np.ndarray, "rows n d"]
    summary: CompletionSummary
    ess: Float[np.ndarray, " rows"]
    """Of the weights, or of the chains, of each row; infinite for exact draws, NaN where no
    column is unknown."""
    r_hat: Float[np.ndarray, " rows"]
    """Of the chains, over the unknown columns; NaN without chains."""


def complete_rows(
    key: PRNGKey, model: Any, query: Query, n: int, settings: CompletionSettings | None = None
) -> CompletedRows:
    """``n`` draws of the unknown columns of every row given its known ones.

    A conditional sampler proposes draws with weights: where the weights of every row are constant
    the draws are exact, else they are resampled, exact in the limit of many proposals. Other models
    run chains on the conditional distribution. One compiled program serves all masks.

    Raises:
        InputError: for known values that the model gives no probability.
        NoSuchCapability: if the model can neither draw nor sample conditional distributions.
    """
    settings = settings or CompletionSettings()
    sampler = conditional_sampler(model)
    if sampler is not None:
        return _by_weights(key, sampler, query, n, settings)
    return _by_chains(key, model, query, n, settings)


def _arguments(query: Query) -> list[np.ndarray]:
    """Row by row: number, values, mask and condition."""
    given = [] if query.condition is None else [query.condition]
    count = len(query.mask.x)
    return [np.arange(count), np.asarray(query.mask.x), np.asarray(query.mask.known), *given]


class _Weighted(NamedTuple):
    sampler: ConditionalSampler
    key: PRNGKey
    n: int
    proposals: int


def _by_weights(
    key: PRNGKey, sampler: ConditionalSampler, query: Query, n: int, settings: CompletionSettings
) -> CompletedRows:
    proposals = max(settings.proposals, 8 * n)
    size = max(1, _NUMBERS // (proposals * query.mask.x.shape[1]))
    carry = _Weighted(sampler, key, n, proposals)
    drawn, logs = map_rows(_weighted_block, *_arguments(query), size=size, carry=carry)
    logs = np.asarray(logs, np.float64)
    lost = np.flatnonzero(~np.isfinite(logs).any(axis=1))
    if lost.size:
        raise InputError(
            f"{lost.size} rows hold known values of probability zero (the first: "
            f"{lost[:3].tolist()}): check them, or ask for fewer known columns"
        )
    constant = np.ptp(logs, axis=1) <= _CONSTANT
    ess = np.where(constant, np.inf, log_mean_exp(logs.T).ess)
    exact = bool(np.all(constant))
    warnings = []
    if np.any(ess < n):
        low = int(np.sum(ess < n))
        warnings.append(
            f"the weights of {low} of {len(ess)} rows have an effective sample size below the {n} "
            f"draws asked for (least {ess.min():.3g}), so that draws repeat: give more proposals"
        )
    summary = CompletionSummary(
        kind="exact" if exact else "exact in the limit",
        method="draws" if exact else "weighted draws",
        draws=n, proposals=proposals, ess=None if exact else float(np.min(ess)),
        warnings=tuple(warnings),
    )  # fmt: skip
    return CompletedRows(np.asarray(drawn), summary, ess, np.full(len(ess), np.nan))


def _weighted_block(
    carry: _Weighted, number: Array, x: Array, known: Array, *condition: Array
) -> tuple[Array, Array]:
    """Resampled draws of each row, and the log-weights of all proposals."""

    def one(number: Array, x: Array, known: Array, *condition: Array) -> tuple[Array, Array]:
        draw_key, pick_key = jax.random.split(jax.random.fold_in(carry.key, number))
        keys = jax.random.split(draw_key, carry.proposals)
        every, logs = jax.vmap(lambda k: carry.sampler.complete(k, x, known, *condition))(keys)
        constant = jnp.max(logs) - jnp.min(logs) <= _CONSTANT
        chosen = jnp.where(constant, jnp.arange(carry.n), _systematic(pick_key, logs, carry.n))
        return every[chosen], logs

    return jax.vmap(one)(number, x, known, *condition)


def _systematic(key: PRNGKey, logs: Array, n: int) -> Array:
    """n indices in proportion to the weights, by one uniform number (Kitagawa 1996), shuffled."""
    place, order = jax.random.split(key)
    reached = jnp.cumsum(jax.nn.softmax(logs))
    levels = (jnp.arange(n) + jax.random.uniform(place)) / n * reached[-1]
    chosen = jnp.minimum(jnp.searchsorted(reached, levels, side="right"), len(logs) - 1)
    return jax.random.permutation(order, chosen)


def _kernel_name(model: Any, query: Query) -> str:
    """The kernel of the chains of a model, found without computing anything."""
    _, *row = (rows[0] for rows in _arguments(query))
    target = eqx.filter_eval_shape(
        lambda *given: conditional_target(model, *given).kernel, *(jnp.asarray(v) for v in row)
    )
    return type(target).__name__


class _Chained(NamedTuple):
    model: Any
    key: PRNGKey
    chains: int
    draws: int
    burn: int


def _by_chains(
    key: PRNGKey, model: Any, query: Query, n: int, settings: CompletionSettings
) -> CompletedRows:
    kernel = _kernel_name(model, query)
    each = math.ceil(n / settings.chains)
    burn = settings.steps // 2
    draws = max(settings.steps - burn, each)
    width = query.mask.x.shape[1]
    size = max(1, _NUMBERS // (settings.chains * draws * width))
    carry = _Chained(model, key, settings.chains, draws, burn)
    positions, rates = map_rows(_chain_block, *_arguments(query), size=size, carry=carry)
    kept = np.round(np.linspace(draws / each, draws, each)).astype(int) - 1
    rows = np.swapaxes(positions[:, :, kept], 1, 2).reshape(len(positions), -1, width)[:, :n]
    found = [mixing(row) for row in positions]
    ess, r_hat = (np.array([getattr(f, name) for f in found]) for name in ("ess", "r_hat"))
    summary = CompletionSummary(
        kind="exact in the limit", method=f"{kernel} chains", draws=n,
        chains=settings.chains, steps=draws, ess=_worst(ess, np.min),
        r_hat=_worst(r_hat, np.max), acceptance=float(np.mean(rates)),
        warnings=_chain_warnings(query, ess, r_hat, n),
    )  # fmt: skip
    return CompletedRows(rows, summary, ess, r_hat)


def _chain_block(
    carry: _Chained, number: Array, x: Array, known: Array, *condition: Array
) -> tuple[Array, Array]:
    """Positions of the chains of each row in the user's units, and their mean acceptance."""

    def one(number: Array, x: Array, known: Array, *condition: Array) -> tuple[Array, Array]:
        target = conditional_target(carry.model, x, known, *condition)
        start_key, tune_key, run_key = jax.random.split(jax.random.fold_in(carry.key, number), 3)
        starts = jax.vmap(target.start)(jax.random.split(start_key, carry.chains))
        given = target.condition
        if given is not None:
            given = jnp.broadcast_to(given, (carry.chains, *given.shape))
        kernel, begin = tune(tune_key, target.kernel, target.energy, starts, _PILOT, given)
        found = run_chains(run_key, kernel, target.energy, begin, carry.draws, 1, carry.burn, given)
        users = jax.vmap(jax.vmap(target.to_user))(found.positions)
        return users, jnp.mean(found.acceptance)

    return jax.vmap(one)(number, x, known, *condition)


def _chain_warnings(query: Query, ess: np.ndarray, r_hat: np.ndarray, n: int) -> tuple[str, ...]:
    found = []
    apart = int(np.sum(r_hat > 1.05))
    if apart:
        found.append(
            f"the chains of {apart} of {len(r_hat)} rows disagree (R-hat up to "
            f"{np.nanmax(r_hat):.2f}): give more steps"
        )
    still = int(np.sum(np.isnan(ess) & ~query.mask.known.all(axis=1)))
    if still:
        found.append(f"no chain of {still} rows ever moved: their draws are where chains started")
    return tuple(found)


def _worst(values: np.ndarray, pick: Any) -> float | None:
    finite = values[np.isfinite(values)]
    return float(pick(finite)) if finite.size else None
