"""Statistics of samples and energies of a mixture with known modes."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import chi2

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.histograms import kl_to_uniform

Rows = Float[np.ndarray, "rows d"]

HIGH_QUALITY = 3.0
"""Deviations from the nearest center within which a sample counts (PacGAN, section 4.1)."""
_CUT = 4.0
"""Deviations within which the width of a mode is measured: samples beyond lie between modes."""


class ModeReport(NamedTuple):
    """The distribution of samples over the modes of an isotropic mixture of equal weights."""

    modes: int
    """Modes with at least one sample of high quality."""
    high_quality: Estimate
    """Share of the samples within 3 deviations of a center: 98.89% in two dimensions."""
    kl: Estimate
    """KL of the histogram over modes to uniform, nats: (K - 1) / 2N for a perfect sampler."""
    widths: Float[np.ndarray, " modes"]
    """Deviation of each mode over the true one; NaN for fewer than 10 samples."""
    pooled_width: float
    """The root mean square over modes, each about its own mean."""


class Calibration(NamedTuple):
    """A straight line through E against -log p."""

    slope: float
    """1 for the right energy at the right temperature."""
    r_squared: float
    rows: int


def mode_report(x: Rows, centers: Float[np.ndarray, "modes d"], width: float) -> ModeReport:
    """The number, weights and widths of the modes in samples.

    Widths are root mean squares over columns of samples within 4 deviations of their center, about
    their own mean, corrected for the truncation, which reduces the variance.

    Raises:
        InputError: for rows of other columns than the centers, or none.

    >>> rng = np.random.default_rng(0)
    >>> centers = np.array([[0.0, 0.0], [5.0, 0.0]])
    >>> x = centers[rng.integers(2, size=4000)] + 0.1 * rng.normal(size=(4000, 2))
    >>> found = mode_report(x, centers, 0.1)
    >>> found.modes, bool(abs(found.pooled_width - 1) < 0.05)
    (2, True)
    """
    x, centers = np.asarray(x, np.float64), np.asarray(centers, np.float64)
    if x.ndim != 2 or x.shape[1:] != centers.shape[1:] or len(x) == 0:
        raise InputError(
            f"samples of shape {x.shape} were given where centers have shape {centers.shape}: "
            "give at least one row of the same columns"
        )
    nearest, distance = _nearest(x, centers)
    good = distance < HIGH_QUALITY * width
    counts = np.bincount(nearest[good], minlength=len(centers))
    inside = distance < _CUT * width
    variance = np.array([_variance(x[inside & (nearest == k)]) for k in range(len(centers))])
    ratio = variance / (width**2 * _share_of_variance(x.shape[1]))
    return ModeReport(
        modes=int(np.sum(counts > 0)),
        high_quality=Estimate.mean(good.astype(float), "estimate"),
        kl=kl_to_uniform(counts),
        widths=np.sqrt(ratio),
        pooled_width=float(np.sqrt(np.nanmean(ratio))) if np.any(np.isfinite(ratio)) else math.nan,
    )


def calibration(
    energies: Float[np.ndarray, " rows"], log_p: Float[np.ndarray, " rows"]
) -> Calibration:
    """The least-squares line of E over -log p, whose offset is -log Z.

    >>> log_p = -np.linspace(0.0, 8.0, 100)
    >>> calibration(3.0 - 0.5 * log_p, log_p)
    Calibration(slope=0.5, r_squared=1.0, rows=100)
    """
    e, y = np.asarray(energies, np.float64), -np.asarray(log_p, np.float64)
    slope, offset = np.polyfit(y, e, 1)
    left = np.var(e - slope * y - offset) / np.var(e)
    return Calibration(round(float(slope), 12), round(float(1 - left), 12), len(e))


def points_inside(
    rng: np.random.Generator, centers: Float[np.ndarray, "modes d"], width: float, n: int,
    deviations: float = 4.0,
) -> Rows:  # fmt: skip
    """Points of the mixture within some deviations, at which an energy is calibrated."""
    d = centers.shape[1]
    z = rng.normal(size=(2 * n, d))
    z = z[np.sum(z**2, axis=1) < deviations**2][:n]
    return centers[rng.integers(len(centers), size=len(z))] + width * z


def _nearest(x: Rows, centers: Rows) -> tuple[np.ndarray, np.ndarray]:
    squares = np.sum((x[:, None, :] - centers) ** 2, axis=2)
    nearest = np.argmin(squares, axis=1)
    return nearest, np.sqrt(squares[np.arange(len(x)), nearest])


def _variance(rows: Rows) -> float:
    return float(np.mean(np.var(rows, axis=0, ddof=1))) if len(rows) >= 10 else math.nan


def _share_of_variance(dimension: int) -> float:
    """The variance of a column of the truncated normal, relative to that of the full one."""
    return float(chi2.cdf(_CUT**2, dimension + 2) / chi2.cdf(_CUT**2, dimension))
