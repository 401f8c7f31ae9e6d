"""Purity and Renyi-2 entropy from shots, by the U-statistic over pairs of shots."""

import math

import numpy as np
from jaxtyping import Float, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.quantum.shadows import pauli_frame
from energeia.physics.quantum.povm import Povm, require_complete
from energeia.stats.kronecker import histogram, on_every_axis

MOST_STRINGS = 2**24
"""Outcome strings of a block that are summed over: 12 sites of 4 outcomes, 9 of 6."""


def purity(outcomes: Int[np.ndarray, "n k"], povm: Povm) -> Estimate:
    """tr(rho^2) of the ``k`` measured sites, from independent shots.

    U = 1/(n(n-1)) sum_{s != t} K(s, t) with K(s, t) = prod_i tr(D_{a_i^s} D_{a_i^t}), unbiased
    since each D is a dual frame of the measurement. The variance is Hoeffding's,
    [4 (n-2) zeta_1 + 2 zeta_2] / (n (n-1)), its parts estimated without bias (Hoeffding 1948,
    eq. 5.18): the plain jackknife overstates zeta_2, which dominates where sites are many. The
    error grows as 2.6^k / n from ``pauli-6`` outcomes and as 4.5^k / n from ``pauli-4``.

    Raises:
        InputError: for fewer than 4 shots, a measurement that is not complete, or so many sites
            that the error would exceed one.

    >>> import numpy as np
    >>> from energeia.physics.quantum.povm import pauli_6
    >>> plus_z = np.random.default_rng(0).choice(5, size=(3000, 1), p=[1/6, 1/6, 1/6, 1/6, 1/3])
    >>> found = purity(plus_z, pauli_6())
    >>> abs(found.value - 1.0) < 4 * found.stderr
    True
    """
    require_complete(povm)
    count, sites = outcomes.shape
    if count < 4:
        raise InputError(f"purity from {count} shots was requested: give at least 4")
    if povm.n_outcomes**sites > MOST_STRINGS:
        raise InputError(
            f"the purity of {sites} sites was requested: from {count} shots of {povm.name} its "
            f"error is about {white_error(povm, sites, count):.1g}; choose a block of fewer sites"
        )
    overlaps = _overlaps(povm)
    counts = histogram(outcomes, povm.n_outcomes)
    linear, squared = (on_every_axis(power, counts, sites) for power in (overlaps, overlaps**2))
    own = _products(np.diag(overlaps), sites)
    row_sums = linear - own  # sum over the other shots, for a shot of each string
    return _u_statistic(counts, row_sums, float(counts @ (squared - own**2)), count)


def _u_statistic(
    counts: Float[np.ndarray, " all"], row_sums: Float[np.ndarray, " all"], squares: float, n: int
) -> Estimate:
    """The mean of K over pairs, and its error from sums over pairs and triples."""
    total = float(counts @ row_sums)
    triples = float(counts @ row_sums**2) - squares
    pairs = n * (n - 1.0)
    mean_squared = (total**2 - 4.0 * triples - 2.0 * squares) / (pairs * (n - 2.0) * (n - 3.0))
    zeta_1 = max(0.0, triples / (pairs * (n - 2.0)) - mean_squared)
    zeta_2 = max(0.0, squares / pairs - mean_squared)
    variance = (4.0 * (n - 2.0) * zeta_1 + 2.0 * zeta_2) / pairs
    return Estimate(total / pairs, math.sqrt(variance), "exact", n)


def renyi_2(purity: Estimate) -> Estimate:
    """S_2 = -log tr(rho^2) in nats, corrected for its bias of order 1/n (delta method).

    ``none`` where the purity is within two errors of zero, so that its logarithm is not known.

    >>> print(renyi_2(Estimate(0.5, 0.01, "exact", 1000)))
    ~ 0.69 +- 0.02
    """
    if purity.value is None or purity.stderr is None:
        return purity
    if purity.value <= 2.0 * purity.stderr:
        return Estimate.none(f"the purity, {purity}, is not above zero by two errors")
    relative = purity.stderr / purity.value
    value = -math.log(purity.value) - 0.5 * relative**2
    return Estimate(value, relative, "estimate", purity.n, purity.note)


def white_error(povm: Povm, sites: int, shots: int) -> float:
    """The error of the purity of ``sites`` sites where every outcome is drawn from white noise."""
    weights = np.einsum("aii->a", povm.effects).real / povm.dimension
    per_site = float(weights @ _overlaps(povm) ** 2 @ weights)
    return math.sqrt(2.0) * per_site ** (sites / 2) / shots


def _overlaps(povm: Povm) -> Float[np.ndarray, "A A"]:
    """tr(D_a D_b)."""
    frame = pauli_frame(povm)
    return frame @ frame.T / 2


def _products(values: Float[np.ndarray, " A"], sites: int) -> Float[np.ndarray, " all"]:
    """prod_i values[a_i] of every string."""
    return on_every_axis(values[:, None], np.ones(1), sites)
