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
"""The largest number of components that is tried."""
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, MOST)
_TAILS = (0.0, 0.1, 0.3)
"""1 / nu of Student's t: normal, 10 and 3.3 degrees of freedom."""
_CHOICE_ROWS = 8192
"""Rows that size, tails and prior are chosen on."""
_FEW_ROWS = 2048
"""Below so many rows the weight of the prior is chosen, too."""
_BLOCK = 1024


def fit_mixture(
    key: PRNGKey, y: Float[Array, "n d"], sizes: tuple[int, ...],
    condition: Float[Array, "n c"] | None = None, weight: Float[Array, " n"] | None = None,
    most: int = MOST,
) -> EllipticMixture:  # fmt: skip
    """The mixture of codes and standardized reals that predicts held-out rows best.

    EM maximizes the likelihood with a prior: each scale matrix is (S_k + kappa Lambda) /
    (n_k + kappa), Lambda the variances of the whole sample divided by K^(2/r) (the scale of Fraley
    and Raftery 2007, "Bayesian regularization for normal mixture estimation"), which with few rows
    keeps covariances regular. A fifth of the rows chooses K, then kappa and the tails; the mixture
    is then fitted to all rows. It starts from rows chosen as k-means++ does. Traceable.

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
    tables = CodeTables(tuple(sizes[j] for j in coded))
    n = len(y)
    most = max(1, min(most, n // (2 * (reals.shape[1] + len(coded) + 1))))
    shuffle_key, seed_key = jax.random.split(key)
    order = jax.random.permutation(shuffle_key, n)[: min(n, _CHOICE_ROWS)]
    apart = max(1, len(order) // 5)
    held, train = (_take(every, part) for part in (order[:apart], order[apart:]))
    prior, seeds = prior_of(train, tables), seeds_of(seed_key, train, most)

    def score(settings: MixtureChoice) -> Scalar:
        found = EllipticMixture(
            expectation_maximization(train, prior, seeds, settings, tables, 40, 1e-3), sizes, given
        )
        return jnp.average(_log_probs(found, held, given), weights=held.weight + 1e-12)

    chosen = _chosen(score, n, most)
    found = expectation_maximization(
        every, prior_of(every, tables), seeds_of(seed_key, every, most), chosen, tables
    )
    return EllipticMixture(found, sizes, given)


def _take(rows: MixtureRows, index: Array) -> MixtureRows:
    return jax.tree.map(lambda values: values[index], rows)


def _chosen(score: Callable[[MixtureChoice], Scalar], n: int, most: int) -> MixtureChoice:
    """The best size of normal components, then the best prior and tails of this size or of one.

    Normal components imitate a heavy tail by their number, so one with a tail is tried beside.
    """
    tried = [size for size in _SIZES if size <= most]
    if n >= _FEW_ROWS:
        tried = [size for size in tried if size & (size - 1) == 0]
    first = MixtureChoice(jnp.asarray(tried), *(jnp.full(len(tried), v) for v in (4.0, 0.0)))
    best = jnp.asarray(tried)[jnp.argmax(jax.lax.map(score, first))]
    priors = (1.0, 4.0, 16.0, 64.0) if n < _FEW_ROWS else (1.0,)
    pairs = np.asarray([(p, t) for p in priors for t in _TAILS], np.float32)
    sizes = jnp.concatenate([jnp.full(len(pairs), best), jnp.ones(len(pairs), best.dtype)])
    second = MixtureChoice(sizes, *(jnp.asarray(np.tile(values, 2)) for values in pairs.T))
    place = jnp.argmax(jax.lax.map(score, second))
    return jax.tree.map(lambda values: values[place], second)


def _log_probs(model: EllipticMixture, rows: MixtureRows, given: tuple[int, ...] | None) -> Array:
    count = 0 if given is None else given[0]
    columns = np.argsort(np.argsort(np.asarray(model.sizes) > 0, kind="stable"), kind="stable")
    y = jnp.concatenate([rows.reals[:, count:], rows.codes], axis=1)[:, columns]
    if not count:
        return jax.lax.map(model.log_prob, y, batch_size=_BLOCK)
    pairs = (y, rows.reals[:, :count])
    return jax.lax.map(lambda pair: model.log_prob(*pair), pairs, batch_size=_BLOCK)
