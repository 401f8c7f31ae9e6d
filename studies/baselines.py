"""Simple densities that scikit-learn fits, beside which ``studies.tables`` puts every model.

Columns are linked first (the logarithm of positive ones, the logit of bounded ones), discrete ones
dequantized by uniform noise, and all standardized; densities are in the units of the rows. Sizes
and widths are chosen on validation rows.
"""

from collections.abc import Callable

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from energeia.support import Continuous, Support

COMPONENTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 50)
WIDTHS = np.geomspace(0.03, 1.0, 12)
Score = Callable[[np.ndarray], np.ndarray]


class Linked:
    """The coordinates that baselines are fitted in, with their log-determinants."""

    def __init__(self, support: Support, train: np.ndarray, seed: int) -> None:
        self.support, self.rng = support, np.random.default_rng(seed)
        self.center, self.scale = np.zeros(train.shape[1]), np.ones(train.shape[1])
        values, _ = self(train)
        self.center, self.scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-9)

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Standardized coordinates, and the log-determinant of each row."""
        parts, log_det = [], np.zeros(len(x))
        for factor, values in self.support.split(np.asarray(x, np.float64)):
            if not isinstance(factor, Continuous):
                parts.append(_codes(factor, values) + self.rng.random(values.shape))
                continue
            t = factor.link(values)
            varying, fixed = factor.log_slope(t)
            log_det = log_det + np.sum(np.broadcast_to(varying + fixed, t.shape), axis=1)
            parts.append(t.reshape(len(x), -1))
        joined = np.concatenate([part.reshape(len(x), -1) for part in parts], axis=1)
        return (joined - self.center) / self.scale, log_det - np.sum(np.log(self.scale))


def _codes(factor: object, values: np.ndarray) -> np.ndarray:
    alphabet = np.asarray(factor.values, float)  # pyright: ignore[reportAttributeAccessIssue]
    return np.abs(values[..., None] - alphabet).argmin(axis=-1).astype(float)


def fitted(
    support: Support, train: np.ndarray, valid: np.ndarray, seed: int = 0
) -> dict[str, Score]:
    """The log-density of rows under each baseline."""
    linked = Linked(support, train, seed)
    (z, _), (held, _) = linked(train), linked(valid)

    def score(log_density: Score) -> Score:
        def of_rows(x: np.ndarray) -> np.ndarray:
            values, log_det = linked(x)
            return log_density(values) + log_det

        return of_rows

    found = {
        "normal": _normal(z),
        "normals": _normals(z, held, seed),
        "kernels": _kernels(z, held),
        "marginals": _marginals(z, held),
    }
    return {name: score(log_density) for name, log_density in found.items()}


def _normal(z: np.ndarray) -> Score:
    shrunk = LedoitWolf().fit(z)
    factor = np.linalg.cholesky(shrunk.covariance_)
    level = -0.5 * z.shape[1] * np.log(2 * np.pi) - np.sum(np.log(np.diag(factor)))

    def log_density(x: np.ndarray) -> np.ndarray:
        w = np.linalg.solve(factor, (x - shrunk.location_).T)
        return level - 0.5 * np.sum(w**2, axis=0)

    return log_density


def _normals(z: np.ndarray, held: np.ndarray, seed: int) -> Score:
    sizes = [k for k in COMPONENTS if k * (z.shape[1] + 1) <= len(z)] or [1]
    tried = [GaussianMixture(k, reg_covar=1e-4, random_state=seed).fit(z) for k in sizes]
    return max(tried, key=lambda mixture: mixture.score(held)).score_samples


def _kernels(z: np.ndarray, held: np.ndarray) -> Score:
    z = z[:5000]
    tried = [KernelDensity(bandwidth=float(width)).fit(z) for width in WIDTHS]
    return max(tried, key=lambda kernels: kernels.score(held)).score_samples


def _marginals(z: np.ndarray, held: np.ndarray) -> Score:
    each = [_kernels(z[:, [j]], held[:, [j]]) for j in range(z.shape[1])]
    return lambda x: np.sum([own(x[:, [j]]) for j, own in enumerate(each)], axis=0)
