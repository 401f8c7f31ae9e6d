"""Mixtures fitted by expectation maximization, their size and tails chosen on held-out rows."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.angles import wrap
from energeia._core.covariance import White, white_of
from energeia._core.types import PRNGKey, Scalar
from energeia.distributions.code_tables import CodeTables
from energeia.distributions.elliptic import Components, EllipticMixture
from energeia.distributions.elliptic_em import (
    MixtureChoice,
    MixtureRows,
    expectation_maximization,
    prior_of,
    seeds_of,
)

MOST = 128
"""The largest number of components that is tried by default, of many rows."""
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
_FIRST_TAIL, _KEPT_TAIL = 0.3, 0.1
"""1 / nu of Student's t: where its estimation starts, and of few rows, whose likeliest tails are
lighter than those that predict others."""
_PRIORS = (0.0625, 0.25, 1.0, 4.0, 16.0, 64.0)
_SOME_PRIORS = (0.0625, 0.5, 4.0)
"""Pseudo-rows kappa of the prior, and fewer to choose from where rows are not that few."""
_CHOICE_ROWS = 8192
"""Rows that size, tails and prior are chosen on."""
_NOISY_ROWS, _MOST_NOISY, _NOISY_BLOCK = 4096, 32, 128
"""The same for rows with errors, the most components, and rows that are conditioned together:
every row has a covariance of its own for each component."""
_FOLDS, _FEW_ROWS, _FEWEST_ROWS = 5, 2048, 512
"""Below ``_FEW_ROWS`` every fifth of the rows is held out in turn, and the weight of the prior is
chosen, too; below ``_FEWEST_ROWS`` among more, also for the choice of the size."""
_BLOCK = 1024


def fit_mixture(
    key: PRNGKey, y: Float[Array, "n d"], sizes: tuple[int, ...],
    condition: Float[Array, "n c"] | None = None, weight: Float[Array, " n"] | None = None,
    ordered: tuple[bool, ...] = (), most: int = MOST, periodic: tuple[int, ...] = (),
    noise: Float[Array, "n d"] | None = None,
) -> EllipticMixture:  # fmt: skip
    """The mixture of codes and standardized reals that predicts held-out rows best.

    EM maximizes the likelihood with a prior: each scale matrix is (S_k + kappa Lambda) /
    (n_k + kappa), Lambda the variances of the whole sample divided by K^(2/r) (the scale of Fraley
    and Raftery 2007, "Bayesian regularization for normal mixture estimation"), which with few rows
    keeps covariances regular. A fifth of the rows (each fifth in turn, if they are few) chooses K,
    then kappa and the tails; the mixture is then fitted to all rows. It starts from rows chosen as
    k-means++ does. ``ordered`` says which columns of codes are on an ordered scale, see
    ``CodeTables.smoothed``; ``periodic`` are those of angles, which are cut open where they are
    rare. With ``noise``, the standard errors of measured columns, the mixture is that of the true
    values, of normal components (extreme deconvolution: Bovy, Hogg and Roweis 2011). Traceable.

    >>> rng = np.random.default_rng(0)
    >>> rows = np.concatenate([rng.normal(-3, 1, (300, 1)), rng.normal(3, 1, (300, 1))])
    >>> fit = jax.jit(lambda key, y: fit_mixture(key, y, (0,), most=4))
    >>> found = fit(jax.random.key(0), jnp.asarray(rows, jnp.float32))
    >>> bool(jnp.sum(jnp.exp(found.components.log_shares) > 0.2) == 2)
    True
    """
    real, coded = (np.flatnonzero(part) for part in (np.equal(sizes, 0), np.asarray(sizes)))
    given = None if condition is None else condition.shape[1:]
    cuts = jax.vmap(_rarest, in_axes=1)(y[:, list(periodic)]) if periodic else jnp.zeros(0)
    opened = jnp.zeros(y.shape[1], y.dtype).at[np.asarray(periodic, int)].set(cuts)
    angle = np.isin(np.arange(y.shape[1]), periodic)
    y = jnp.where(angle, wrap(y - opened), y)
    reals = y[:, real] if condition is None else jnp.concatenate([condition, y[:, real]], axis=1)
    weight = jnp.ones(len(y)) if weight is None else weight / jnp.mean(weight)
    errors = None if noise is None else jnp.pad(noise[:, real], ((0, 0), (_width(given), 0)))
    # Independent errors would not stay so.
    white = white_of(reals) if noise is None and reals.shape[1] else None
    seen = reals if white is None else (reals - white.center) @ white.inverse.T
    every = MixtureRows(seen, y[:, coded], weight, errors)
    tables = CodeTables(
        tuple(sizes[j] for j in coded), tuple(ordered[j] for j in coded) if ordered else ()
    )
    n = len(y)
    most = max(1, min(most, n // (reals.shape[1] + len(coded) + 1)))
    shuffle_key, seed_key = jax.random.split(key)
    choice = _CHOICE_ROWS if noise is None else _NOISY_ROWS
    chosen_rows = jax.random.permutation(shuffle_key, n)[: min(n, choice)]
    pool, held = (_take(r, chosen_rows) for r in (every, every._replace(reals=reals)))
    most = most if noise is None else min(most, _MOST_NOISY)
    first = min(most, _SIZES[-1])
    tried = _attempts(n, first, tailed=reals.shape[1] > 0, noisy=noise is not None)

    def fitted(
        rows: MixtureRows, settings: MixtureChoice, *stop: Any, most: int = first
    ) -> Components:
        prior = prior_of(rows, tables, _uncorrelated(white))
        seeds = seeds_of(seed_key, rows._replace(reals=_unwhitened(rows.reals, white)), most)
        return expectation_maximization(rows, prior, seeds, settings, tables, *stop)

    def score(found: Components, rows: MixtureRows) -> Array:
        model = EllipticMixture(_colored(found, white), sizes, given, periodic)
        return _log_probs(model, rows, given)

    whole = n <= choice
    folds = _FOLDS if n < _FEW_ROWS or noise is not None else 1
    chosen, found = _chosen(fitted, lambda found: score(found, held), pool, tried, folds, whole)
    if not whole and noise is not None:
        found = fitted(every, chosen)
    elif not whole:
        some = jnp.arange(0, n, _FOLDS)[:choice]
        apart = _take(every._replace(reals=reals), some)
        found = _enlarged(
            partial(fitted, most=most), lambda found: score(found, apart), every, chosen, most
        )
    found = _colored(found, white)
    means = found.means.at[:, _width(given) :].add(opened[real])
    found = eqx.tree_at(lambda parts: parts.means, found, means)
    return EllipticMixture(found, sizes, given, periodic)


def _width(given: tuple[int, ...] | None) -> int:
    """How many numbers a condition has; they come first."""
    return 0 if given is None else given[0]


def _uncorrelated(white: White | None) -> Float[Array, "1 r r"] | None:
    """The scale matrix, in whitened numbers, of numbers without correlations."""
    if white is None:
        return None
    half = white.inverse * jnp.sqrt(jnp.sum(white.factor**2, axis=1))
    return (half @ half.T)[None]


def _unwhitened(reals: Float[Array, "n r"], white: White | None) -> Float[Array, "n r"]:
    return reals if white is None else reals @ white.factor.T + white.center


def _colored(found: Components, white: White | None) -> Components:
    """Components of whitened numbers as ones of the numbers themselves."""
    if white is None:
        return found
    moved = (found.means @ white.factor.T + white.center, white.factor @ found.factors)
    return eqx.tree_at(lambda parts: (parts.means, parts.factors), found, moved)


def _rarest(angles: Float[Array, " n"], bins: int = 24) -> Scalar:
    """By how much to turn angles so that few are near +-pi."""
    place = jnp.floor((angles + np.pi) / (2 * np.pi) * bins).astype(int) % bins
    counts = jnp.zeros(bins).at[place].add(1.0)
    smooth = counts + 0.5 * (jnp.roll(counts, 1) + jnp.roll(counts, -1))
    return (jnp.argmin(smooth) + 0.5) * (2 * np.pi / bins)


def _take(rows: MixtureRows, index: Array) -> MixtureRows:
    return jax.tree.map(lambda values: values[index], rows)


class _Attempts(NamedTuple):
    """Mixtures to try: sizes of normal components, of few rows with priors of two strengths and
    two shapes, then tails and strengths of the prior with the best size and shape.

    Normal components imitate a heavy tail by their number, so one with a tail is tried beside.
    """

    sizes: np.ndarray
    """0 for the best size of those before."""
    priors: np.ndarray
    tails: np.ndarray
    learned: np.ndarray
    """Whether the tail is estimated."""
    shapes: np.ndarray
    """Which of ``MixturePrior.scales``; that of the best size after ``first``."""
    first: int
    """How many of them are of a size and a shape alone."""


def _attempts(n: int, most: int, *, tailed: bool, noisy: bool) -> _Attempts:
    few, fewest = n < _FEW_ROWS, n < _FEWEST_ROWS
    sizes = [size for size in _SIZES if size <= most]
    if not few:
        sizes = [size for size in sizes if size & (size - 1) == 0]
    sizes = sorted({*sizes, most})  # what a user asked for is tried, too
    priors = _PRIORS if fewest else _SOME_PRIORS if few else (0.5,)
    if noisy:
        priors = (1.0,)
    kinds = [(0.0, False), (_FIRST_TAIL, True)]
    if few:
        kinds.insert(1, (_KEPT_TAIL, False))
    if noisy or not tailed:
        # Codes have no tails, and neither have numbers whose errors are to be taken away.
        kinds = kinds[:1]
    # With few rows it matters whether the prior has the correlations of all rows. A strong prior
    # hides narrow components, of which it takes more; a weak one spoils those of few rows.
    shapes = (0, 1) if few and tailed and not noisy else (0,)
    strengths = (4.0,) if noisy else (4.0, 0.5) if fewest else (0.5,)
    alone = [
        (size, kappa, 0.0, False, shape)
        for shape in shapes
        for kappa in strengths
        for size in sizes
    ]
    pairs = [(p, *kind, 0) for p in priors for kind in kinds]
    rest = [(size, *pair) for size in (1, 0) for pair in pairs]
    every, kappas, tails, learned, shape = np.array([*alone, *rest], float).T
    return _Attempts(every.astype(int), kappas, tails, learned > 0, shape.astype(int), len(alone))


def _chosen(
    fitted: Callable[..., Components], score: Callable[[Components], Array],
    pool: MixtureRows, tried: _Attempts, folds: int, whole: bool,
) -> tuple[MixtureChoice, Components]:  # fmt: skip
    """The mixture that predicts held-out rows best and, where the pool is the ``whole`` of the
    rows, its fit to them.

    One loop fits everything, the last fit included, so that expectation maximization is compiled
    once: rows that are held out have no weight.
    """
    n, count = len(pool.weight), len(tried.sizes)
    fold_of = jnp.arange(n) * _FOLDS // n
    sizes, priors, tails, learned, shapes = (jnp.asarray(part) for part in tried[:5])
    asked = jnp.stack([sizes, shapes], axis=1)
    noisy = pool.noise is not None
    # Of few rows the simple ones are within an error of the best too often.
    size_of = _first_of_best if noisy else _best
    best_of = _best if n < _FEW_ROWS and not noisy else _first_of_best
    # Errors slow expectation maximization down.
    first, final = ((150, 1e-4), (400, 1e-5)) if noisy else ((40, 1e-3), (100, 1e-4))

    def settings_of(place: Array, used: Array) -> MixtureChoice:
        size, shape = used[place]
        return MixtureChoice(size, priors[place], tails[place], learned[place], shape)

    def step(carry: tuple, numbers: tuple[Array, Array]) -> tuple[tuple, None]:
        logs, used, _ = carry
        attempt, fold = numbers
        last = attempt == count
        best = tried.first + best_of(logs[tried.first :])
        place = jnp.where(last, best, attempt)
        size, shape = used[size_of(logs[: tried.first])]
        rest = jnp.stack([jnp.where(sizes[place] > 0, sizes[place], size), shape])
        used = used.at[place].set(jnp.where((place < tried.first) | last, used[place], rest))
        held = (fold_of == fold) & ~last
        rows = pool._replace(weight=jnp.where(held, 0.0, pool.weight))
        stop = (jnp.where(last, *pair) for pair in zip(final, first, strict=True))
        found = fitted(rows, settings_of(place, used), *stop)
        found_logs = jnp.where(held, pool.weight * score(found), 0.0)
        return (logs.at[place].add(found_logs), used, found), None

    attempts = [*np.repeat(np.arange(count), folds), *[count] * whole]
    numbers = (
        jnp.asarray(attempts),
        jnp.asarray([*np.tile(np.arange(folds), count), *[-1] * whole]),
    )
    blank = eqx.filter_eval_shape(fitted, pool, settings_of(jnp.asarray(0), asked))
    empty = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), blank)
    start = (jnp.zeros((count, n)), asked, empty)
    logs, used, found = jax.lax.scan(step, start, numbers)[0]
    return settings_of(tried.first + best_of(logs[tried.first :]), used), found


def _enlarged(
    fitted: Callable[..., Components], score: Callable[[Components], Array],
    every: MixtureRows, chosen: MixtureChoice, most: int,
) -> Components:  # fmt: skip
    """The fit to many rows, which may carry more components than the pool that ``chosen`` was
    chosen on: held-out rows, one fifth, choose among K, 2 K and 4 K.
    """
    n = len(every.weight)
    growth = jnp.asarray([1, 2, 4])
    count = len(growth)
    held = jnp.arange(n) % _FOLDS == 0

    def step(carry: tuple, place: Array) -> tuple[tuple, None]:
        logs, _ = carry
        last = place == count
        times = growth[jnp.where(last, jnp.argmax(logs), place)]
        rows = every._replace(weight=jnp.where(held & ~last, 0.0, every.weight))
        settings = chosen._replace(size=jnp.minimum(times * chosen.size, most))
        found = fitted(rows, settings, jnp.where(last, 100, 40), jnp.where(last, 1e-4, 1e-3))
        total = jnp.where(last, 0.0, jnp.sum(score(found)))
        return (logs.at[place].add(total), found), None

    blank = eqx.filter_eval_shape(fitted, every, chosen)
    empty = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), blank)
    return jax.lax.scan(step, (jnp.zeros(count), empty), jnp.arange(count + 1))[0][1]


def _best(logs: Float[Array, "attempts n"]) -> Array:
    total = jnp.sum(logs, axis=1)
    return jnp.argmax(jnp.where(jnp.isnan(total), -jnp.inf, total))


def _first_of_best(logs: Float[Array, "attempts n"]) -> Array:
    """The first that is within one standard error of the best, row by row; simple ones come first.

    Many normal components imitate a tail, and errors of rows hide most of what tells mixtures
    apart, so the best of many is too fine. Rows that were not held out have the same zero for all.
    """
    behind = logs[_best(logs)] - logs
    total = jnp.sum(behind, axis=1)
    error = jnp.sqrt(jnp.sum(behind**2, axis=1))
    return jnp.argmax(total <= error)


def _log_probs(model: EllipticMixture, rows: MixtureRows, given: tuple[int, ...] | None) -> Array:
    count = _width(given)
    columns = np.argsort(np.argsort(np.asarray(model.sizes) > 0, kind="stable"), kind="stable")
    y = jnp.concatenate([rows.reals[:, count:], rows.codes], axis=1)[:, columns]
    condition = rows.reals[:, :count] if count else None
    if rows.noise is None:
        return jax.lax.map(lambda row: model.log_prob(*row), (y, condition), batch_size=_BLOCK)
    noise = jnp.concatenate([rows.noise[:, count:], jnp.zeros_like(rows.codes)], axis=1)[:, columns]
    triples = (y, noise, condition)
    return jax.lax.map(lambda row: model.log_measured(*row), triples, batch_size=_NOISY_BLOCK)
