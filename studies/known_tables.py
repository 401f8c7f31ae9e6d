"""Generated tables with exact densities, for ``studies.tables``: what columns of experiments do.

Each is drawn column by column, so its log-density is a sum of conditional ones. All numbers are in
nats and in the units of the columns.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from energeia.data.named.toy import toy

Draw = Callable[[np.random.Generator, int], np.ndarray]


class KnownTable(NamedTuple):
    """A table whose density is known."""

    draw: Draw
    """``draw(rng, n)``: rows of shape ``(n, d)``."""
    log_prob: Callable[[np.ndarray], np.ndarray]
    """The log-density of each row."""
    names: tuple[str, ...]
    rows: int = 4000


def _log_mixture(parts: list[np.ndarray], shares: list[float]) -> np.ndarray:
    return special.logsumexp(np.stack(parts) + np.log(shares)[:, None], axis=0)


def _mixed() -> KnownTable:
    """A decay time, an angle, a count, a category and a residual with heavy tails."""
    shares = np.array([0.5, 0.3, 0.2])
    centers, widths = np.array([0.3, -1.2, 2.5]), np.array([2.0, 4.0, 1.0])

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        kind = rng.choice(3, n, p=shares)
        time = rng.gamma(1.5 + kind, 2.0, n)
        angle = rng.vonmises(centers[kind], widths[kind], n)
        count = rng.poisson(1.0 + 0.8 * time)
        residual = rng.standard_t(2.5, n) * (0.5 + 0.3 * kind) + np.cos(angle)
        return np.stack([time, angle, count, kind, residual], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        time, angle, count, residual = x[:, 0], x[:, 1], x[:, 2], x[:, 4]
        kind = x[:, 3].astype(int)
        scale = 0.5 + 0.3 * kind
        return (
            np.log(shares[kind])
            + stats.gamma.logpdf(time, 1.5 + kind, scale=2.0)
            + stats.vonmises.logpdf(angle, widths[kind], loc=centers[kind])
            + stats.poisson.logpmf(count, 1.0 + 0.8 * time)
            + stats.t.logpdf((residual - np.cos(angle)) / scale, 2.5) - np.log(scale)
        )  # fmt: skip

    return KnownTable(draw, log_prob, ("time", "angle", "count", "kind", "residual"))


def rotated(d: int = 10, seed: int = 8, rows: int = 50_000) -> KnownTable:
    """Independent columns of many shapes, rotated together."""
    turn = stats.special_ortho_group.rvs(d, random_state=seed)
    rng = np.random.default_rng(seed)
    kinds = [("two", "skewed", "heavy", "flat", "three")[i % 5] for i in range(d)]
    apart = rng.uniform(1.5, 3.0, d)

    def column(rng: np.random.Generator, n: int, kind: str, a: float) -> np.ndarray:
        match kind:
            case "two":
                return rng.choice([-a, a], n) + 0.5 * rng.normal(size=n)
            case "skewed":
                return rng.gamma(a, 1.0, n)
            case "heavy":
                return rng.standard_t(1.0 + a, n)
            case "flat":
                return rng.uniform(-a, a, n) + 0.1 * rng.normal(size=n)
            case _:
                return rng.choice([-2 * a, 0.0, 2 * a], n) + 0.3 * rng.normal(size=n)

    def log_column(z: np.ndarray, kind: str, a: float) -> np.ndarray:
        normal = stats.norm.logpdf
        match kind:
            case "two":
                return _log_mixture([normal(z, m, 0.5) for m in (-a, a)], [0.5, 0.5])
            case "skewed":
                return stats.gamma.logpdf(z, a)
            case "heavy":
                return stats.t.logpdf(z, 1.0 + a)
            case "flat":
                edges = stats.norm.cdf((z + a) / 0.1) - stats.norm.cdf((z - a) / 0.1)
                return np.log(np.maximum(edges, 1e-300) / (2 * a))
            case _:
                parts = [normal(z, m, 0.3) for m in (-2 * a, 0.0, 2 * a)]
                return _log_mixture(parts, [1 / 3] * 3)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        z = np.stack([column(rng, n, k, a) for k, a in zip(kinds, apart, strict=True)], axis=1)
        return z @ turn.T

    def log_prob(x: np.ndarray) -> np.ndarray:
        z = x @ turn
        logs = [log_column(z[:, j], kinds[j], apart[j]) for j in range(d)]
        return np.sum(logs, axis=0)

    return KnownTable(draw, log_prob, tuple(f"c{i}" for i in range(d)), rows)


def _funnel() -> KnownTable:
    """A log-variance and what it scales (Neal 2003)."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        v = 1.5 * rng.normal(size=(n, 1))
        return np.concatenate([v, np.exp(v / 2) * rng.normal(size=(n, 3))], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        scale = np.exp(x[:, :1] / 2)
        rest = np.sum(stats.norm.logpdf(x[:, 1:], 0.0, scale), axis=1)
        return stats.norm.logpdf(x[:, 0], 0.0, 1.5) + rest

    return KnownTable(draw, log_prob, ("v", "x", "y", "z"), 2000)


def _spectrum() -> KnownTable:
    """A peak on a falling background, its width, and the angle of emission."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        signal = rng.random(n) < 0.3
        mass = np.where(signal, rng.normal(3.0, 0.15, n), 1.0 + rng.exponential(2.0, n))
        cosine = np.where(signal, rng.beta(4.0, 4.0, n), rng.random(n))
        energy = rng.lognormal(np.log(mass), 0.2)
        return np.stack([mass, 0.001 + 0.998 * cosine, energy], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        mass, cosine, energy = x.T
        u = (cosine - 0.001) / 0.998
        peak = stats.norm.logpdf(mass, 3.0, 0.15) + stats.beta.logpdf(u, 4.0, 4.0)
        smooth = stats.expon.logpdf(mass, 1.0, 2.0) + stats.uniform.logpdf(u)
        logs = _log_mixture([peak, smooth], [0.3, 0.7]) - np.log(0.998)
        return logs + stats.lognorm.logpdf(energy, 0.2, scale=np.maximum(mass, 1e-9))

    return KnownTable(draw, log_prob, ("mass", "efficiency", "energy"))


def _calibration() -> KnownTable:
    """A response that bends, with an error that grows; two channels that share a bias."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        t = rng.uniform(-3.0, 3.0, n)
        bias = rng.normal(size=n)
        first = np.sin(2 * t) + 0.5 * bias + 0.1 * rng.normal(size=n)
        second = t**2 / 3 + 0.8 * bias + (0.05 + 0.1 * np.abs(t)) * rng.normal(size=n)
        return np.stack([t, bias, first, second], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        t, bias, first, second = x.T
        return (
            stats.uniform.logpdf(t, -3.0, 6.0)
            + stats.norm.logpdf(bias)
            + stats.norm.logpdf(first, np.sin(2 * t) + 0.5 * bias, 0.1)
            + stats.norm.logpdf(second, t**2 / 3 + 0.8 * bias, 0.05 + 0.1 * np.abs(t))
        )

    return KnownTable(draw, log_prob, ("t", "bias", "first", "second"))


def _counts() -> KnownTable:
    """A rate and three counters of it, one with dead time."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        rate = rng.gamma(2.0, 2.0, n)
        seen = rng.poisson(np.stack([rate, 2 * rate, rate / (1 + 0.2 * rate)]))
        return np.stack([rate, *seen], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        rate = x[:, 0]
        means = np.stack([rate, 2 * rate, rate / (1 + 0.2 * rate)], axis=1)
        seen = np.sum(stats.poisson.logpmf(x[:, 1:], means), axis=1)
        return stats.gamma.logpdf(rate, 2.0, scale=2.0) + seen

    return KnownTable(draw, log_prob, ("rate", "near", "far", "slow"), 3000)


def _clusters(d: int = 6, count: int = 5) -> KnownTable:
    """Clusters of different shape, with their label among the columns."""
    rng = np.random.default_rng(3)
    centers = rng.normal(0.0, 3.0, (count, d))
    factors = rng.normal(size=(count, d, d)) / np.sqrt(d) + 0.3 * np.eye(d)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        label = rng.integers(count, size=n)
        x = centers[label] + np.einsum("nij,nj->ni", factors[label], rng.normal(size=(n, d)))
        return np.concatenate([x, label[:, None]], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        label = x[:, -1].astype(int)
        z = np.linalg.solve(factors[label], (x[:, :-1] - centers[label])[:, :, None])[:, :, 0]
        volume = np.linalg.slogdet(factors)[1][label]
        return np.sum(stats.norm.logpdf(z), axis=1) - volume - np.log(count)

    return KnownTable(draw, log_prob, (*(f"x{i}" for i in range(d)), "label"), 1500)


def _student(d: int = 3, nu: float = 2.5) -> KnownTable:
    """A multivariate Student distribution with correlations."""
    shape = 0.5 * np.eye(d) + 0.5
    known = stats.multivariate_t(np.zeros(d), shape, nu)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return known.rvs(n, random_state=rng)

    return KnownTable(draw, known.logpdf, tuple(f"r{i}" for i in range(d)), 5000)


def _copula() -> KnownTable:
    """Positive, bounded and heavy columns tied by a normal copula."""
    correlation = np.array([[1, 0.7, -0.4, 0.2], [0.7, 1, 0, 0.3], [-0.4, 0, 1, 0.5],
                            [0.2, 0.3, 0.5, 1]])  # fmt: skip
    margins = (
        stats.gamma(1.2, scale=3.0), stats.weibull_min(0.8), stats.beta(0.8, 2.0), stats.t(3.0),
    )  # fmt: skip
    joint = stats.multivariate_normal(np.zeros(4), correlation)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        u = stats.norm.cdf(rng.multivariate_normal(np.zeros(4), correlation, n))
        return np.stack([m.ppf(u[:, j]) for j, m in enumerate(margins)], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        z = np.stack([stats.norm.ppf(m.cdf(x[:, j])) for j, m in enumerate(margins)], axis=1)
        own = np.sum([m.logpdf(x[:, j]) for j, m in enumerate(margins)], axis=0)
        return joint.logpdf(z) - np.sum(stats.norm.logpdf(z), axis=1) + own

    return KnownTable(draw, log_prob, ("charge", "wait", "share", "pull"), 4000)


def _phases(n_phases: int = 3) -> KnownTable:
    """Angles of coupled oscillators, and the positive amplitude of their sum."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        angles = [rng.uniform(-np.pi, np.pi, n)]
        for _ in range(n_phases - 1):
            angles.append(np.mod(rng.vonmises(angles[-1], 3.0) + np.pi, 2 * np.pi) - np.pi)
        size = np.abs(np.sum(np.exp(1j * np.stack(angles)), axis=0))
        amplitude = rng.gamma(5.0, (0.2 + size) / 5.0)
        return np.stack([*angles, amplitude], axis=1)

    def log_prob(x: np.ndarray) -> np.ndarray:
        angles, amplitude = x[:, :-1], x[:, -1]
        size = np.abs(np.sum(np.exp(1j * angles), axis=1))
        steps = np.sum(stats.vonmises.logpdf(np.diff(angles, axis=1), 3.0), axis=1)
        own = stats.gamma.logpdf(amplitude, 5.0, scale=(0.2 + size) / 5.0)
        return -np.log(2 * np.pi) + steps + own

    names = (*(f"phase{i}" for i in range(n_phases)), "amplitude")
    return KnownTable(draw, log_prob, names)


def _normal(d: int = 5) -> KnownTable:
    """Correlated normal columns, on which nothing beats a normal distribution."""
    shape = 0.4 * np.eye(d) + 0.6
    known = stats.multivariate_normal(np.zeros(d), shape)

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.multivariate_normal(np.zeros(d), shape, n)

    return KnownTable(draw, known.logpdf, tuple(f"g{i}" for i in range(d)), 300)


def _toy(name: str, rows: int) -> KnownTable:
    known = toy(name)
    return KnownTable(known.draw, known.log_prob, ("x", "y"), rows)


KNOWN: dict[str, Callable[[], KnownTable]] = {
    "mixed": _mixed,
    "rotated": rotated,
    "funnel": _funnel,
    "spectrum": _spectrum,
    "calibration": _calibration,
    "counts": _counts,
    "clusters": _clusters,
    "student": _student,
    "copula": _copula,
    "phases": _phases,
    "normal": _normal,
    "moons": lambda: _toy("moons", 20_000),
}
"""Tables by name."""
