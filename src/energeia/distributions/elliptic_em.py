"""Expectation maximization of elliptic mixtures: starts, steps, priors."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.distributions.code_tables import CodeTables
from energeia.distributions.elliptic import Components, conditioned, log_elliptic
from energeia.distributions.mixture import FAR
from energeia.distributions.student import LEAST, MOST

_BLOCK = 256
_TRIALS = 6
"""Rows among which each seed is chosen."""
_FEWEST = 10
"""Steps before EM may stop: it often starts on a plateau."""


class MixtureRows(NamedTuple):
    """Rows to fit: real numbers, conditions first; codes; and how much each row counts."""

    reals: Float[Array, "n r"]
    codes: Float[Array, "n q"]
    weight: Float[Array, " n"]
    noise: Float[Array, "n r"] | None = None
    """Standard errors of the real numbers, where they were measured with any."""


class MixtureChoice(NamedTuple):
    """What is chosen on held-out rows, as traced numbers: one program serves all."""

    size: Array
    """Components."""
    prior: Array
    """Pseudo-rows of the prior of each scale matrix."""
    tail: Array
    """See ``Components.tail``."""
    learned: Array
    """Whether ``tail`` is where expectation maximization starts, and not kept."""
    shape: Array
    """Which of ``MixturePrior.scales``."""


class MixturePrior(NamedTuple):
    """Where the estimates of a component are drawn to: the whole sample."""

    scales: Float[Array, "shapes r r"]
    """Scale matrices, such as that of all rows and the same without correlations."""
    tables: Float[Array, " codes"]


def prior_of(
    rows: MixtureRows, tables: CodeTables, others: Float[Array, "shapes r r"] | None = None
) -> MixturePrior:
    """The variances and the tables of all rows, and ``others`` before their variances; a code that
    none has is possible, too.

    Standardized numbers count as if they were at most ``FAR`` deviations away: a variance that a
    few rows make is not that of a component.
    """
    share = rows.weight / jnp.sum(rows.weight)
    near = jnp.clip(rows.reals, -FAR, FAR)
    center = share @ near
    variances = share @ (near - center) ** 2
    if rows.noise is not None:
        # What is left once the errors are taken away, and not nothing.
        variances = jnp.maximum(variances - share @ rows.noise**2, 0.01 * variances)
    frequencies = share @ tables.indicators(rows.codes).astype(share.dtype)
    uniform = 1.0 / np.repeat(tables.sizes, tables.sizes)
    scales = jnp.diag(jnp.where(variances > 0, variances, 1.0))[None]
    if others is not None:
        scales = jnp.concatenate([others, scales])
    return MixturePrior(scales, 0.999 * frequencies + 0.001 * uniform)


def seeds_of(key: PRNGKey, rows: MixtureRows, most: int) -> Array:
    """Numbers of rows far from each other, by greedy k-means++ (Arthur, Vassilvitskii 2007).

    Each is the best of ``_TRIALS`` rows, drawn in proportion to the squared distance from those
    before (codes count one where they differ): the one that leaves the smallest sum of squared
    distances. So the first k of them are a start for k components; a single trial leaves what EM
    then reaches to chance, with .1 nats between ten columns' starts of 64. Numbers beyond ``FAR``
    count as if they were there, or every component of a heavy tail would start in it.
    """
    near = jnp.clip(rows.reals, -FAR, FAR)

    def nearest(index: Array) -> Array:
        distance = jnp.sum((near - near[index]) ** 2, axis=1)
        return distance + jnp.sum(rows.codes != rows.codes[index], axis=1)

    def add(carry: Array, key: PRNGKey) -> tuple[Array, Array]:
        logits = jnp.log(carry * rows.weight + 1e-30)
        tried = jax.random.categorical(key, logits, shape=(_TRIALS,))
        left = jnp.minimum(carry, jax.vmap(nearest)(tried))
        best = jnp.argmin(left @ rows.weight)
        return left[best], tried[best]

    return jax.lax.scan(add, jnp.ones(len(rows.weight)) * 1e30, jax.random.split(key, most))[1]


def _start(
    rows: MixtureRows, prior: MixturePrior, seeds: Array, settings: MixtureChoice,
    tables: CodeTables,
) -> Components:  # fmt: skip
    width = rows.reals.shape[1]
    used = jnp.arange(len(seeds)) < settings.size
    scale = prior.scales[settings.shape] * _narrower(settings.size, width, rows.noise is not None)
    own = tables.indicators(rows.codes[seeds])
    return Components(
        jnp.where(used, -jnp.log(settings.size), -jnp.inf),
        rows.reals[seeds],
        jnp.broadcast_to(jnp.linalg.cholesky(scale), (len(seeds), width, width)),
        jnp.log(0.5 * prior.tables + 0.5 * own),
        settings.tail,
    )


def _narrower(size: Array, width: int, noisy: bool) -> Array:
    """By how much the variance of one of ``size`` components is expected below that of all rows.

    Where rows have errors, narrow components fit as well as broad ones, and what is too narrow at
    the start stays so; it is the geometric mean of none and the full.
    """
    return size ** (-(1.0 if noisy else 2.0) / max(width, 1))


class _Sums(NamedTuple):
    """Sums over rows of one expectation step, for each component."""

    count: Float[Array, " k"]
    """Of responsibilities."""
    weight: Float[Array, " k"]
    """Of responsibilities times the weights of Student's t, like the two moments."""
    first: Float[Array, "k r"]
    second: Float[Array, "k r*r"]
    tables: Float[Array, "k codes"]
    score: Scalar
    """Of the derivatives of the log-density of each row with respect to the tail."""
    information: Scalar
    """Of their squares."""
    log_prob: Scalar


