"""Summary of many chains: the worst R-hat, effective size and autocorrelation time."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia.stats.autocorrelation import effective_sample_size, r_hat

_LONG = 0.2
"""Of a chain: a longer autocorrelation time cannot be estimated from it."""


class Mixing(NamedTuple):
    """The worst over columns and their squares; NaN where nothing moves."""

    r_hat: float
    """Rank-normalized and split; above 1.01 the chains disagree."""
    ess: float
    """N / (2 tau) of the worst column: effective sample size, of N = chains times draws."""
    time: float
    """tau = 1/2 + sum of rho = N / (2 ess) of the same column, in draws; NaN where it is more
    than a fifth of a chain, which is then too short to estimate it."""


def mixing(chains: Float[np.ndarray, "chains draws ..."]) -> Mixing:
    """How well chains mix, by one estimate of tau for both effective size and time.

    Every column and its square about the pooled mean is examined. Chains that alternate around the
    mean, such as Hamiltonian ones of half a period, average out at once in the column itself,
    where tau is nearly 0 and the ESS exceeds N, while their energy hardly changes: the squares
    show that. Columns that never move in any chain are left out.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> amplitude = np.random.default_rng(0).normal(size=(4, 1, 1))
    >>> noise = np.random.default_rng(1).normal(size=(4, 200, 1))
    >>> found = mixing(amplitude * np.tile([1.0, -1.0], 100)[:, None] + 0.1 * noise)
    >>> bool(found.ess < 20), bool(np.isnan(found.time))
    (True, True)
    """
    x = np.asarray(chains, dtype=np.float64)
    count, draws = x.shape[:2]
    x = x.reshape((count, draws, -1))
    both = np.concatenate([_moving(x), _moving((x - x.mean(axis=(0, 1))) ** 2)], axis=2)
    if both.shape[2] == 0:
        return Mixing(float("nan"), float("nan"), float("nan"))
    ess = float(np.min(effective_sample_size(both)))
    time = count * draws / (2.0 * ess)
    time = time if time <= _LONG * draws else float("nan")
    return Mixing(float(np.max(r_hat(_moving(x)))), ess, time)


def standing_still(chains: Float[np.ndarray, "chains draws ..."]) -> int:
    """How many chains never leave their first draw.

    >>> import numpy as np
    >>> standing_still(np.array([[[1.0], [1.0]], [[1.0], [2.0]]]))
    1
    """
    x = np.asarray(chains)
    x = x.reshape((*x.shape[:2], -1))
    return int(np.sum(np.all(x == x[:, :1], axis=(1, 2))))


def _moving(x: np.ndarray) -> np.ndarray:
    """Without columns that are constant, up to the rounding of their mean."""
    return x[:, :, ~(np.ptp(x, axis=(0, 1)) <= 1e-12 * np.max(np.abs(x), axis=(0, 1)))]
