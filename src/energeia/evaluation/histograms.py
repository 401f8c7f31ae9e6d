"""Histograms over classes that should be equally likely. Needs no JAX."""

import math

import numpy as np
from jaxtyping import Int

from energeia.estimate import Estimate


def kl_to_uniform(counts: Int[np.ndarray, " classes"]) -> Estimate:
    """KL(p || uniform) = sum_k p_k log(K p_k) of a histogram over K classes, in nats.

    N draws of a uniform distribution give (K - 1) / 2N on average, the bias that ``debiased``
    subtracts, with deviation sqrt(2 (K - 1)) / 2N. The standard error is that of first order,
    and no less than this one, since the first order vanishes for an even histogram.

    >>> round(kl_to_uniform(np.array([50, 50, 0, 0])).value, 4) == round(math.log(2), 4)
    True
    """
    total = int(counts.sum())
    if total == 0:
        return Estimate.none("no sample fell into any class")
    p = counts / total
    terms = np.log(np.where(p > 0, p, 1.0) * len(p))
    value = float(np.sum(p * terms))
    first = math.sqrt(max(float(np.sum(p * terms**2)) - value**2, 0.0) / total)
    second = math.sqrt(2.0 * (len(p) - 1)) / (2 * total)
    return Estimate(
        value, math.hypot(first, second), "estimate", total, f"biased by (K - 1) / 2N, K = {len(p)}"
    )


def debiased(kl: Estimate, classes: int) -> Estimate:
    """The divergence minus its bias for a distribution near uniform, (K - 1) / 2N; may be negative.

    >>> debiased(Estimate(0.02, 0.001, "estimate", 1000), 21).value
    0.01
    """
    if kl.value is None:
        return kl
    return Estimate(kl.value - (classes - 1) / (2 * kl.n), kl.stderr, "estimate", kl.n)
