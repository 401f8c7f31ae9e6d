"""Divergence and fidelity of a model's outcome distribution Q and the true P, from paired
log-probabilities.

All three are plain means, so their errors are those of means; in nats and natural units. They
compare *outcome distributions*. The classical fidelity bounds nothing about the quantum fidelity
of the states behind them: orthogonal states may have outcome distributions that nearly agree.
"""

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.stats.weights import effective_fraction


def kl(log_p: Float[np.ndarray, " n"], log_q: Float[np.ndarray, " n"]) -> Estimate:
    """KL(P || Q) = E_P[log P(a) - log Q(a)] in nats, at ``n`` independent draws ``a`` of P.

    Pairing the two logarithms at the same draw cancels the scatter of log P. A draw to which the
    model gives probability zero makes the divergence infinite, and is counted in the note.

    Raises:
        InputError: if the two differ in length or are empty.

    >>> import numpy as np
    >>> print(kl(np.log([0.5, 0.5]), np.log([0.25, 0.25])))
    0.693147
    """
    log_p, log_q = _paired(log_p, log_q)
    with np.errstate(invalid="ignore"):
        return Estimate.mean(log_p - log_q, "exact")


def classical_fidelity(log_p: Float[np.ndarray, " n"], log_q: Float[np.ndarray, " n"]) -> Estimate:
    """F_c = sum_a sqrt(P(a) Q(a)) = E_P[sqrt(Q(a) / P(a))], at draws of P.

    Carrasquilla et al. (2019), arXiv:1810.10584, eq. 5. The variance of one term is 1 - F_c^2 at
    most, so the error is reliable whatever Q is.

    Raises:
        InputError: if the two differ in length or are empty.

    >>> import numpy as np
    >>> print(classical_fidelity(np.log([0.5, 0.5]), np.log([0.5, 0.5])))
    1
    """
    log_p, log_q = _paired(log_p, log_q)
    return Estimate.mean(np.exp(0.5 * (log_q - log_p)), "exact")


def ratio_mean(log_p: Float[np.ndarray, " n"], log_q: Float[np.ndarray, " n"]) -> Estimate:
    """E_Q[P(a) / Q(a)] at draws of Q: one, if Q covers P and the draws are sufficient. A check: it
    is below one where Q misses a part of P, and where the rare draws of large weight did not occur.
    The note gives the effective fraction of the draws.

    Raises:
        InputError: if the two differ in length or are empty.

    >>> import numpy as np
    >>> ratio_mean(np.log([0.5, 0.5]), np.log([0.5, 0.5])).value
    1.0
    """
    log_p, log_q = _paired(log_p, log_q)
    log_w = log_p - log_q
    if not np.all(np.isneginf(log_w)):
        fraction = float(effective_fraction(log_w))
        return Estimate.mean(np.exp(log_w), "exact", f"effective fraction {fraction:.3g}")
    return Estimate(0.0, 0.0, "exact", log_w.size, "no draw of Q is possible under P")


def _paired(log_p: np.ndarray, log_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    first, second = (np.asarray(x, dtype=np.float64).ravel() for x in (log_p, log_q))
    if first.shape != second.shape or not first.size:
        raise InputError(
            f"{first.size} log-probabilities of P and {second.size} of Q were given where pairs at "
            "the same draws are wanted: evaluate both on one sample"
        )
    return first, second
