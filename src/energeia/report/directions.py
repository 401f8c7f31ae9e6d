"""Maps of directions: densities on the sphere in an equal-area projection."""

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from energeia.report.content import Page
from energeia.report.pictures import clouds, panels_of
from energeia.report.style import DENSITY, WIDTH, rc, svg

MOST_MAPS = 3
_BINS = (48, 24)
_RANGES = ((-180.0, 180.0), (-1.0, 1.0))


def maps(page: Page) -> list[Markup]:
    """A map for each of the first few directions in space, data first."""
    found = []
    for start in starts(page)[:MOST_MAPS]:
        names = ", ".join(page.names[start : start + 3])
        label = f"Density of the direction ({names}) on the sphere"
        found.append(svg(map_figure(page, start), f"map{start}", label))
    return found


def starts(page: Page) -> list[int]:
    """The first column of each direction in space."""
    return [
        i for start, stop, factor, _ in page.support.blocks
        if factor.name == "sphere" and factor.width == 3 for i in range(start, stop, 3)
    ]  # fmt: skip


def map_figure(page: Page, start: int) -> Figure:
    """Counts over longitude and height, whose cells have equal areas on the sphere."""
    every = clouds(page)
    counts = [_counts(cloud.rows[:, start : start + 3]) for cloud in every]
    top = float(np.percentile(counts[0][counts[0] > 0], 98))
    down, across = panels_of(len(every))
    with rc():
        figure = Figure(figsize=(WIDTH, WIDTH / max(across, 2) * 0.55 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, cloud, density in zip(panels, every, counts, strict=False):
            axes.imshow(
                density.T, origin="lower", extent=(*_RANGES[0], *_RANGES[1]), aspect="auto",
                cmap=DENSITY, vmin=0.0, vmax=top, interpolation="nearest",
            )  # fmt: skip
            axes.set_title(cloud.name, loc="left")
            axes.set_xticks([-180, -90, 0, 90, 180])
            axes.set_yticks([-1, 0, 1])
        for axes in panels[len(every) :]:
            axes.set_visible(False)
        first, second, third = page.names[start : start + 3]
        figure.supxlabel(f"longitude of ({first}, {second}), degrees", fontsize=9)
        figure.supylabel(third, fontsize=9)
    return figure


def _counts(x: np.ndarray) -> np.ndarray:
    longitude = np.degrees(np.arctan2(x[:, 1], x[:, 0]))
    return np.histogram2d(longitude, x[:, 2], _BINS, _RANGES)[0] / len(x)
