"""Figures of numbers: the leaderboard with its kinds, and the training curves."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energeia.estimate import Estimate
from energeia.report.content import ModelPart
from energeia.report.style import INK, KINDS, MODELS, MUTED, RULE, WIDTH, rc, svg

MOST_CURVES = 4


def leaderboard(models: Sequence[ModelPart], entropy: Estimate | None) -> Markup | None:
    """Log-likelihoods with error bars, marked by kind; markers of bounds point in the direction of
    the true value."""
    shown = [m for m in models if m.row.log_likelihood.finite]
    if not shown:
        return None
    with rc():
        figure = Figure(figsize=(WIDTH, 0.8 + 0.36 * len(shown)), layout="constrained")
        axes = figure.subplots()
        low, high = _limits([m.row.log_likelihood for m in shown], entropy)
        axes.set_xlim(low, high)
        for height, model in enumerate(reversed(shown)):
            _mark(axes, model.row.log_likelihood, height, low)
        if entropy is not None and entropy.value is not None:
            axes.axvline(-entropy.value, color=INK, linewidth=1, linestyle=(0, (4, 3)))
            axes.annotate(
                "minus the exact entropy", (-entropy.value, 1.0), (-4, 2), fontsize=8,
                xycoords=("data", "axes fraction"), textcoords="offset points", ha="right",
                color=INK,
            )  # fmt: skip
        axes.set_yticks(range(len(shown)), [m.title for m in reversed(shown)])
        axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(axis="x", color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel("held-out log-likelihood, nats per row (right is better)")
    return svg(figure, "leaderboard", "Held-out log-likelihood of each model with its error bar")


def _mark(axes: Axes, estimate: Estimate, height: int, low: float) -> None:
    """A marker with its error bar; values left of the axis are written at its edge."""
    kind, value = KINDS[estimate.kind], estimate.value or 0.0
    if value < low:
        axes.annotate(
            f"← {value:.4g}", (0, height), xycoords=("axes fraction", "data"), va="center",
            fontsize=8, color=kind.color,
        )  # fmt: skip
        return
    error = estimate.stderr if estimate.stderr and math.isfinite(estimate.stderr) else 0.0
    axes.errorbar(
        [value], [height], xerr=[error], fmt=kind.marker, color=kind.color,
        markersize=7, capsize=3, elinewidth=1.4, markeredgecolor="white", markeredgewidth=0.6,
    )  # fmt: skip


def _limits(estimates: list[Estimate], entropy: Estimate | None) -> tuple[float, float]:
    """An axis range for the best models; much worse ones lie left of it."""
    values = np.array([e.value for e in estimates])
    if entropy is not None and entropy.value is not None:
        values = np.append(values, -entropy.value)
    best = values.max()
    spread = max(float(np.median(best - values)), 1e-6)
    low = max(values.min(), best - 8 * spread)
    errors = max((e.stderr or 0.0) for e in estimates)
    margin = 0.06 * (best - low) + (errors if math.isfinite(errors) else 0.0) + 1e-9
    return low - margin, best + margin


def curves(models: Sequence[ModelPart]) -> Markup | None:
    """Loss and held-out loss against rounds, one panel per model."""
    figure = curves_figure(models)
    return figure and svg(figure, "curves", "Training curves of each model")


def curves_figure(models: Sequence[ModelPart]) -> Figure | None:
    """The same as a figure; None without a history."""
    shown = [m for m in models if len(m.history) > 1]
    if not shown:
        return None
    across = min(3, len(shown))
    down = math.ceil(len(shown) / across)
    with rc():
        figure = Figure(figsize=(WIDTH, 2.4 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, model in zip(panels, shown, strict=False):
            _curves(axes, model.history)
            axes.set_title(model.title, loc="left")
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
    return figure


def _curves(axes: Axes, history: list[dict[str, Any]]) -> None:
    rounds = [entry.get("round", i) for i, entry in enumerate(history)]
    names = _names(history)
    seen = []
    for index, name in enumerate(names):
        values = [_finite(entry.get(name)) for entry in history]
        seen += values[len(values) // 20 :]
        held = name == "held_out"
        axes.plot(
            rounds, values, linewidth=1.7 if held else 1.1, zorder=3 if held else 2,
            color=INK if held else MODELS[index % len(MODELS)],
            label="held-out loss" if held else name.replace("_", " ").replace("/", " "),
        )  # fmt: skip
    finite = np.array([v for v in seen if math.isfinite(v)])
    if finite.size and np.ptp(finite) > 0:
        low, high = np.percentile(finite, [0, 98])
        pad = 0.08 * (high - low) + 1e-12
        axes.set_ylim(low - pad, high + pad)
    axes.set_xlabel("round")
    axes.grid(color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
    axes.locator_params(axis="x", nbins=4)
    axes.legend(loc="best", handlelength=1.4, labelcolor=MUTED)


def _names(history: list[dict[str, Any]]) -> list[str]:
    """The held-out loss and the first few losses."""
    keys = dict.fromkeys(k for entry in history for k in entry if k not in ("round", "seconds"))
    losses = [k for k in keys if "loss" in k] or [k for k in keys if k != "held_out"]
    held = ["held_out"] if "held_out" in keys else []
    return losses[: MOST_CURVES - len(held)] + held


def _finite(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
