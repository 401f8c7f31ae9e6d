"""Mixtures fitted by expectation maximization, their size and tails chosen on held-out rows."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.distributions.code_tables import CodeTables
from energeia.distributions.elliptic import EllipticMixture
from energeia.distributions.elliptic_em import (
    MixtureChoice,
    MixtureRows,
    expectation_maximization,
    prior_of,
    seeds_of,
)

MOST = 64
"""The largest number of components that is tried by default."""
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, MOST)
_TAILS = (0.0, 0.1, 0.3)
"""1 / nu of Student's t: normal, 10 and 3.3 degrees of freedom."""
_PRIORS = (1.0, 4.0, 16.0, 64.0)
"""Pseudo-rows kappa of the prior."""
_CHOICE_ROWS = 8192
"""Rows that size, tails and prior are chosen on."""
_FOLDS, _FEW_ROWS = 5, 1024
"""Below so many rows every fifth of them is held out in turn, and the weight of the prior is
chosen, too."""
_BLOCK = 1024


def fit_mixture(
    key: PRNGKey, y: Float[Array, "n d"], sizes: tuple[int, ...],
    condition: Float[Array, "n c"] | None = None, weight: Float[Array, " n"] | None = None,
    ordered: tuple[bool, ...] = (), most: int = MOST,
) -> EllipticMixture:  # fmt: skip
    """The mixture of codes and standardized reals that predicts held-out rows best.

    EM maximizes the likelihood with a prior: each scale matrix is (S_k + kappa Lambda) /
    (n_k + kappa), Lambda the variances of the whole sample divided by K^(2/r) (the scale of Fraley
    and Raftery 2007, "Bayesian regularization for normal mixture estimation"), which with few rows
    keeps covariances regular. A fifth of the rows (each fifth in turn, if they are few) chooses K,
    then kappa and the tails; the mixture is then fitted to all rows. It starts from rows chosen as
    k-means++ does. ``ordered`` says which columns of codes are on an ordered scale, see
    ``CodeTables.smoothed``. Traceable.

    >>> rng = np.random.default_rng(0)
    >>> rows = np.concatenate([rng.normal(-3, 1, (300, 1)), rng.normal(3, 1, (300, 1))])
    >>> fit = jax.jit(lambda key, y: fit_mixture(key, y, (0,), most=4))
    >>> found = fit(jax.random.key(0), jnp.asarray(rows, jnp.float32))
    >>> bool(jnp.sum(jnp.exp(found.components.log_shares) > 0.2) == 2)
    True
    """
    real, coded = (np.flatnonzero(part) for part in (np.equal(sizes, 0), np.asarray(sizes)))
    given = None if condition is None else condition.shape[1:]
    reals = y[:, real] if condition is None else jnp.concatenate([condition, y[:, real]], axis=1)
    weight = jnp.ones(len(y)) if weight is None else weight / jnp.mean(weight)
    every = MixtureRows(reals, y[:, coded], weight)
    tables = CodeTables(
        tuple(sizes[j] for j in coded), tuple(ordered[j] for j in coded) if ordered else ()
    )
    n = len(y)
    most = max(1, min(most, n // (2 * (reals.shape[1] + len(coded) + 1))))
    shuffle_key, seed_key = jax.random.split(key)
    order = jax.random.permutation(shuffle_key, n)[: min(n, _CHOICE_ROWS)]
    apart, folds = max(1, len(order) // _FOLDS), _FOLDS if n < _FEW_ROWS else 1

    def one(settings: MixtureChoice, fold: Array) -> Scalar:
        place = jnp.roll(order, fold * apart)
        held, train = (_take(every, part) for part in (place[:apart], place[apart:]))
        prior, seeds = prior_of(train, tables), seeds_of(seed_key, train, most)
        found = expectation_maximization(train, prior, seeds, settings, tables, 40, 1e-3)
        logs = _log_probs(EllipticMixture(found, sizes, given), held, given)
        return jnp.average(logs, weights=held.weight + 1e-12)

    def score(settings: MixtureChoice) -> Scalar:
        return jnp.mean(jax.lax.map(lambda fold: one(settings, fold), jnp.arange(folds)))

    chosen = _chosen(score, n, most, tailed=reals.shape[1] > 0)
    found = expectation_maximization(
        every, prior_of(every, tables), seeds_of(seed_key, every, most), chosen, tables
    )
    return EllipticMixture(found, sizes, given)


def _take(rows: MixtureRows, index: Array) -> MixtureRows:
    return jax.tree.map(lambda values: values[index], rows)


def _chosen(
    score: Callable[[MixtureChoice], Scalar], n: int, most: int, *, tailed: bool
) -> MixtureChoice:
    """The best size of normal components, then the best prior and tails of this size or of one.

    Normal components imitate a heavy tail by their number, so one with a tail is tried beside. One
    loop tries everything, so that expectation maximization is compiled once.
    """
    tried = [size for size in _SIZES if size <= most]
    if n >= _FEW_ROWS:
        tried = [size for size in tried if size & (size - 1) == 0]
    tried = sorted({*tried, most})  # what a user asked for is tried, too
    priors = _PRIORS if n < _FEW_ROWS else _PRIORS[:1]
    # Codes alone have neither scales nor tails.
    pairs = [(p, t) for p in priors for t in _TAILS] if tailed else [(4.0, 0.0)]
    first = len(tried)
    sizes = jnp.asarray([*tried, *[0] * len(pairs), *[1] * len(pairs)])
    kappas, tails = jnp.asarray([(4.0, 0.0)] * first + 2 * pairs).T

    def attempt(scores: Array, i: Array) -> tuple[Array, Array]:
        best = sizes[jnp.argmax(scores[:first])]
        size = jnp.where(sizes[i] > 0, sizes[i], best)
        return scores.at[i].set(score(MixtureChoice(size, kappas[i], tails[i]))), size

    start = jnp.full(len(sizes), -jnp.inf)
    scores, used = jax.lax.scan(attempt, start, jnp.arange(len(sizes)))
    place = first + jnp.argmax(scores[first:])
    return MixtureChoice(used[place], kappas[place], tails[place])


def _log_probs(model: EllipticMixture, rows: MixtureRows, given: tuple[int, ...] | None) -> Array:
    count = 0 if given is None else given[0]
    columns = np.argsort(np.argsort(np.asarray(model.sizes) > 0, kind="stable"), kind="stable")
    y = jnp.concatenate([rows.reals[:, count:], rows.codes], axis=1)[:, columns]
    if not count:
        return jax.lax.map(model.log_prob, y, batch_size=_BLOCK)
    pairs = (y, rows.reals[:, :count])
    return jax.lax.map(lambda pair: model.log_prob(*pair), pairs, batch_size=_BLOCK)
