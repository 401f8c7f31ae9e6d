"""StackedMNIST: how many of 10^n modes a generator covers, how evenly, and the value for real
data."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.histograms import debiased, kl_to_uniform
from energeia.evaluation.images.digit_classifier import DigitClassifier, classify

SAMPLES_PER_MODE = 26
"""Generated samples for each mode (Metz et al. 2017; Lin et al. 2018)."""


class StackedReport(NamedTuple):
    """The histogram of generated stacks over 10^n classes."""

    modes: int
    possible: int
    kl: Estimate
    """KL to uniform as in publications: biased by (10^n - 1) / 2N."""
    debiased: Estimate
    floor: Estimate
    """The biased KL of an equal number of stacks of held-out digits: mean and deviation."""
    below_floor: bool
    """Whether the raw KL is 5 deviations under the floor, which indicates an error."""


def stack_classes(
    classifier: DigitClassifier, stacks: Float[np.ndarray, "n 28 28 digits"]
) -> Int[np.ndarray, "n digits"]:
    """The digit in each channel of each stack."""
    n, _, _, digits = stacks.shape
    flat = np.moveaxis(np.asarray(stacks), -1, 1).reshape(n * digits, 28, 28)
    return classify(classifier, flat).reshape(n, digits)


def stacked_report(
    classes: Int[np.ndarray, "n digits"], held_out: Int[np.ndarray, " real"], seed: int = 0,
    repeats: int = 20,
) -> StackedReport:  # fmt: skip
    """The statistics of the classes of generated stacks; ``held_out`` are classified real digits.

    The floor stacks held-out digits at random, as many as were generated, ``repeats`` times: it
    includes the digits' unequal frequencies and the classifier's errors.

    Raises:
        InputError: for no stack, or a digit out of 0 to 9.

    >>> rng = np.random.default_rng(0)
    >>> found = stacked_report(rng.integers(10, size=(2600, 2)), rng.integers(10, size=5000))
    >>> found.modes, found.possible, found.below_floor
    (100, 100, False)
    """
    n, digits = classes.shape
    if n == 0 or classes.min() < 0 or classes.max() > 9:
        raise InputError("classes must be at least one row of digits 0 to 9")
    rng = np.random.default_rng(seed)
    floors = [_kl(held_out[rng.integers(len(held_out), size=(n, digits))]) for _ in range(repeats)]
    values = np.array([kl.value for kl in floors], dtype=np.float64)
    floor = Estimate(float(values.mean()), float(values.std(ddof=1)), "estimate", n)
    kl = _kl(classes)
    possible = 10**digits
    return StackedReport(
        modes=len(np.unique(_index(classes))),
        possible=possible,
        kl=kl,
        debiased=debiased(kl, possible),
        floor=floor,
        below_floor=bool((kl.value or 0.0) < values.mean() - 5 * values.std(ddof=1)),
    )


def _index(classes: np.ndarray) -> np.ndarray:
    return classes @ 10 ** np.arange(classes.shape[1])


def _kl(classes: np.ndarray) -> Estimate:
    return kl_to_uniform(np.bincount(_index(classes), minlength=10 ** classes.shape[1]))
