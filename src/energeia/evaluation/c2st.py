"""The classifier two-sample test, with several classifiers, since one alone can be misleading.

The statistic is the largest area under the ROC curve on rows not used for training (Lopez-Paz and
Oquab 2017, with AUC in the place of accuracy); its p-value accounts for taking the largest.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from energeia._core.errors import InputError
from energeia.stats.permutation import PermutationTest, permutation_test, relabelings

_MOST_PRODUCTS = 300


class ClassifierResult(NamedTuple):
    """The area under the curve of the best classifier, and of each."""

    best: str
    tested: PermutationTest
    """Of the largest area; its null is the largest area under relabelings of the test rows."""
    areas: dict[str, float]


def classifier_test(
    samples: Float[np.ndarray, "n d"],
    held_out: Float[np.ndarray, "m d"],
    *,
    permutations: int = 200,
    seed: int = 0,
) -> ClassifierResult:
    """The largest AUC between samples and data over several classifiers.

    1/2 means that none can distinguish them; 1 that one always can. Classifiers are fitted on one
    half of both parts and evaluated on the other, whose labels are then permuted for all
    classifiers together: conditionally on the fits the p-value is exact. (Cross-validation would
    use all rows, but its folds depend on each other: relabeled fold by fold it rejected 11% of the
    time at 5%.) Rows should be standardized.

    Raises:
        InputError: for fewer than 4 rows in either part.

    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).normal(size=(2, 90, 2))
    >>> bool(classifier_test(x + 3.0, y).tested.value > 0.95)
    True
    """
    if min(len(samples), len(held_out)) < 4:
        raise InputError(
            f"{len(samples)} samples and {len(held_out)} rows were given to a classifier test: "
            "give at least 4 of each"
        )
    fitted, tested_rows, n = _halves(samples, held_out, seed)
    every = classifiers(fitted.shape[1], len(fitted), seed)
    truth = np.arange(len(fitted)) < len(samples) // 2
    given = np.arange(len(tested_rows)) < n
    labels = np.concatenate([given[None], relabelings(seed, permutations, n, len(tested_rows) - n)])
    scores = {name: _scores(tool, fitted, truth, tested_rows) for name, tool in every.items()}
    areas = {name: _areas(score, labels) for name, score in scores.items()}
    best = max(areas, key=lambda name: areas[name][0])
    null = np.max([area[1:] for area in areas.values()], axis=0)
    found = permutation_test(areas[best][0], _error(scores[best], n), null)
    return ClassifierResult(best, found, {name: float(area[0]) for name, area in areas.items()})


def _halves(
    samples: np.ndarray, held_out: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Random halves of both parts, samples first in each, and the samples in the second half."""
    generator = np.random.default_rng(seed)
    fitted, tested_rows = [], []
    for part in (samples, held_out):
        order = generator.permutation(len(part))
        fitted.append(part[order[: len(part) // 2]])
        tested_rows.append(part[order[len(part) // 2 :]])
    first, second = np.concatenate(fitted), np.concatenate(tested_rows)
    return first.astype(np.float32), second.astype(np.float32), len(tested_rows[0])


def classifiers(columns: int, rows: int, seed: int) -> dict[str, Any]:
    """The classifiers by name, with products of columns where there are few enough of them."""
    near = max(3, min(50, int(np.sqrt(rows))))
    found: dict[str, Any] = {
        "logistic regression": LogisticRegression(max_iter=200),
        "nearest neighbors": KNeighborsClassifier(near),
        # Not boosted trees: their threads spin for seconds on a machine that is busy.
        "random forest": RandomForestClassifier(
            100, min_samples_leaf=5, max_samples=0.5, random_state=seed
        ),
        "neural network": MLPClassifier(
            (64,), alpha=1e-2, learning_rate_init=3e-3, batch_size=min(200, max(rows // 4, 1)),  # pyright: ignore[reportArgumentType]
            max_iter=25, random_state=seed,
        ),
    }  # fmt: skip
    if columns * (columns + 3) // 2 <= _MOST_PRODUCTS:
        found["quadratic logistic regression"] = make_pipeline(
            PolynomialFeatures(2, include_bias=False),
            StandardScaler(),
            LogisticRegression(max_iter=200),
        )
    return found


def _scores(classifier: Any, x: np.ndarray, labels: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # A network stopped early is still a valid classifier: the test needs no optimum.
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Matrix products raise flags on padding; the scores themselves are checked below.
        with np.errstate(invalid="ignore"):
            classifier.fit(x, labels)
            found = classifier.predict_proba(held_out)[:, 1]
    if not np.all(np.isfinite(found)):
        raise InputError(
            f"{type(classifier).__name__} gave scores that are not finite: check for huge values"
        )
    return found


def _areas(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The area under the curve for each labeling: the Mann-Whitney statistic, ties half."""
    n = int(labels[0].sum())
    m = len(scores) - n
    return (labels @ rankdata(scores) - 0.5 * n * (n + 1)) / (n * m)


def _error(scores: np.ndarray, n: int) -> float:
    """The standard error of an area by placement values (DeLong et al. 1988)."""
    x, y = scores[:n], scores[n:]
    ranks = rankdata(scores)
    above_y = (ranks[:n] - rankdata(x)) / len(y)
    above_x = (ranks[n:] - rankdata(y)) / len(x)
    return float(np.sqrt(np.var(above_y, ddof=1) / len(x) + np.var(above_x, ddof=1) / len(y)))
