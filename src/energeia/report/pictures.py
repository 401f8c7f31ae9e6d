"""Pictures of rows: densities of two columns, mosaics of images, marginals and pairs otherwise."""

import base64
import io
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from energeia.report.content import Page
from energeia.report.style import DATA, DENSITY, MODELS, WIDTH, rc, svg
from energeia.support import Factor, Support

MOST_MARGINALS, MOST_PAIRS, MOST_CORRELATED = 8, 3, 80
ROWS_DRAWN = 20_000
"""Largest number of rows in a picture."""


_GRID = np.array([0.56, 0.66, 0.80])
"""Color between the tiles of a mosaic, neither black nor white."""


class Cloud(NamedTuple):
    """The rows of the data or of one model, with a name."""

    name: str
    rows: np.ndarray
    share: np.ndarray
    """How much each row counts, of sum one; negative for rows of negative weight."""


class Mosaic(NamedTuple):
    """A grid of images as one picture."""

    name: str
    source: str
    """A ``data:`` URL, so nothing is fetched."""
    width: int
    height: int


def clouds(page: Page) -> list[Cloud]:
    """The data first, then each model that has samples; rows that are not finite are left out."""
    data = _cloud(page.reference, page.held_out, page.held_out_weight)
    models = [_cloud(m.title, m.samples) for m in page.models if m.samples is not None]
    return [data, *(cloud for cloud in models if len(cloud.rows))]


def _cloud(name: str, rows: np.ndarray, weight: np.ndarray | None = None) -> Cloud:
    head = np.asarray(rows[:ROWS_DRAWN], dtype=np.float64).reshape(min(len(rows), ROWS_DRAWN), -1)
    finite = np.isfinite(head).all(axis=1)
    counted = np.ones(int(finite.sum())) if weight is None else weight[: len(head)][finite]
    return Cloud(name, head[finite], counted / (counted.sum() if counted.sum() > 0 else 1.0))


def is_image(layout: Sequence[int]) -> bool:
    """Whether one configuration is a picture: two axes of at least 3, or three with channels."""
    if len(layout) == 3:
        return layout[2] in (1, 3) and min(layout[:2]) >= 3
    return len(layout) == 2 and min(layout) >= 3


def mosaics(page: Page, count: int = 64) -> list[Mosaic]:
    """Grids of samples side by side, data first, all on one gray scale."""
    every = clouds(page)
    limits = gray_limits(page.support, every[0].rows)
    return [_mosaic(cloud, page.layout, page.support, count, limits) for cloud in every]


def gray_limits(support: Support, rows: np.ndarray) -> tuple[float, float]:
    """The values at the two ends of a gray scale."""
    ends = (0.0, 100.0) if support.all_discrete else (0.5, 99.5)
    low, high = np.percentile(rows, ends)
    return float(low), float(high)


def _mosaic(
    cloud: Cloud, layout: Sequence[int], support: Support, count: int, limits: tuple[float, float]
) -> Mosaic:
    side = math.isqrt(min(count, len(cloud.rows)))
    if math.prod(layout) > 400:
        side = min(side, 6)
    tiles = cloud.rows[: side * side].reshape(side, side, -1)
    pixels = mosaic_pixels(tiles, layout, support, limits)
    return Mosaic(cloud.name, _png(pixels), pixels.shape[1], pixels.shape[0])


def mosaic_pixels(
    tiles: np.ndarray, layout: Sequence[int], support: Support, limits: tuple[float, float]
) -> np.ndarray:
    """Images of shape ``(down, across, d)`` as one image of colors in [0, 1], with lines between
    them, shape ``(height, width, 3)``."""
    down, across = tiles.shape[:2]
    channels = layout[2] if len(layout) == 3 else 1
    tiles = tiles.reshape(down, across, layout[0], layout[1], channels)
    low, high = limits
    shade = np.clip((tiles - low) / (high - low if high > low else 1.0), 0.0, 1.0)
    # Ink on paper for images; for two-valued spins the upper value is white.
    if channels == 1 and support.names != ("binary",):
        shade = 1.0 - shade
    paper = np.broadcast_to(_GRID, (down, layout[0] + 1, across, layout[1] + 1, 3)).copy()
    paper[:, :-1, :, :-1] = shade.transpose(0, 2, 1, 3, 4)
    return paper.reshape(down * (layout[0] + 1), across * (layout[1] + 1), 3)[:-1, :-1]


