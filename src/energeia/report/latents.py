"""The section about latent spaces of autoencoders: their numbers, and where their pictures are."""

import math
from typing import NamedTuple

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from energeia.estimate import Estimate, Kind
from energeia.records import LatentSummary
from energeia.report.content import ModelPart, Page
from energeia.report.latent_pictures import PairTable, latents_figure, pair_table
from energeia.report.numbers import number, probability
from energeia.report.pictures import panels_of
from energeia.report.style import INK, KINDS, MUTED, WIDTH, rc, svg

MOST_BARS = 48
_FEW_BARS = 16
_NEAR_LIMIT = 0.5
"""Nats below the logarithm of the number of rows."""


class LatentCell(NamedTuple):
    """One number of the table, with its kind."""

    text: str
    kind: Kind
    bad: bool = False


class LatentLine(NamedTuple):
    """One quantity across the models, and what it means."""

    name: str
    meaning: str
    cells: list[LatentCell]


class LatentPart(NamedTuple):
    """The picture of one model."""

    title: str
    figure: Markup
    table: PairTable | None


class LatentSection(NamedTuple):
    """Everything in the section."""

    titles: list[str]
    lines: list[LatentLine]
    bars: Markup
    parts: list[LatentPart]
    rows: str
    """How many the numbers are of."""
    saturated: str
    """The models whose information is at its limit, or empty."""


def latent_section(page: Page) -> LatentSection | None:
    """What the page says of latent spaces; None without an autoencoder that was evaluated."""
    found = [
        (model, model.evaluation.latent)
        for model in page.models
        if model.evaluation is not None and model.evaluation.latent is not None
    ]
    if not found:
        return None
    parts = []
    for index, (model, _) in enumerate(found):
        if model.latent is not None:
            label = f"Reconstructions and traversals of the latent space of {model.title}"
            figure = svg(latents_figure(page, model.latent), f"latent{index}", label)
            parts.append(LatentPart(model.title, figure, pair_table(page, model.latent)))
    label = "KL divergence of each latent dimension from the prior"
    return LatentSection(
        titles=[model.title for model, _ in found],
        lines=_lines([latent for _, latent in found]),
        bars=svg(bars_figure(found), "latent-bars", label),
        parts=parts,
        rows=" or ".join(f"{count:,}" for count in sorted({latent.rows for _, latent in found})),
        saturated=", ".join(model.title for model, latent in found if _saturated(latent)),
    )


def _saturated(latent: LatentSummary) -> bool:
    """Whether nearly every row is told from all others, so that the number of rows limits the
    information, and the total correlation is what is left of the divergence."""
    value = latent.information.value
    return value is not None and value > math.log(latent.rows) - _NEAR_LIMIT


def _lines(latents: list[LatentSummary]) -> list[LatentLine]:
    limits = " or ".join(f"{math.log(rows):.2f}" for rows in sorted({z.rows for z in latents}))
    named: list[tuple[str, str, list[LatentCell]]] = [
        (
            "aggregated posterior against the prior, p-value",
            "Energy distance between latent vectors of rows and draws of the prior. If p is small, "
            "samples are decoded from latent vectors that no row has.",
            [_tested(latent.prior_p_value) for latent in latents],
        ),
        (
            "mean KL(q(z|x) || p(z))",
            "What the lower bound pays for the latent vector of a row; the next three add up to "
            "it, up to their errors.",
            [_cell(latent.divergence) for latent in latents],
        ),
        (
            "information between row and latent vector",
            "How well the latent vector tells its row from the others: at most the logarithm of "
            f"the number of rows, {limits}.",
            [_cell(latent.information) for latent in latents],
        ),
        (
            "total correlation",
            "How much the latent dimensions depend on each other: 0 if they are independent.",
            [_cell(latent.total_correlation) for latent in latents],
        ),
        (
            "dimension-wise KL",
            "How far each dimension alone is from the prior, summed: 0 if all follow it.",
            [_cell(latent.dimension_wise) for latent in latents],
        ),
        (
            "active dimensions",
            "Dimensions whose posterior mean varies from row to row; the others carry nothing.",
            [
                LatentCell(f"{sum(latent.active)} of {len(latent.active)}", "estimate")
                for latent in latents
            ],
        ),
    ]
    return [LatentLine(*line) for line in named]


def _cell(estimate: Estimate) -> LatentCell:
    return LatentCell(number(estimate), estimate.kind)


def _tested(p: float | None) -> LatentCell:
    if p is None:
        return LatentCell("—", "none")
    return LatentCell(probability(p), "estimate", p < 0.01)


def bars_figure(found: list[tuple[ModelPart, LatentSummary]]) -> Figure:
    """The divergence of each dimension with its error, the largest first, one panel per model."""
    down, across = panels_of(len(found))
    with rc():
        figure = Figure(figsize=(WIDTH, 1.9 * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (model, latent) in zip(panels, found, strict=False):
            _bars(axes, latent, wide=across == 1)
            axes.set_title(model.title, loc="left")
        for axes in panels[len(found) :]:
            axes.set_visible(False)
        panels[0].set_ylabel("KL, nats")
    return figure


def _bars(axes: Axes, latent: LatentSummary, *, wide: bool) -> None:
    shown = latent.order[:MOST_BARS]
    each = [latent.per_latent[j] for j in shown]
    colors = [
        KINDS[e.kind].color if latent.active[j] else MUTED for j, e in zip(shown, each, strict=True)
    ]
    axes.bar(
        range(len(shown)), [e.value or 0.0 for e in each], yerr=[e.stderr or 0.0 for e in each],
        color=colors, width=0.7, error_kw={"elinewidth": 1.0, "ecolor": INK},
    )  # fmt: skip
    every = 1 if wide or len(shown) <= _FEW_BARS else 4
    axes.set_xticks(range(0, len(shown), every), [f"z{j}" for j in shown[::every]])
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, max(len(shown), _FEW_BARS) - 0.4)
    axes.locator_params(axis="y", nbins=4)
