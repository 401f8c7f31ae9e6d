"""Two-sample tests of samples against held-out data, each with a baseline of training data."""

import numpy as np
from jaxtyping import Float

from energeia.estimate import Estimate
from energeia.evaluation.c2st import ClassifierResult, classifier_test
from energeia.evaluation.prepared import PreparedData
from energeia.records import TwoSample
from energeia.stats import two_sample as statistics
from energeia.stats.columns import holm, kolmogorov_smirnov
from energeia.stats.distances import distances
from energeia.stats.permutation import PermutationTest

AREA = "classifier AUC"
ENERGY = "energy distance"


def compare(
    samples: Float[np.ndarray, "n columns"], prepared: PreparedData
) -> dict[str, tuple[PermutationTest, str]]:
    """Every two-sample statistic between samples and held-out rows, by name, with a note.

    ``samples`` are features of ``prepared``, as many as its training rows where they are compared
    with ``baseline``. p-values are from permutations, with Holm's correction over columns for the
    last.
    """
    n, held_out = len(samples), prepared.held_out
    labels = prepared.labels(n)
    apart = statistics.pooled_distances(
        distances(samples, samples), distances(samples, held_out), prepared.held_out_distances
    )
    sizes = f"{n} samples against {len(held_out)} held-out rows, standardized columns"
    sizes = "; ".join(filter(None, [sizes, prepared.kept.note]))
    width = prepared.bandwidth
    sliced = statistics.sliced_wasserstein(
        samples, held_out, labels, prepared.budget.directions, prepared.seed
    )
    result = classifier_test(
        samples, held_out, permutations=prepared.budget.permutations, seed=prepared.seed,
    )  # fmt: skip
    return {
        AREA: (result.tested, f"{sizes}; {_areas(result)}"),
        ENERGY: (statistics.energy_distance(apart, n, labels), sizes),
        "MMD squared": (
            statistics.maximum_mean_discrepancy(apart, n, labels, width),
            f"{sizes}; Gaussian kernel of width {width:.3g}",
        ),
        "sliced Wasserstein": (sliced, f"{sizes}; null mean {sliced.null_mean:.3g}"),
        "largest column KS": _columns(samples, held_out, sizes),
    }


def with_baseline(
    found: dict[str, tuple[PermutationTest, str]],
    baseline: dict[str, tuple[PermutationTest, str]],
    sizes: tuple[int, int],
) -> tuple[TwoSample, ...]:
    """Records of the statistics, each with the same statistic of training against held-out rows.

    ``sizes`` are the rows behind each: samples, and training rows.
    """
    return tuple(
        TwoSample(
            name=name,
            statistic=_estimate(test, sizes[0]),
            p_value=test.p_value,
            reference=_estimate(baseline[name][0], sizes[1], baseline[name][1]),
            reference_p_value=baseline[name][0].p_value,
            note=note,
        )
        for name, (test, note) in found.items()
    )


def _estimate(test: PermutationTest, n: int, note: str = "") -> Estimate:
    return Estimate(test.value, test.stderr, "estimate", n, note)


def _areas(result: ClassifierResult) -> str:
    others = ", ".join(f"{name} {area:.3f}" for name, area in result.areas.items())
    return f"the largest is that of {result.best} ({others})"


def _columns(samples: np.ndarray, held_out: np.ndarray, sizes: str) -> tuple[PermutationTest, str]:
    apart, p = kolmogorov_smirnov(samples, held_out)
    worst, corrected = int(np.argmin(p)), holm(p)
    n, m = len(samples), len(held_out)
    # Each distribution function at the split is a binomial fraction; a half bounds its error.
    stderr = 0.5 * np.sqrt(1.0 / n + 1.0 / m)
    rejected = int(np.sum(corrected < 0.05))
    note = (
        f"{sizes}; column {worst}; {rejected} of {len(p)} columns differ at 0.05 after Holm's "
        "correction (chi-square where a column has few values)"
    )
    return PermutationTest(
        float(apart[worst]), float(stderr), float(corrected.min()), 0.0, 0.0
    ), note
