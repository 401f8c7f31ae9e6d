"""One self-contained page without scripts, external files or dates, reproducible byte for byte."""

import csv
import dataclasses
import functools
import io
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup

from energeia.estimate import Estimate
from energeia.recipes.options.families import FAMILIES
from energeia.records import FEW_DRAWS, ObservableRow, TargetRow, TwoSample
from energeia.report import directions, figures, landscape, latents, pictures, summaries
from energeia.report.content import ModelPart, Page
from energeia.report.numbers import amount, headline_tests, marked, number, over_seeds, probability
from energeia.report.style import KINDS, formula
from energeia.report.weights import weight_histograms
from energeia.runs.storage.files import write_whole

_HERE = Path(__file__).parent
LARGE_PULL, LARGE_R_HAT = 3.0, 1.01


class TableCell(NamedTuple):
    """One number of the table of observables."""

    text: str
    pull: str
    """Distance from the truth in standard errors; empty for the truth itself."""
    bad: bool


class ObservableLine(NamedTuple):
    """One quantity across the models."""

    name: str
    unit: str
    truth: str
    """The exact value, or empty."""
    data: TableCell
    models: list[TableCell]


def write_report(page: Page, path: str | Path) -> list[Path]:
    """Write the page, and ``leaderboard.csv`` and ``report.json`` in the same folder.

    Each file is written atomically. Returns the three paths, the page first.

    Raises:
        InputError: if the folder cannot be written or the disk is full.
    """
    path = Path(path)
    files = {
        path: render(page),
        path.with_name("leaderboard.csv"): leaderboard_csv(page),
        path.with_name("report.json"): report_json(page),
    }
    for each, content in files.items():
        write_whole(each, content)
    return list(files)


class TargetLine(NamedTuple):
    """A line of a table about an energy that models were trained on."""

    title: str
    condition: str
    row: Any


