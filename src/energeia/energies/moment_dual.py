"""The dual problem of maximum entropy on finitely many points: multipliers from means."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from energeia._core.errors import InputError

_ROUNDS = 300
_CONVERGED = 1e-10
"""Distance of the means from the wanted ones, in standard deviations of the observables."""
_CERTAIN = 1e-12
_FLAT = 1e-13
"""Least eigenvalue of the covariance, in variances under equal weights, of means not on a face."""
_DEPENDENT = 1e-10


class DualSolution(NamedTuple):
    """The minimum of log Z(lambda) + lambda . o."""

    multipliers: Float[np.ndarray, " k"]
    log_partition: float
    covariance: Float[np.ndarray, "k k"]
    """Of the observables under the solution: the Hessian of the dual."""
    probabilities: Float[np.ndarray, " points"]


def solve_dual(
    values: Float[np.ndarray, "points k"], log_weights: Float[np.ndarray, " points"],
    means: Float[np.ndarray, " k"], names: Sequence[str],
) -> DualSolution:  # fmt: skip
    """Minimize log sum_x w(x) exp(-lambda . O(x)) + lambda . o, which is convex, by Newton steps.

    The gradient is o - <O> and the Hessian the covariance of O (Jaynes 1957; Agmon, Alhassid and
    Levine 1979). A lambda with lambda . O(x) >= lambda . o for all x proves that no distribution
    has these means in its interior; Newton steps find one wherever the dual has no minimum.

    Raises:
        InputError: for an observable that is constant, observables that are linearly dependent, and
            means that no distribution on the points has, or only one that excludes points.

    >>> faces = np.arange(1.0, 7.0)[:, None]
    >>> found = solve_dual(faces, np.zeros(6), np.array([4.5]), ["face"])
    >>> found.probabilities.round(4)
    array([0.0544, 0.0788, 0.1142, 0.1654, 0.2398, 0.3475])
    """
    _require_reachable(values, means, names)
    base = np.exp(log_weights - logsumexp(log_weights))
    scale = np.sqrt(base @ (values - base @ values) ** 2)
    _require_independent(values, base, scale, names)
    u = (values - means) / scale
    lam = np.zeros(len(means))
    for _ in range(_ROUNDS):
        dual, p, mean, covariance = _moments(u, log_weights, lam)
        _require_interior(u, lam, covariance, names)
        if np.all(np.abs(mean) <= _CONVERGED * np.sqrt(np.diag(covariance))):
            outer = scale[:, None] * scale[None, :]
            free = dual - (lam / scale) @ means
            return DualSolution(lam / scale, float(free), covariance * outer, p)
        lam = _step(u, log_weights, lam, dual, mean, covariance)
    raise InputError(_outside(names))


def _moments(
    u: np.ndarray, log_weights: np.ndarray, lam: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    logits = log_weights - u @ lam
    dual = float(np.asarray(logsumexp(logits)))
    p = np.exp(logits - dual)
    mean = p @ u
    centered = u - mean
    return dual, p, mean, (centered * p[:, None]).T @ centered


def _step(
    u: np.ndarray, log_weights: np.ndarray, lam: np.ndarray, dual: float, mean: np.ndarray,
    covariance: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """A Newton step, halved until the dual falls by a part of what it should."""
    ridge = 1e-14 * np.trace(covariance) * np.eye(len(lam))
    step = np.linalg.solve(covariance + ridge, mean)
    slope, share = float(mean @ step), 1.0
    while share > 1e-12:
        trial = float(np.asarray(logsumexp(log_weights - u @ (lam + share * step))))
        # Near the minimum the fall is below rounding: there the full step is right.
        if trial <= dual - 1e-4 * share * slope + 1e-13 * max(abs(dual), 1.0):
            break
        share /= 2
    return lam + share * step


def _require_reachable(values: np.ndarray, means: np.ndarray, names: Sequence[str]) -> None:
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(means))):
        raise InputError(
            "observables or means that are not finite were given: give finite means, and "
            "observables that are finite on all of the support"
        )
    low, high = values.min(axis=0), values.max(axis=0)
    for name, mean, least, most in zip(names, means, low, high, strict=True):
        if most - least <= 1e-12 * max(abs(least), abs(most)):
            raise InputError(
                f"{name} has the value {least:.6g} everywhere, so that its multiplier means "
                "nothing: drop it"
            )
        if not least < mean < most:
            raise InputError(
                f"the mean {mean:.6g} was given for {name}, which lies between {least:.6g} and "
                f"{most:.6g}: give a mean inside these values"
            )


def _require_independent(
    values: np.ndarray, base: np.ndarray, scale: np.ndarray, names: Sequence[str]
) -> None:
    u = (values - base @ values) / scale
    eigenvalues, vectors = np.linalg.eigh((u * base[:, None]).T @ u)
    if eigenvalues[0] < _DEPENDENT:
        involved = [n for n, v in zip(names, vectors[:, 0], strict=True) if abs(v) > 1e-4]
        raise InputError(
            f"{', '.join(involved)} are linearly dependent, so that their multipliers are not "
            "determined: drop one of them"
        )


def _require_interior(
    u: np.ndarray, lam: np.ndarray, covariance: np.ndarray, names: Sequence[str]
) -> None:
    energy = u @ lam
    separated = np.any(lam) and energy.min() >= -_CERTAIN * np.abs(energy).max()
    if separated or np.linalg.eigvalsh(covariance)[0] < _FLAT:
        raise InputError(_outside(names))


def _outside(names: Sequence[str]) -> str:
    return (
        f"no distribution of positive weights has the given means of {', '.join(names)}: they "
        "lie outside of the convex hull of the values of the observables or on its boundary, give "
        "means inside of it"
    )
