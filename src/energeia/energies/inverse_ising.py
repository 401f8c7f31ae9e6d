"""The inverse Ising problem: couplings and fields of spins from configurations."""

from typing import NamedTuple

import numpy as np
from jaxtyping import ArrayLike, Float
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from energeia._core.errors import InputError
from energeia.energies.spins import PairSpins

_BLOCK = 4096
_TOLERANCE = 1e-9


class FittedSpins(NamedTuple):
    """Spins whose couplings were found from rows, times beta, which rows do not tell apart."""

    spins: PairSpins
    coupling_errors: Float[np.ndarray, "n n"]
    """Standard errors of ``spins.couplings``; zero on the diagonal."""
    field_errors: Float[np.ndarray, " n"]

    @property
    def significance(self) -> Float[np.ndarray, "n n"]:
        """|J_ij| in its standard errors: above 4, a bond is there by chance once in 16,000."""
        couplings = np.abs(np.asarray(self.spins.couplings, np.float64))
        return couplings / np.where(self.coupling_errors > 0, self.coupling_errors, np.inf)


def fit_spins(rows: Float[ArrayLike, "rows n"], *, ridge: float = 0.0) -> FittedSpins:
    """Couplings of all pairs and fields by the pseudo-likelihood, with their errors.

    Maximizes the mean over rows of sum_i log p(s_i | others), p = sigma(2 s_i (sum_j J_ij s_j +
    h_i)), with J symmetric: convex, without log Z, and consistent (Besag 1975; Ravikumar,
    Wainwright and Lafferty 2010). Errors are those of independent rows, H^-1 G H^-1 / rows with the
    Hessian H and the covariance G of the scores, whether or not the energy has pairs alone. The
    rows of chains are not independent: thin them first.

    ``ridge`` adds that much times sum J^2 / 2, for few rows; it pulls couplings towards zero, which
    the errors do not know.

    Raises:
        InputError: for values other than -1 and +1, a spin that never changes, whose field would
            be infinite, or fewer rows than parameters without a ridge.

    >>> from energeia.physics import edwards_anderson
    >>> lattice = edwards_anderson(3, 0.4)
    >>> found = fit_spins(lattice.draw(seed=0, count=20_000))
    >>> truth = 0.4 * np.asarray(lattice.energy.couplings)
    >>> off = ~np.eye(9, dtype=bool)
    >>> scaled = (found.spins.couplings - truth)[off] / found.coupling_errors[off]
    >>> bool(0.6 < np.std(scaled) < 1.4)
    True
    """
    s = np.asarray(rows, np.float64)
    _require_spins(s, ridge)
    count, n = s.shape
    pairs = np.triu_indices(n, 1)
    start = np.zeros(len(pairs[0]) + n)
    found = minimize(
        _loss, start, (s, pairs, ridge), jac=True, method="L-BFGS-B",
        options={"maxiter": 2000, "gtol": _TOLERANCE, "ftol": 1e-15},
    )  # fmt: skip
    couplings, fields = _unpacked(found.x, n, pairs)
    errors = np.sqrt(np.diag(_covariance(s, couplings, fields, pairs, ridge)) / count)
    coupling_errors, field_errors = _unpacked(errors, n, pairs)
    return FittedSpins(PairSpins(couplings, fields), coupling_errors, field_errors)


def _require_spins(s: np.ndarray, ridge: float) -> None:
    if s.ndim != 2 or not np.all(np.abs(s) == 1.0):
        raise InputError("spins of other values than -1 and +1 were given: give 2 * x - 1")
    count, n = s.shape
    still = np.flatnonzero(np.abs(s.sum(axis=0)) == count)
    if len(still) and ridge <= 0:
        raise InputError(
            f"{len(still)} spins never change, such as the one of column {still[0]}, and their "
            "fields would be infinite: drop these columns, or give a ridge"
        )
    if count <= n and ridge <= 0:
        raise InputError(
            f"{count} rows of {n} spins were given, which do not determine their couplings: give "
            "more rows, or a ridge"
        )


def _unpacked(values: np.ndarray, n: int, pairs: tuple) -> tuple[np.ndarray, np.ndarray]:
    couplings = np.zeros((n, n))
    couplings[pairs] = values[: len(pairs[0])]
    return couplings + couplings.T, values[len(pairs[0]) :]


def _loss(
    values: np.ndarray, s: np.ndarray, pairs: tuple, ridge: float
) -> tuple[float, np.ndarray]:
    """Minus the mean pseudo-likelihood, and its gradient."""
    n = s.shape[1]
    couplings, fields = _unpacked(values, n, pairs)
    aligned = 2 * s * (s @ couplings + fields)
    pull = 2 * s * expit(-aligned)
    both = pull.T @ s / len(s)
    own = values[: len(pairs[0])]
    gradient = -np.concatenate([(both + both.T)[pairs], pull.mean(axis=0)])
    gradient[: len(own)] += ridge * own
    return float(-np.mean(np.sum(log_expit(aligned), axis=1)) + 0.5 * ridge * own @ own), gradient


def _covariance(
    s: np.ndarray, couplings: np.ndarray, fields: np.ndarray, pairs: tuple, ridge: float
) -> np.ndarray:
    """Of the parameters, times the number of rows."""
    count, n = s.shape
    size = len(pairs[0])
    # The parameters that the local field of each spin depends on: its couplings and its field.
    index = np.zeros((n, n), int)
    index[pairs] = np.arange(size)
    index = index + index.T
    hessian, scores = np.zeros((size + n, size + n)), np.zeros((size + n, size + n))
    for i in range(n):
        others = np.delete(np.arange(n), i)
        z = np.column_stack([s[:, others], np.ones(count)])
        share = expit(2 * (s @ couplings[i] + fields[i]))
        curvature = 4 * (z * (share * (1 - share))[:, None]).T @ z / count
        own = np.append(index[i, others], size + i)
        hessian[np.ix_(own, own)] += curvature
    hessian[np.arange(size), np.arange(size)] += ridge
    for start in range(0, count, _BLOCK):
        block = s[start : start + _BLOCK]
        pull = 2 * block * expit(-2 * block * (block @ couplings + fields))
        first, second = pairs
        each = pull[:, first] * block[:, second] + pull[:, second] * block[:, first]
        each = np.concatenate([each, pull], axis=1)
        scores += each.T @ each / count
    inverse = np.linalg.pinv(hessian, hermitian=True)
    return inverse @ scores @ inverse