def expectation_maximization(
    rows: MixtureRows, prior: MixturePrior, seeds: Array, settings: MixtureChoice,
    tables: CodeTables, steps: Array | int = 100, slowest: Array | float = 1e-4,
) -> Components:  # fmt: skip
    """At most ``steps``, until one adds less than ``slowest`` to the mean log-likelihood."""
    blocks = _blocks(rows)
    total = jnp.sum(rows.weight)

    def step(state: tuple) -> tuple:
        parts, _, last, count = state
        sums = _expected(parts, blocks, tables)
        return (
            _maximized(parts, sums, prior, settings, tables, rows.noise is not None),
            last,
            sums.log_prob / total,
            count + 1,
        )

    def going(state: tuple) -> Array:
        _, before, now, count = state
        return (count < steps) & ((count < _FEWEST) | (now - before > slowest))

    low = jnp.asarray(-jnp.inf)
    start = _start(rows, prior, seeds, settings, tables)
    found = jax.lax.while_loop(going, step, (start, low, low, 0))[0]
    normal = settings.learned & (found.tail < 1.01 * LEAST)
    return eqx.tree_at(lambda parts: parts.tail, found, jnp.where(normal, 0.0, found.tail))


def _blocks(rows: MixtureRows) -> MixtureRows:
    """Rows in blocks of equal length; those that fill the last one count nothing."""
    n = len(rows.weight)
    size = min(_BLOCK, n)
    count = -(-n // size)

    def cut(values: Array) -> Array:
        padded = jnp.pad(values, ((0, count * size - n), *((0, 0),) * (values.ndim - 1)))
        return padded.reshape(count, size, *values.shape[1:])

    return jax.tree.map(cut, rows)


def _expected(parts: Components, blocks: MixtureRows, tables: CodeTables) -> _Sums:
    """The expectation step, block by block."""
    block = _plain_block(parts, tables) if blocks.noise is None else _noisy_block(parts, tables)

    def add(carry: _Sums, rows: MixtureRows) -> tuple[_Sums, None]:
        return jax.tree.map(jnp.add, carry, block(rows)), None

    zero = jax.tree.map(
        lambda s: jnp.zeros(s.shape, s.dtype),
        eqx.filter_eval_shape(block, jax.tree.map(lambda a: a[0], blocks)),
    )
    return jax.lax.scan(add, zero, blocks)[0]


def _plain_block(parts: Components, tables: CodeTables) -> Callable[[MixtureRows], _Sums]:
    count, width = parts.means.shape
    identity = jnp.broadcast_to(jnp.eye(width), parts.factors.shape)
    inverse = jax.scipy.linalg.solve_triangular(parts.factors, identity, lower=True)
    level = parts.log_shares - jnp.sum(parts.log_volumes(), axis=1)

    # All components in one matrix product, which is what makes a step fast.
    whiten = inverse.transpose(2, 0, 1).reshape(width, count * width)
    shift = jnp.einsum("kij,kj->ki", inverse, parts.means).reshape(-1)
    tail = jnp.where(parts.tail > 0, parts.tail, 1.0)

    def block(rows: MixtureRows) -> _Sums:
        x = rows.reals
        w = (x @ whiten - shift).reshape(len(x), count, width)
        square = jnp.sum(w**2, axis=2)
        logs = level + log_elliptic(square, width, parts.tail)
        hot = tables.indicators(rows.codes).astype(x.dtype)
        share, log_prob, posterior = _shares(logs + hot @ parts.tables.T, rows.weight)
        scaled = share * (1 + parts.tail * width) / (1 + parts.tail * square)
        score = jax.lax.cond(
            parts.tail > 0,
            lambda: jnp.sum(posterior * _tail_score(square * tail, width, tail), axis=1),
            lambda: jnp.zeros_like(log_prob),
        )
        products = (x[:, :, None] * x[:, None, :]).reshape(len(x), width * width)
        return _Sums(
            jnp.sum(share, axis=0),
            jnp.sum(scaled, axis=0),
            scaled.T @ x,
            scaled.T @ products,
            share.T @ hot,
            jnp.sum(score * rows.weight),
            jnp.sum(score**2 * rows.weight),
            jnp.sum(log_prob * rows.weight),
        )

    return block


def _noisy_block(parts: Components, tables: CodeTables) -> Callable[[MixtureRows], _Sums]:
    """Moments of the true numbers given the measured ones, for normal components (Bovy, Hogg and
    Roweis 2011, eqs. 16 and 17)."""
    count, width = parts.means.shape
    every = jnp.ones(width, bool)

    def block(rows: MixtureRows) -> _Sums:
        each = jax.vmap(conditioned, (0, 0, None, None, None))
        found = jax.vmap(each, (None, None, 0, None, 0))(
            parts.means, parts.factors, rows.reals, every, rows.noise
        )
        logs = parts.log_shares + log_elliptic(found.square, width, parts.tail) - found.log_volume
        hot = tables.indicators(rows.codes).astype(rows.reals.dtype)
        share, log_prob, _ = _shares(logs + hot @ parts.tables.T, rows.weight)
        second = found.scale + found.mean[..., :, None] * found.mean[..., None, :]
        counted = jnp.sum(share, axis=0)
        return _Sums(
            counted,
            counted,
            jnp.einsum("nk,nki->ki", share, found.mean),
            jnp.einsum("nk,nkij->kij", share, second).reshape(count, width * width),
            share.T @ hot,
            jnp.zeros(()),
            jnp.zeros(()),
            jnp.sum(log_prob * rows.weight),
        )

    return block


def _shares(logs: Float[Array, "n k"], weight: Float[Array, " n"]) -> tuple[Array, Array, Array]:
    """Responsibilities times weights, the log-density of each row, and responsibilities."""
    log_prob = jax.nn.logsumexp(logs, axis=1)
    posterior = jnp.exp(logs - log_prob[:, None])
    return posterior * weight[:, None], log_prob, posterior


def _maximized(
    parts: Components, sums: _Sums, prior: MixturePrior, settings: MixtureChoice,
    tables: CodeTables, noisy: bool,
) -> Components:  # fmt: skip
    count, width = parts.means.shape
    weight = jnp.maximum(sums.weight, 1e-6)[:, None]
    means = sums.first / weight
    second = sums.second.reshape(count, width, width)
    spread = second - weight[:, :, None] * means[:, :, None] * means[:, None, :]
    broad = prior.scales[settings.shape] * _narrower(settings.size, width, noisy)
    scale = (spread + settings.prior * broad) / (sums.count + settings.prior)[:, None, None]
    # The difference of moments in float32 is off by about this, more so far from zero.
    rounding = 1e-6 * (jnp.diagonal(prior.scales[-1]) + 2.0 * means**2)
    scale = scale + jax.vmap(jnp.diag)(rounding)
    return Components(
        jnp.log(sums.count) - jnp.log(jnp.sum(sums.count)),
        jnp.where(sums.weight[:, None] > 1e-6, means, parts.means),
        jnp.linalg.cholesky(scale),
        tables.smoothed(sums.tables, sums.count, prior.tables),
        jnp.where(settings.learned, _scored_tail(parts.tail, sums), parts.tail),
    )


def _tail_score(scaled: Array, width: int, tail: Scalar) -> Array:
    """d log t / dh of ``width`` numbers, h = 1 / nu, from h |w|^2; see ``log_student``.

    -(nu^2 / 2) (psi((nu + r)/2) - psi(nu/2) - r h - log(1 + h |w|^2)
    + (1 + r h) h |w|^2 / (1 + h |w|^2)).
    """
    nu = 1.0 / tail
    digamma = jax.scipy.special.digamma
    level = digamma(0.5 * (nu + width)) - digamma(0.5 * nu) - width * tail
    varying = (1.0 + width * tail) * scaled / (1.0 + scaled) - jnp.log1p(scaled)
    return -0.5 * nu**2 * (level + varying)


def _scored_tail(tail: Scalar, sums: _Sums) -> Scalar:
    """One step of scoring on the likelihood itself, in which h at most triples.

    The maximum of the expected log-likelihood would be exact, too, but for light tails takes
    hundreds of steps (Liu and Rubin 1994, "The ECME algorithm").
    """
    moved = tail + sums.score / jnp.maximum(sums.information, 1e-30)
    return jnp.clip(jnp.clip(moved, tail / 3, 3 * tail), LEAST, MOST)