@functools.cache
def _template() -> jinja2.Template:
    """The template, compiled once for all pages of a process."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "number": number, "over_seeds": over_seeds, "marked": marked, "amount": amount,
        "probability": probability,
    }  # fmt: skip
    environment.globals |= {"kinds": KINDS, "exact": Estimate.exact}
    return environment.get_template("page.html")


def render(page: Page) -> str:
    """The page as text."""
    models = summaries.ranked(page.models)
    page = dataclasses.replace(page, models=models)
    return _template().render(
        page=page,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        models=models,
        summary_sentences=summaries.summary_sentences(page),
        trust={family: FAMILIES[family].trust for family in _families(models)},
        labels=[
            (kind, formula(latex) if latex else "", text) for kind, latex, text in summaries.LABELS
        ],
        entropy=_entropy(models),
        leaderboard=figures.leaderboard(models, _entropy(models)),
        # Runs about an energy have no rows to score: their numbers are the section of targets.
        scored=not all(m.evaluation and m.evaluation.target for m in models),
        reference=reference_row(models),
        tests=headline_tests(m.row for m in models),
        curves=figures.curves(models),
        landscapes=landscape.landscapes(page),
        latent=latents.latent_section(page),
        observables=observable_lines(models),
        targets=target_lines(models),
        target_means=target_means(models),
        weights=weight_histograms(models),
        few=FEW_DRAWS,
        command=_command(page.environment),
        versions=_versions(page.environment),
        large_r_hat=LARGE_R_HAT,
        **_pictures(page),
    )


def leaderboard_csv(page: Page) -> str:
    """The leaderboard as a table: one line per model, every estimate with its error and kind."""
    buffer = io.StringIO()
    names = list(dict.fromkeys(n for m in page.models for n in m.row.two_sample))
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        ["recipe", "family", "run", "log_likelihood", "log_likelihood_stderr",
         "log_likelihood_kind", "log_likelihood_spread", "seeds", "caution",
         *(c for n in names for c in (n, f"{n} stderr")),
         "seconds", "compile_seconds", "samples_per_second", "parameters"]
    )  # fmt: skip
    for model in summaries.ranked(page.models):
        row, score = model.row, model.row.log_likelihood
        tests = [row.two_sample.get(n) for n in names]
        writer.writerow(
            [row.recipe, row.family, row.run, score.value, score.stderr, score.kind, row.spread,
             row.seeds, row.caution,
             *(v for e in tests for v in ((e.value, e.stderr) if e else (None, None))),
             row.seconds, row.compile_seconds, row.samples_per_second, row.parameters]
        )  # fmt: skip
    return buffer.getvalue()


def report_json(page: Page) -> bytes:
    """Everything on the page except pictures, as one JSON object."""
    content = {
        "data": page.data,
        "support": str(page.support),
        "layout": page.layout,
        "warnings": page.warnings,
        "environment": page.environment,
        "models": [
            {
                "leaderboard": m.row,
                "evaluation": m.evaluation,
                "title": m.title,
                **({"certificate": m.certificate} if m.certificate else {}),
            }
            for m in summaries.ranked(page.models)
        ],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"


def reference_row(models: list[ModelPart]) -> dict[str, TwoSample]:
    """The tests of training against held-out data, by name, from the first model that has each."""
    found: dict[str, TwoSample] = {}
    for model in models:
        for test in model.evaluation.two_sample if model.evaluation else ():
            found.setdefault(test.name, test)
    return found


def observable_lines(models: list[ModelPart]) -> list[ObservableLine]:
    """Every observable of any model, with pulls in standard errors.

    The pull is (value - truth) / sqrt(error^2 + error of truth^2), the truth being the exact value
    where there is one and the data otherwise.
    """
    by_model = [
        {o.name: o for o in (m.evaluation.observables if m.evaluation else ())} for m in models
    ]
    firsts: dict[str, ObservableRow] = {}
    for rows in by_model:
        for name, row in rows.items():
            firsts.setdefault(name, row)
    lines = []
    for name, first in firsts.items():
        cells = [
            _cell(rows[name].model, rows[name].exact or rows[name].data)
            if name in rows else TableCell("—", "", False)
            for rows in by_model
        ]  # fmt: skip
        exact = "" if first.exact is None else number(first.exact)
        data = (
            _cell(first.data, first.exact)
            if first.exact
            else TableCell(number(first.data), "", False)
        )
        lines.append(ObservableLine(name, first.unit, exact, data, cells))
    return lines


def target_lines(models: list[ModelPart]) -> list[TargetLine]:
    """What models that were trained on an energy say of it, condition by condition."""
    return [
        TargetLine(model.title, _condition(row), row)
        for model in models
        if model.evaluation
        for row in model.evaluation.target
    ]


def target_means(models: list[ModelPart]) -> list[TargetLine]:
    """Means under the target, estimated by models that were trained on it."""
    lines = target_lines(models)
    return [TargetLine(line.title, "", mean) for line in lines for mean in line.row.observables]


def _condition(row: TargetRow) -> str:
    return ", ".join(f"{name} = {value:.4g}" for name, value in row.condition.items())


def _cell(value: Estimate, truth: Estimate) -> TableCell:
    error = ((value.stderr or 0.0) ** 2 + (truth.stderr or 0.0) ** 2) ** 0.5
    if value.value is None or truth.value is None or not error > 0:
        return TableCell(number(value), "", False)
    pull = (value.value - truth.value) / error
    text = f"{pull:+.1f} σ".replace("-", "−") if abs(pull) < 1000 else "> 1000 σ"
    return TableCell(number(value), text, abs(pull) > LARGE_PULL)


def _pictures(page: Page) -> dict[str, Any]:
    """The pictures for a layout: mosaics, planes, or marginals with pairs and correlations."""
    found: dict[str, Any] = {
        "mosaics": [], "planes": None, "marginals": None, "maps": [], "pairs": [],
        "correlations": None,
    }  # fmt: skip
    if len(page.held_out) == 0:
        return found
    if pictures.is_image(page.layout):
        return found | {"mosaics": pictures.mosaics(page)}
    if page.support.width == 2:
        return found | {"planes": pictures.planes(page), "marginals": pictures.marginals(page)}
    return found | {
        "marginals": pictures.marginals(page),
        "maps": directions.maps(page),
        "pairs": pictures.pairs(page),
        "correlations": pictures.correlations(page),
    }


def _families(models: list[ModelPart]) -> list[str]:
    present = [m.row.family for m in models]
    return [family for family in FAMILIES if family in present]


def _entropy(models: list[ModelPart]) -> Estimate | None:
    found = [m.evaluation.entropy for m in models if m.evaluation and m.evaluation.entropy]
    return found[0] if found else None


def _command(environment: dict[str, Any]) -> str:
    command = environment.get("command", "")
    return command if isinstance(command, str) else shlex.join(map(str, command))


def _versions(environment: dict[str, Any]) -> list[tuple[str, str]]:
    own = [(k, str(environment[k])) for k in ("energeia", "python", "device") if k in environment]
    return own + [(k, str(v)) for k, v in environment.get("packages", {}).items()]
