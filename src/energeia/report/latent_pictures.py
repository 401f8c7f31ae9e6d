"""Rows beside their reconstructions, and rows along single latent dimensions."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from energeia.report.content import LatentPicture, Page
from energeia.report.numbers import amount
from energeia.report.pictures import (
    clouds,
    gray_limits,
    is_image,
    mosaic_pixels,
    panels_of,
    range_of,
    spread_out,
)
from energeia.report.style import DATA, INK, MODELS, MUTED, WIDTH, rc

_TABLE_ROWS, _TABLE_COLUMNS, _MOST_LINES = 6, 8, 4
_CLOUD = 1000
_PAIR = ["row", "decoded"]


class PairTable(NamedTuple):
    """Rows with their reconstructions as text, of a few columns."""

    columns: list[str]
    rows: list[list[tuple[str, str]]]


def latents_figure(page: Page, picture: LatentPicture) -> Figure:
    """Images side by side, points and paths in the plane, or columns as lines."""
    if is_image(page.layout):
        return images_figure(page, picture)
    if page.support.width == 2:
        return planes_figure(page, picture)
    return lines_figure(page, picture)


def pair_table(page: Page, picture: LatentPicture) -> PairTable | None:
    """A few rows and their reconstructions; None where a picture shows them."""
    if is_image(page.layout) or page.support.width == 2:
        return None
    rows = picture.rows.reshape(len(picture.rows), -1)
    columns = spread_out(rows, _TABLE_COLUMNS)
    both = zip(rows[:_TABLE_ROWS], picture.reconstructions, strict=False)
    return PairTable(
        [page.names[c] for c in columns],
        [[(amount(float(x[c])), amount(float(back[c]))) for c in columns] for x, back in both],
    )


def images_figure(page: Page, picture: LatentPicture) -> Figure:
    """Two columns of rows beside their reconstructions; a line of images for each dimension."""
    count, steps, _ = picture.traversals.shape
    lines = min(max(count, 4), 8, len(picture.rows) // 2)
    pairs = np.stack([picture.rows, picture.reconstructions], axis=1)[: 2 * lines]
    ratio = page.layout[0] / page.layout[1]
    height = 0.5 + ratio * (WIDTH - 1.2) / (4 + steps) * max(lines, count)
    with rc():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        panels = figure.subplots(1, 3, width_ratios=(2, 2, steps))
        limits = gray_limits(page.support, page.held_out if len(page.held_out) else picture.rows)
        grids = (pairs[:lines], pairs[lines:], picture.traversals)
        labels = (_PAIR, _PAIR, _positions(picture))
        for axes, tiles, across in zip(panels, grids, labels, strict=True):
            axes.imshow(
                mosaic_pixels(tiles, page.layout, page.support, limits), interpolation="nearest"
            )
            axes.set_anchor("NW")
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
            axes.set_yticks([])
            axes.set_xticks(_centers(page.layout[1], len(across)), across)
        names = [f"z{j}" for j in picture.dimensions]
        panels[2].set_yticks(_centers(page.layout[0], count), names)
        panels[0].set_title("Reconstructions", loc="left")
        panels[2].set_title("Traversals", loc="left")
    return figure


def _positions(picture: LatentPicture) -> list[str]:
    return [f"{value:+.1f}".replace("-", "−") if value else "0" for value in picture.positions]


def _centers(size: int, count: int) -> np.ndarray:
    """Of tiles of ``size`` pixels and a line between them."""
    return (size + 1) * np.arange(count) + (size - 1) / 2


def planes_figure(page: Page, picture: LatentPicture) -> Figure:
    """Lines from rows to their reconstructions, and the path of each dimension."""
    cloud = clouds(page)[0].rows[:_CLOUD] if len(page.held_out) else picture.rows
    ranges = [range_of(cloud[:, c], page.support.columns[c]) for c in (0, 1)]
    with rc():
        figure = Figure(figsize=(WIDTH, WIDTH / 2), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes in panels:
            axes.plot(*cloud.T, ".", color=DATA, ms=2, alpha=0.4, rasterized=True)
            axes.set(xlim=ranges[0], ylim=ranges[1], xlabel=page.names[0])
            axes.set_box_aspect(1)
        panels[0].set_ylabel(page.names[1])
        panels[0].set_title("Reconstructions", loc="left")
        panels[1].set_title("Traversals", loc="left")
        for row, back in zip(picture.rows, picture.reconstructions, strict=True):
            panels[0].plot(*np.stack([row, back]).T, color=MODELS[0], lw=0.8)
        panels[0].plot(*picture.rows.T, "o", color=INK, ms=4, label="row")
        panels[0].plot(*picture.reconstructions.T, "o", color=MODELS[1], ms=4, label="decoded")
        for index, (j, path) in enumerate(zip(picture.dimensions, picture.traversals, strict=True)):
            color = MODELS[index % len(MODELS)]
            panels[1].plot(*path.T, color=color, lw=1.4, marker="o", ms=3, label=f"z{j}")
        for axes in panels:
            axes.legend(loc="upper right", labelcolor=MUTED)
    return figure


def lines_figure(page: Page, picture: LatentPicture) -> Figure:
    """The columns that move the most along each dimension, in their deviations over rows."""
    rows = page.held_out if len(page.held_out) else picture.rows
    rows = np.asarray(rows, np.float64).reshape(len(rows), -1)
    spread = np.std(rows, axis=0)
    scaled = (picture.traversals - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    down, across = panels_of(len(scaled))
    with rc():
        figure = Figure(figsize=(WIDTH, 2.6 * down + 0.2), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False, sharey=True).ravel()
        for axes, j, along in zip(panels, picture.dimensions, scaled, strict=False):
            most = np.argsort(-np.ptp(along, axis=0), kind="stable")[:_MOST_LINES]
            for index, column in enumerate(most):
                axes.plot(
                    picture.positions, along[:, column], lw=1.3, color=MODELS[index],
                    label=page.names[column],
                )  # fmt: skip
            axes.set_title(f"z{j}", loc="left")
            axes.legend(loc="best", handlelength=1.2, labelcolor=MUTED)
        for axes in panels[len(scaled) :]:
            axes.set_visible(False)
        figure.supxlabel("latent dimension, standard deviations of the prior", fontsize=9)
        figure.supylabel("column, its standard deviations", fontsize=9)
    return figure
