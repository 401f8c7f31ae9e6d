"""The weights of models that were trained on an energy, as histograms."""

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from energeia.records import TargetRow
from energeia.report.content import ModelPart
from energeia.report.style import INK, MODELS, WIDTH, rc, svg

MOST_HISTOGRAMS = 6


def weight_histograms(models: Sequence[ModelPart]) -> Markup | None:
    """log w - log Z of draws of each model, its first condition; a perfect model has all at 0."""
    shown = [(model.title, row) for model in models if (row := _first(model)) is not None]
    shown = shown[:MOST_HISTOGRAMS]
    if not shown:
        return None
    with rc():
        figure = Figure(figsize=(WIDTH, 2.4), layout="constrained")
        panels = figure.subplots(1, len(shown), squeeze=False).ravel()
        for axes, (title, row), color in zip(panels, shown, MODELS, strict=False):
            edges = np.array(row.weight_edges)
            axes.stairs(row.weight_counts, edges, fill=True, color=color)
            axes.axvline(0.0, color=INK, linewidth=1, linestyle=(0, (4, 3)))
            axes.set_yscale("symlog", linthresh=1.0)
            axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
            axes.set_title(title, loc="left")
            axes.set_xlabel("log w − log Z, nats")
        panels[0].set_ylabel("draws")
    return svg(figure, "weights", "Histogram of the log-weights of each model")


def _first(model: ModelPart) -> TargetRow | None:
    rows = model.evaluation.target if model.evaluation else ()
    return rows[0] if rows and rows[0].weight_counts else None
