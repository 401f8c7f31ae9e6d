"""The distribution of maximum entropy that has given means of observables."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from energeia._core.batching import map_rows
from energeia._core.errors import InputError
from energeia._core.precision import use_precision
from energeia.contracts import Observable
from energeia.energies.moment_dual import DualSolution, solve_dual
from energeia.energies.moment_points import enumerable, every_state, integrable, quadrature
from energeia.energies.observed import ObservableEnergy
from energeia.energies.target import Target, target_of
from energeia.estimate import Estimate
from energeia.mcmc.moment_chains import MomentChains, multipliers_by_chains
from energeia.support import Real, Support

_FINER = 1.4
_AGREEMENT = 1e-5
"""Of means on two grids, in standard deviations of the observables."""
_ENDS = 1e-9
_ADAPTATIONS = 8


class FittedMoments(NamedTuple):
    """The energy sum_i lambda_i O_i that has the given means, and how well lambda is known."""

    energy: ObservableEnergy
    target: Target
    """The same with its support, for ``energeia.log_z`` and recipes that train on energies."""
    multipliers: Float[np.ndarray, " k"]
    """lambda_i, in 1 / (unit of O_i)."""
    errors: Float[np.ndarray, " k"]
    """Standard errors of lambda_i, from the errors of the means and from chains."""
    covariance: Float[np.ndarray, "k k"]
    """Of lambda: C^-1 S C^-1, with the covariance C of O and that of the means, S."""
    chain_errors: Float[np.ndarray, " k"]
    """The part of ``errors`` that is from chains; zero for sums and integrals."""
    log_partition: Estimate
    """log Z in nats; of chains none, see ``energeia.log_z``."""
    entropy: Estimate
    """log Z + lambda . o in nats: the largest of all distributions with these means."""


def fit_moments(
    observables: Sequence[Observable | Callable[[Array], Any]], means: ArrayLike,
    support: Support, *, errors: ArrayLike | None = None, shape: tuple[int, ...] | None = None,
    location: float = 0.0, scale: float = 1.0, method: Literal["auto", "exact", "chains"] = "auto",
    start: ArrayLike | None = None, seed: int = 0, chains: MomentChains | None = None,
) -> FittedMoments:  # fmt: skip
    """The distribution of maximum entropy with <O_i> = o_i (Jaynes 1957): E = sum_i lambda_i O_i.

    lambda minimizes log Z(lambda) + lambda . o, a convex function: exactly, by sums over all
    configurations of finite alphabets (up to 2^18) and by quadrature over up to three real, bounded
    or periodic columns; else by chains, see ``multipliers_by_chains``. Since
    d<O> / d lambda = -C, errors S of the means become C^-1 S C^-1.

    Args:
        observables: ``Observable`` or functions of one configuration that return one number.
        means: o_i, such as means over measurements.
        support: the values of the columns, such as ``Support.of([Binary((-1, 1))] * 9)``.
        errors: standard errors of the means, or their covariance matrix; none by default.
        shape: of one configuration, ``(support.width,)`` by default.
        location, scale: roughly where real columns are and how wide, for quadrature and chains.
        method: ``"exact"`` or ``"chains"``; by default what the support allows.
        start: multipliers where chains begin, with which exp(-E) must be normalizable; zero by
            default, which does for alphabets and bounded columns alone.
        seed: of the chains.
        chains: their number and length.

    Raises:
        InputError: for means that no distribution has, observables that are constant or linearly
            dependent, other numbers of means and errors, a support too large for ``"exact"``, or a
            density that quadrature does not resolve or that is not normalizable.

    >>> from energeia.support import Integer
    >>> dice = fit_moments([lambda x: x[0]], [4.5], Support.of([Integer(1, 6)]))
    >>> dice.multipliers.round(4), round(dice.entropy.value, 4)
    (array([-0.371]), 1.6136)
    """
    shape = (support.width,) if shape is None else tuple(shape)
    o, s = _checked(observables, means, errors, support, shape)
    names = _names(observables)
    bounded = support if support.all_continuous else None
    empty = ObservableEnergy(jnp.zeros(len(o)), tuple(observables), shape, bounded)
    if _exactly(method, support):
        found = _exact(empty, o, names, support, location, scale)
        multipliers, covariance, noise = found.multipliers, found.covariance, np.zeros_like(s)
        log_z = Estimate.exact(found.log_partition)
        entropy = Estimate.exact(found.log_partition + float(found.multipliers @ o))
    else:
        origin = np.zeros(len(o)) if start is None else np.asarray(start, float)
        _require_start(origin, start, o, support)
        rows = _target(empty, support, location, scale).initial_rows
        multipliers, covariance, noise = multipliers_by_chains(
            jax.random.key(seed), empty, support, rows, o, origin, names, chains or MomentChains()
        )
        log_z = entropy = Estimate.none("chains do not know log Z: see energeia.log_z")
    inverse = np.linalg.inv(covariance)
    total, of_chains = inverse @ (s + noise) @ inverse, inverse @ noise @ inverse
    energy = ObservableEnergy(
        jnp.asarray(multipliers, float), empty.observables, shape, empty.support
    )
    return FittedMoments(
        energy, _target(energy, support, location, scale), multipliers,
        np.sqrt(np.diag(total)), total, np.sqrt(np.diag(of_chains)), log_z, entropy,
    )  # fmt: skip


def _target(energy: ObservableEnergy, support: Support, location: float, scale: float) -> Target:
    return target_of(energy, support, location=location, scale=scale)


def _checked(
    observables: Sequence[Any], means: ArrayLike, errors: ArrayLike | None, support: Support,
    shape: tuple[int, ...],
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The means and their covariance."""
    count = len(observables)
    o = np.asarray(means, np.float64)
    s = np.zeros((count, count)) if errors is None else np.asarray(errors, np.float64)
    if count == 0 or o.shape != (count,) or s.shape not in {(count,), (count, count)}:
        raise InputError(
            f"means of shape {o.shape} and errors of shape {s.shape} were given for {count} "
            "observables: give a mean and an error for each"
        )
    if math.prod(shape) != support.width:
        raise InputError(
            f"a support of {support.width} columns was given for configurations of shape {shape}: "
            "give one column for each number"
        )
    s = np.diag(s**2) if s.ndim == 1 else s
    if not np.all(np.isfinite(s)) or np.any(np.diag(s) < 0):
        raise InputError("errors of means were given that are negative or not finite: give others")
    return o, s