def _png(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray((255 * pixels).round().astype(np.uint8)).save(buffer, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def planes(page: Page, pair: tuple[int, int] = (0, 1), name: str = "planes") -> Markup:
    """Density of two columns, data first, on common axes and a common color scale."""
    first, second = (page.names[column] for column in pair)
    return svg(planes_figure(page, pair), name, f"Density of {first} and {second}")


def planes_figure(page: Page, pair: tuple[int, int] = (0, 1)) -> Figure:
    """The same as a figure."""
    every = clouds(page)
    first, second = pair
    down, across = panels_of(len(every))
    ranges = [range_of(every[0].rows[:, c], page.support.columns[c]) for c in pair]
    bins = 36 if len(every[0].rows) < 3000 else 64
    counts = [
        np.histogram2d(c.rows[:, first], c.rows[:, second], bins, ranges, weights=c.share)[0]
        for c in every
    ]
    positive = counts[0][counts[0] > 0]
    top = float(np.percentile(positive, 98)) if positive.size else 1.0
    with rc():
        figure = Figure(figsize=(WIDTH, WIDTH / max(across, 3) * down + 0.2), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, cloud, density in zip(panels, every, counts, strict=False):
            axes.imshow(
                density.T, origin="lower", extent=(*ranges[0], *ranges[1]), aspect="auto",
                cmap=DENSITY, vmin=0.0, vmax=top, interpolation="nearest",
            )  # fmt: skip
            axes.set_title(cloud.name, loc="left")
            axes.set_box_aspect(1)
            axes.locator_params(nbins=4)
        for axes in panels[len(every) :]:
            axes.set_visible(False)
        figure.supxlabel(page.names[first], fontsize=9)
        figure.supylabel(page.names[second], fontsize=9)
    return figure


def marginals(page: Page) -> Markup:
    """Histograms of some columns: data filled, models as lines."""
    label = "Histograms of single columns, data and models"
    return svg(marginals_figure(page), "marginals", label)


def marginals_figure(page: Page) -> Figure:
    """The same as a figure."""
    every = clouds(page)
    chosen = spread_out(every[0].rows, MOST_MARGINALS)
    across = min(4, len(chosen))
    down = math.ceil(len(chosen) / across)
    with rc():
        figure = Figure(figsize=(WIDTH, 1.9 * down + 0.35), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, column in zip(panels, chosen, strict=False):
            _marginal(axes, every, column, page.support.columns[column])
            axes.set_title(page.names[column], loc="left")
        for axes in panels[len(chosen) :]:
            axes.set_visible(False)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(every)))
    return figure


def _marginal(axes: Axes, every: list[Cloud], column: int, kind: Factor) -> None:
    edges = _edges(every[0].rows[:, column], kind)
    for index, cloud in enumerate(every):
        values = cloud.rows[:, column]
        weights = np.histogram(values, edges, weights=cloud.share)[0] / np.diff(edges)
        if index == 0:
            axes.stairs(weights, edges, fill=True, color=DATA, alpha=0.45, label=cloud.name)
        else:
            color = MODELS[(index - 1) % len(MODELS)]
            axes.stairs(weights, edges, color=color, linewidth=1.2, label=cloud.name)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=4)


def correlations(page: Page) -> Markup | None:
    """Correlation matrices, data first; None for one column or too many."""
    every = clouds(page)
    width = page.support.width
    if not 2 < width <= MOST_CORRELATED:
        return None
    down, across = panels_of(len(every))
    truth = _correlation(every[0])
    with rc():
        figure = Figure(figsize=(WIDTH, 2.75 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        image = None
        for axes, cloud in zip(panels, every, strict=False):
            found = _correlation(cloud)
            image = axes.imshow(found, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
            worst = float(np.max(np.abs(found - truth)))
            axes.set_title(cloud.name, loc="left")
            axes.set_xticks([])
            axes.set_yticks([])
            if cloud is not every[0]:
                axes.set_xlabel(f"largest difference {worst:.2f}", fontsize=8)
        for axes in panels[len(every) :]:
            axes.set_visible(False)
        if image is not None:
            figure.colorbar(image, ax=list(panels), shrink=0.7, pad=0.01).outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    return svg(figure, "correlations", "Correlation matrices of data and models")


def pairs(page: Page) -> list[Markup]:
    """The most correlated pairs of the data, as planes; none for images or one column."""
    if page.support.width < 3:
        return []
    return [planes(page, pair, f"pair{i}") for i, pair in enumerate(correlated_pairs(page))]


def correlated_pairs(page: Page) -> list[tuple[int, int]]:
    """The most correlated pairs of columns of the data, the strongest first."""
    strength = np.triu(np.abs(_correlation(clouds(page)[0])), 1)
    order = np.argsort(strength, axis=None)[::-1][:MOST_PAIRS]
    return [divmod(int(i), strength.shape[1]) for i in order]


def panels_of(count: int) -> tuple[int, int]:
    """Rows and columns of panels: at most four in a row, balanced."""
    across = 3 if count in (3, 5, 6, 9) else min(4, count)
    return math.ceil(count / across), across


def _correlation(cloud: Cloud) -> np.ndarray:
    centered = cloud.rows - cloud.share @ cloud.rows
    variance = cloud.share @ centered**2  # not positive only where negative weights outweigh others
    centered = centered / np.sqrt(np.where(variance > 0, variance, 1.0))
    return (centered.T * cloud.share) @ centered


def spread_out(rows: np.ndarray, most: int) -> list[int]:
    """Up to ``most`` columns that vary, evenly spaced."""
    varying = np.flatnonzero(np.ptp(rows, axis=0) > 0)
    varying = varying if varying.size else np.arange(rows.shape[1])
    picks = np.linspace(0, len(varying) - 1, min(most, len(varying)))
    return [int(varying[i]) for i in np.unique(picks.round().astype(int))]


def _edges(values: np.ndarray, kind: Factor) -> np.ndarray:
    if kind.discrete:
        alphabet = np.unique(values)
        low, high = alphabet[0], alphabet[-1]
        step = float(np.min(np.diff(alphabet))) if len(alphabet) > 1 else 1.0
        count = round((high - low) / step) + 1
        if count <= 64:
            return low - step / 2 + step * np.arange(count + 1)
        return np.linspace(low - step / 2, high + step / 2, 41)
    low, high = range_of(values, kind)
    return np.linspace(low, high, 41 if len(values) > 1000 else 25)


def range_of(values: np.ndarray, kind: Factor) -> tuple[float, float]:
    """Ends of an axis for nearly all values of a column."""
    low, high = np.percentile(values, [0.2, 99.8]) if not kind.discrete else (
        values.min(), values.max())  # fmt: skip
    pad = 0.06 * (high - low) if high > low else 0.5
    return float(low - pad), float(high + pad)
