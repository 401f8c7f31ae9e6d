"""Anomalies by energy: detection of a digit left out of training, with base rates."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.metrics import average_precision_score, roc_auc_score

from energeia._core.errors import InputError
from energeia.estimate import Estimate


class AnomalyReport(NamedTuple):
    """The detection performance of a score that is high for anomalies."""

    base_rate: float
    """The fraction of anomalies, which is the AUPRC of a random score."""
    auprc: Estimate
    """Average precision: mean over seeds with its standard error."""
    auroc: Estimate
    """1/2 for a random score, whatever the base rate."""
    seeds: int


class HeldOutDigit(NamedTuple):
    """Training images without one digit, and test images with it."""

    train: np.ndarray
    test: np.ndarray
    anomalous: Bool[np.ndarray, " test"]


def held_out_digit(
    images: np.ndarray, labels: Int[np.ndarray, " n"], digit: int, seed: int = 0,
    test_share: float = 0.2,
) -> HeldOutDigit:  # fmt: skip
    """Leave a digit out of training; test on it and on held-out images of the others.

    As Zenati et al. 2018 (arXiv:1802.06222) split MNIST: 80% of the other digits train; the rest
    and all images of the digit are the test set. Published tables use different splits: compare
    within one.

    Raises:
        InputError: if no image is of that digit.
    """
    odd = labels == digit
    if not np.any(odd):
        raise InputError(f"no image is of digit {digit}: the labels are {np.unique(labels)}")
    rest = np.random.default_rng(seed).permutation(np.flatnonzero(~odd))
    cut = round(test_share * len(rest))
    evaluated = np.concatenate([rest[:cut], np.flatnonzero(odd)])
    return HeldOutDigit(images[rest[cut:]], images[evaluated], odd[evaluated])


def anomaly_report(
    scores: Sequence[Float[np.ndarray, " n"]], anomalous: Sequence[Bool[np.ndarray, " n"]]
) -> AnomalyReport:
    """Detection performance of scores, one array per seed; higher means more anomalous.

    Raises:
        InputError: for no seed, scores that are not finite, or rows of one kind alone.

    >>> odd = np.array([True, False, False, True])
    >>> found = anomaly_report([np.array([2.0, 0.0, 1.0, 3.0])], [odd])
    >>> found.base_rate, found.auprc.value, found.auroc.value
    (0.5, 1.0, 1.0)
    """
    if not scores or len(scores) != len(anomalous):
        raise InputError(f"{len(scores)} score arrays and {len(anomalous)} of labels: give pairs")
    for score, odd in zip(scores, anomalous, strict=True):
        if not np.all(np.isfinite(score)) or np.all(odd) or not np.any(odd):
            raise InputError("scores must be finite, and rows of both kinds present in each seed")
    pairs = list(zip(anomalous, scores, strict=True))
    return AnomalyReport(
        base_rate=float(np.mean([np.mean(odd) for odd in anomalous])),
        auprc=_over_seeds([average_precision_score(odd, score) for odd, score in pairs]),
        auroc=_over_seeds([roc_auc_score(odd, score) for odd, score in pairs]),
        seeds=len(pairs),
    )


def _over_seeds(values: list[float]) -> Estimate:
    if len(values) == 1:
        return Estimate(float(values[0]), None, "exact", 1, "one seed")
    return Estimate.mean(np.array(values), "exact")
