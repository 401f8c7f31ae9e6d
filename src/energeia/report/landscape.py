"""Energy landscapes as shades, with rows and chains."""

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energeia.report.content import ModelPart, Page
from energeia.report.style import DENSITY, INK, MODELS, MUTED, WIDTH, rc, svg

ROWS_DRAWN = 400
HIGHEST = 30.0
"""Nats above the lowest energy at which the color scale ends."""


def landscapes(page: Page) -> Markup | None:
    """A panel for each plane of each model with a picture of its energy; None without any."""
    figure = landscapes_figure(page)
    label = "Energy landscapes with data, samples and chains"
    return figure and svg(figure, "landscapes", label)


def landscapes_figure(page: Page) -> Figure | None:
    """The same as a figure."""
    seen = [
        (model, plane)
        for model in page.models
        if model.landscape is not None
        for plane in range(len(model.landscape.frames))
    ]
    if not seen:
        return None
    across = min(3, len(seen))
    down = -(-len(seen) // across)
    with rc():
        figure = Figure(figsize=(WIDTH, WIDTH / max(across, 2) * 0.86 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (model, plane) in zip(panels, seen, strict=False):
            _panel(figure, axes, model, plane, page.held_out)
        for axes in panels[len(seen) :]:
            axes.set_visible(False)
    return figure


def _panel(figure: Figure, axes: Axes, model: ModelPart, plane: int, held_out: np.ndarray) -> None:
    seen = model.landscape
    assert seen is not None
    # A low percentile in place of the minimum, which a single pixel would determine.
    heights = seen.heights[plane] - np.nanpercentile(seen.heights[plane], 0.1)
    image = axes.imshow(
        np.clip(heights, 0, HIGHEST), origin="lower", extent=(-1, 1, -1, 1),
        cmap=DENSITY.reversed(), vmin=0, vmax=HIGHEST, interpolation="bilinear",
    )  # fmt: skip
    clouds = [(held_out, MUTED)]
    if model.samples is not None:
        clouds.append((model.samples, MODELS[1]))
    for rows, color in clouds:
        spots = seen.coordinates(rows[:ROWS_DRAWN].reshape(min(len(rows), ROWS_DRAWN), -1), plane)
        axes.plot(*spots.T, ".", color=color, ms=1.6, alpha=0.7, rasterized=True)
    for chain in seen.coordinates(seen.chains, plane):
        axes.plot(*chain.T, color=INK, lw=0.6, alpha=0.9)
    axes.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
    kinds = ("",) if len(seen.frames) == 1 else (", widest", ", random plane")
    axes.set_title(model.title + kinds[plane], loc="left")
    figure.colorbar(image, ax=axes, shrink=0.7, pad=0.01, label="E, nats")