def _names(observables: Sequence[Any]) -> list[str]:
    return [
        o.name if isinstance(o, Observable) else f"observable {i}"
        for i, o in enumerate(observables)
    ]


def _exactly(method: str, support: Support) -> bool:
    possible = enumerable(support) or integrable(support)
    if method not in {"auto", "exact", "chains"}:
        raise InputError(f"the method {method!r} is not known: give 'auto', 'exact' or 'chains'")
    if method == "exact" and not possible:
        raise InputError(
            f"exact moments were asked of {support}, which is neither up to 2^18 configurations of "
            "finite alphabets nor up to three real, bounded or periodic columns: use chains"
        )
    return possible and method != "chains"


def _require_start(
    origin: np.ndarray, start: ArrayLike | None, o: np.ndarray, support: Support
) -> None:
    if origin.shape != o.shape:
        raise InputError(f"{origin.size} multipliers to start from were given for {o.size} means")
    if start is None and any(isinstance(c, Real) for c in support.columns):
        raise InputError(
            "chains on real columns were asked to start from multipliers of zero, with which no "
            "distribution is normalizable: give start, such as the multipliers of a normal"
        )


def _exact(
    energy: ObservableEnergy, means: np.ndarray, names: list[str], support: Support,
    location: float, scale: float,
) -> DualSolution:  # fmt: skip
    if support.all_discrete:
        rows, log_weights = every_state(support)
        return solve_dual(_values(energy, rows), log_weights, means, names)
    center, width = np.full(support.width, location), np.full(support.width, scale)
    reals = np.array([isinstance(c, Real) for c in support.columns])
    for _ in range(_ADAPTATIONS):
        rows, log_weights = quadrature(support, center, width)
        found = solve_dual(_values(energy, rows), log_weights, means, names)
        mean = found.probabilities @ rows
        spread = np.sqrt(found.probabilities @ (rows - mean) ** 2)
        off = np.maximum(np.abs(mean - center) / width, np.abs(np.log(spread / width)))
        if np.all(off[reals] < 0.1):
            break
        center, width = np.where(reals, mean, center), np.where(reals, spread, width)
    finer = quadrature(support, center, width, _FINER)
    _require_resolved(energy, finer, found, means)
    _require_normalizable(rows, found.probabilities, reals)
    return found


def _require_resolved(
    energy: ObservableEnergy, points: tuple[np.ndarray, np.ndarray], found: DualSolution,
    means: np.ndarray,
) -> None:  # fmt: skip
    """The means on finer nodes are the same."""
    values = _values(energy, points[0])
    logits = points[1] - values @ found.multipliers
    p = np.exp(logits - logits.max())
    off = np.abs(p @ values / p.sum() - means) / np.sqrt(np.diag(found.covariance))
    if not np.all(off < _AGREEMENT):
        raise InputError(
            f"the means change by {off.max():.2g} standard deviations with finer quadrature, which "
            "does not resolve the density: give the location and scale of real columns, smooth "
            "observables, or method='chains'"
        )


def _require_normalizable(rows: np.ndarray, p: np.ndarray, reals: np.ndarray) -> None:
    for column in np.flatnonzero(reals):
        x = rows[:, column]
        ends = p[(x == x.min()) | (x == x.max())].sum()
        if ends > _ENDS:
            raise InputError(
                f"the density does not vanish at the ends of column {column}, {x.min():.4g} and "
                f"{x.max():.4g}: give an observable that bounds it, such as x^2, or an interval"
            )


def _values(energy: ObservableEnergy, rows: np.ndarray) -> np.ndarray:
    """The observables of rows in float64, shape ``(rows, k)``."""
    with use_precision(64):
        return np.asarray(map_rows(_observe, np.asarray(rows, np.float64), carry=energy))


def _observe(energy: ObservableEnergy, rows: Array) -> Array:
    return jax.vmap(energy.observe)(rows)
