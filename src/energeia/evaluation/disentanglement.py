"""How much one latent dimension alone says of each known factor: the mutual information gap."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.stats.resampling import jackknife

_BLOCKS = 50


class InformationGap(NamedTuple):
    """The mutual information gap with what it is made of, in nats."""

    gap: Estimate
    """The mean over factors, between 0 and 1."""
    per_factor: tuple[Estimate, ...]
    information: Float[np.ndarray, "latent factors"]
    """I(z_j; v_k) of each dimension and factor, less the bias of finitely many rows."""
    entropy: Float[np.ndarray, " factors"]


def mutual_information_gap(
    latents: Float[np.ndarray, "rows latent"], factors: Int[np.ndarray, "rows factors"],
    bins: int = 20,
) -> InformationGap:  # fmt: skip
    """The mean over factors v_k of (I(z_j; v_k) - max over i != j of I(z_i; v_k)) / H(v_k), j being
    the latent dimension that says most of v_k (MIG, Chen et al. 2018, arXiv:1802.04942, eq. 6).

    ``latents`` are draws of q(z|x), one for each row, ``factors`` the numbers of the factors'
    values. Where the paper integrates over q(z_j|x) of a whole data set, z_j is divided in ``bins``
    of equal numbers of rows, so I(z_j; v_k) is at most log(bins), and a little below that of z_j
    itself. Its bias to first order, (bins - 1)(values - 1) / 2 rows (Miller 1955), is taken away;
    from the gap it cancels. Errors are by jackknife over 50 blocks of rows, whose order must be
    random.

    A factor counts with the whole entropy of its values, also where some of them give the same row:
    the gap of an angle of symmetric shapes stays below one.

    Raises:
        InputError: for arrays of different lengths, fewer than 100 rows, one latent dimension,
            fewer than two bins, or a factor with one value.

    >>> rng = np.random.default_rng(0)
    >>> v = rng.integers(4, size=(4000, 1))
    >>> z = np.concatenate([v, 0 * v], axis=1) + 0.1 * rng.normal(size=(4000, 2))
    >>> bool(abs(mutual_information_gap(z, v).gap.value - 1) < 0.05)
    True
    """
    z, v = np.asarray(latents, float), np.asarray(factors)
    _require(z, v, bins)
    cells = [np.unique(column, return_inverse=True)[1] for column in v.T]
    pairs = [(b, c) for b in (_equal_parts(column, bins) for column in z.T) for c in cells]
    sizes = [(int(b.max()) + 1, int(c.max()) + 1) for b, c in pairs]
    shape = (z.shape[1], v.shape[1])
    tables = np.concatenate([_tables(b, c) for b, c in pairs], axis=1)
    found = jackknife(lambda means: _terms(means, sizes, shape, len(z)), tables)
    ends = [shape[0] * shape[1], shape[0] * shape[1] + shape[1]]
    information, entropy, gaps = np.split(found.value, ends)
    *each, whole = (
        Estimate(float(value), float(error), "estimate", len(z))
        for value, error in zip(gaps, found.stderr[ends[1] :], strict=True)
    )
    return InformationGap(whole, tuple(each), information.reshape(shape), entropy)


def _terms(
    means: np.ndarray, sizes: list[tuple[int, int]], shape: tuple[int, int], rows: int
) -> np.ndarray:
    """Information of all pairs, entropies of all factors, their gaps and the mean of these, from
    the joint shares of all pairs along the last axis."""
    parts = np.split(means, np.cumsum([a * b for a, b in sizes])[:-1], axis=-1)
    found = [_information(part, *size) for part, size in zip(parts, sizes, strict=True)]
    flat = np.stack([pair for pair, _ in found], axis=-1)
    flat = flat - np.array([(a - 1) * (b - 1) / (2 * rows) for a, b in sizes])
    entropy = np.stack([own for _, own in found[: shape[1]]], axis=-1)
    order = np.sort(flat.reshape(*means.shape[:-1], *shape), axis=-2)
    gaps = (order[..., -1, :] - order[..., -2, :]) / entropy
    return np.concatenate([flat, entropy, gaps, gaps.mean(axis=-1, keepdims=True)], axis=-1)


def _require(z: np.ndarray, v: np.ndarray, bins: int) -> None:
    if z.ndim != 2 or v.ndim != 2 or len(z) != len(v) or len(z) < 2 * _BLOCKS or z.shape[1] < 2:
        raise InputError(
            f"latent vectors of shape {z.shape} and factors of shape {v.shape} were given where "
            f"at least {2 * _BLOCKS} rows of each, and two latent dimensions, were wanted: give as "
            "many rows of both"
        )
    if bins < 2:
        raise InputError(f"bins={bins} was given: give at least 2")
    constant = np.flatnonzero(np.ptp(v, axis=0) == 0)
    if constant.size:
        raise InputError(
            f"factor {constant[0]} has the same value in all rows, so that nothing can be said of "
            "it: leave it out"
        )


def _equal_parts(z: np.ndarray, bins: int) -> np.ndarray:
    """The number of each value's bin; equal values are in one, and empty bins are left out."""
    edges = np.quantile(z, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.searchsorted(edges, z, side="right"), return_inverse=True)[1]


def _tables(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The joint shares of two discrete columns in each block of rows, flattened."""
    cells, count = first * (second.max() + 1) + second, (first.max() + 1) * (second.max() + 1)
    # Blocks of exactly one length, so that their means weigh the same; a few rows are left over.
    blocks = cells[: len(cells) // _BLOCKS * _BLOCKS].reshape(_BLOCKS, -1)
    return np.stack([np.bincount(block, minlength=count) / len(block) for block in blocks])


def _information(shares: np.ndarray, first: int, second: int) -> tuple[np.ndarray, np.ndarray]:
    """Mutual information of two columns from their joint shares, and the entropy of the second."""
    joint = shares.reshape(*shares.shape[:-1], first, second)
    of_first, of_second = joint.sum(axis=-1), joint.sum(axis=-2)
    entropy = -_sum_p_log_p(of_second)
    both = _sum_p_log_p(shares)
    return both - _sum_p_log_p(of_first) + entropy, entropy


def _sum_p_log_p(p: np.ndarray) -> np.ndarray:
    return np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)
