"""Can a classifier tell samples from data? Several are asked, for one alone misleads.

The statistic is the largest cross-validated area under the ROC curve (Lopez-Paz and Oquab 2017,
with AUC in the place of accuracy); its p-value allows for having taken the largest.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from energeia.stats.permutation import Tested, relabelings, tested

_MOST_PRODUCTS = 300


class Verdict(NamedTuple):
    """The best classifier's area under the curve, and every one's."""

    best: str
    tested: Tested
    """Of the largest area; its null is the largest area under relabelings of the test rows."""
    areas: dict[str, float]


def classifier_test(
    samples: Float[np.ndarray, "n d"],
    held_out: Float[np.ndarray, "m d"],
    *,
    folds: int = 3,
    permutations: int = 200,
    seed: int = 0,
) -> Verdict:
    """The largest cross-validated AUC between samples and data over several classifiers.

    1/2 means that none can tell them apart; 1 that one always can. The p-value permutes labels
    within each test fold, whose classifier has not seen them, for all classifiers together. Rows
    should be standardized.

    >>> import numpy as np
    >>> x, y = np.random.default_rng(0).normal(size=(2, 90, 2))
    >>> bool(classifier_test(x + 3.0, y).tested.value > 0.95)
    True
    """
    rows = np.concatenate([samples, held_out]).astype(np.float32)
    labels = (np.arange(len(rows)) < len(samples)).astype(int)
    folds = max(2, min(folds, len(samples), len(held_out)))
    cuts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, labels)
    every = classifiers(rows.shape[1], len(rows), seed)
    areas = np.zeros((len(every), 1 + permutations))
    errors = np.zeros(len(every))
    for number, (learn, judge) in enumerate(cuts):
        truth = labels[judge]
        order = np.argsort(~truth.astype(bool), kind="stable")  # samples first
        split = int(truth.sum()), len(truth) - int(truth.sum())
        null = relabelings(seed + number, permutations, *split)
        given = np.arange(len(truth)) < split[0]
        shuffled = np.concatenate([given[None], null])
        for which, classifier in enumerate(every.values()):
            scores = _scores(classifier, rows[learn], labels[learn], rows[judge][order])
            areas[which] += _areas(scores, shuffled) / folds
            errors[which] += _squared_error(scores, split[0]) / folds**2
    top = int(np.argmax(areas[:, 0]))
    best = tested(areas[top, 0], float(np.sqrt(errors[top])), areas[:, 1:].max(axis=0))
    names = list(every)
    return Verdict(names[top], best, dict(zip(names, areas[:, 0].tolist(), strict=True)))


def classifiers(columns: int, rows: int, seed: int) -> dict[str, Any]:
    """The classifiers asked, by name; products of columns where there are few enough of them."""
    near = max(3, min(50, int(np.sqrt(rows))))
    found: dict[str, Any] = {
        "logistic regression": LogisticRegression(max_iter=200),
        "nearest neighbors": KNeighborsClassifier(near),
        "boosted trees": HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=15, learning_rate=0.15, min_samples_leaf=10,
            early_stopping=False,  # pyright: ignore[reportArgumentType]
            random_state=seed,
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


def _scores(classifier: Any, x: np.ndarray, labels: np.ndarray, judged: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # A network stopped early is still a valid classifier: the test needs no optimum.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(x, labels)
    return classifier.predict_proba(judged)[:, 1]


def _areas(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The area under the curve for each labeling: the Mann-Whitney statistic, ties half."""
    n = int(labels[0].sum())
    m = len(scores) - n
    return (labels @ rankdata(scores) - 0.5 * n * (n + 1)) / (n * m)


def _squared_error(scores: np.ndarray, n: int) -> float:
    """The variance of an area by placement values (DeLong et al. 1988)."""
    x, y = scores[:n], scores[n:]
    ranks = rankdata(scores)
    above_y = (ranks[:n] - rankdata(x)) / len(y)
    above_x = (ranks[n:] - rankdata(y)) / len(x)
    return float(np.var(above_y) / max(len(x) - 1, 1) + np.var(above_x) / max(len(y) - 1, 1))
