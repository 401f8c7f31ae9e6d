"""The page says what the records say, fetches nothing, and is the same bytes each time."""

import csv
import dataclasses
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
from rich.console import Console

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.records import Evaluation, TargetRow
from energeia.report import page as page_module
from energeia.report import pictures, summaries
from energeia.report.numbers import headline_tests
from energeia.report.page import observable_lines, render, write_report
from energeia.report.tables import print_leaderboard

from .examples import PAGES, digits_page, ising_page, latent_picture, plane_page, table_page


class Reader(HTMLParser):
    """Collects identifiers, addresses and unclosed elements."""

    VOID = frozenset(("meta", "br", "img", "path", "use", "rect", "line", "circle", "mspace"))

    def __init__(self):
        super().__init__()
        self.ids, self.addresses, self.tags, self.open = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href", "action", "data", "poster", "srcset"):
                self.addresses.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        assert self.open.pop() == tag


def two_models(page):
    return dataclasses.replace(page, models=page.models[:2])


def without_pictures(page):
    """Nearly all the time of a page is that of its pictures."""
    models = [dataclasses.replace(model, history=[]) for model in page.models]
    return dataclasses.replace(page, models=models, held_out=page.held_out[:0])


@pytest.fixture(scope="module")
def rendered():
    """One page of all families of models, and one of each other layout."""
    return {
        name: render(make() if name == "ising" else two_models(make()))
        for name, make in PAGES.items()
    }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_fetches_nothing(rendered, name):
    text = rendered[name]
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert not reader.tags & {"script", "iframe", "link", "object", "embed", "form"}
    for address in reader.addresses:
        assert address.startswith(("#", "data:image/png")), address
    known = {f"#{each}" for each in reader.ids}
    assert {a for a in reader.addresses if a.startswith("#")} <= known
    assert set(re.findall(r"url\((#[^)]+)\)", text)) <= known
    assert not re.search(r"@import|url\((?!#)|javascript:|\son\w+=", text)
    assert len(text.encode()) < 1_000_000


def test_the_same_records_are_the_same_bytes(rendered):
    assert render(two_models(plane_page())) == rendered["plane"]


def test_numbers_and_kinds_of_the_records_are_shown(rendered):
    text = rendered["ising"]
    assert "−18.1 ± 0.3" in text
    assert "−18.05" in text  # minus the exact entropy
    assert '<span class="kind exact">exact</span>' in text
    assert '<span class="kind estimate">estimate</span>' in text
    assert "a generator without noise has no density" in text
    assert "R-hat is above 1.01: run longer chains" in text
    assert "energeia compare ising:L=8,beta=0.44068679 --seed 0" in text


def test_a_page_about_an_energy_has_no_columns_of_log_likelihoods(rendered):
    page, none = without_pictures(plane_page()), Estimate.none("it has no rows")
    row = TargetRow(
        free_energy=Estimate(1.25, 0.01, "upper bound", 100),
        log_partition=Estimate(-1.24, 0.01, "estimate", 100),
        exact_log_partition=-1.23456,
        effective_fraction=0.9,
        largest_share=0.002,
        acceptance=0.75,
        longest_rejection=9,
        weight_edges=(-1.0, 0.0, 1.0),
        weight_counts=(40, 60),
    )
    about = [
        dataclasses.replace(
            model,
            row=msgspec.structs.replace(model.row, log_likelihood=none),
            evaluation=Evaluation(log_likelihood=none, target=(row,)),
        )
        for model in page.models
    ]
    text = render(dataclasses.replace(page, models=about))
    assert "<h2>Target</h2>" in text
    assert "<h2>Models</h2>" in text
    assert "−1.23456" in text
    assert "0.2 %" in text
    assert "0.75<br><small>9</small>" in text
    assert "log w − log Z" in text
    assert "nats per row" not in text
    assert "Two-sample tests" not in text
    # The controls: a page of rows, and one where a model of rows stands beside one of an energy.
    for other in (
        rendered["plane"],
        render(dataclasses.replace(page, models=[about[0], *page.models[1:]])),
    ):
        assert "<h2>Leaderboard</h2>" in other
        assert "nats per row" in other


def test_what_users_wrote_is_escaped(rendered):
    assert "repeat &lt;b&gt;an earlier&lt;/b&gt; row" in rendered["ising"]
    page = plane_page()
    bad = dataclasses.replace(
        page, title="<script>alert(1)</script>",
        columns=("<script>alert(2)</script>", "$\\bad & $"),
        models=[dataclasses.replace(page.models[0], history=[])],
    )  # fmt: skip
    assert "<script" not in render(bad)


def test_each_layout_gets_its_pictures(rendered):
    assert rendered["digits"].count("<img") == 3
    assert rendered["ising"].count("<img") == 6
    assert 'aria-label="Density of x0 and x1"' in rendered["plane"]
    assert 'aria-label="Correlation matrices' in rendered["table"]
    assert "<img" not in rendered["table"]


def test_files_beside_the_page(tmp_path):
    page = without_pictures(ising_page())
    paths = write_report(page, tmp_path / "report.html")
    assert [p.name for p in paths] == ["report.html", "leaderboard.csv", "report.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths)
    lines = list(csv.DictReader(io.StringIO(paths[1].read_text())))
    assert [line["recipe"] for line in lines] == ["made", "vae", "spline-flow", "rbm", "gan"]
    assert lines[0]["log_likelihood_kind"] == "exact"
    assert lines[-1]["log_likelihood"] == ""
    models = json.loads(paths[2].read_text())["models"]
    assert models[0]["leaderboard"]["log_likelihood"]["value"] == -18.08
    assert models[0]["evaluation"]["two_sample"][0]["name"] == "classifier AUC"


def test_a_caution_stands_beside_its_number(tmp_path):
    page = without_pictures(ising_page())
    doubted = next(m for m in page.models if m.row.recipe == "rbm")
    doubt = msgspec.structs.replace(doubted.row, caution="the two sides lie apart")
    models = [dataclasses.replace(m, row=doubt) if m is doubted else m for m in page.models]
    paths = write_report(dataclasses.replace(page, models=models), tmp_path / "report.html")
    assert paths[0].read_text().count('title="the two sides lie apart"') == 1
    lines = {line["recipe"]: line for line in csv.DictReader(io.StringIO(paths[1].read_text()))}
    assert lines["rbm"]["caution"] == "the two sides lie apart"
    assert lines["made"]["caution"] == ""
    console = Console(file=io.StringIO(), width=140, color_system=None)
    print_leaderboard([m.row for m in models], console=console)
    printed = console.file.getvalue()
    assert "rbm: the two sides lie apart" in printed
    assert printed.count(" !") == 1


def test_a_failure_leaves_the_old_page(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("the old page")
    monkeypatch.setattr(page_module, "report_json", lambda page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(without_pictures(plane_page()), path)
    assert path.read_text() == "the old page"
    with pytest.raises(InputError, match="could not be written"):
        write_report_into_nothing(tmp_path, monkeypatch)


def write_report_into_nothing(tmp_path, monkeypatch):
    monkeypatch.undo()
    write_report(without_pictures(plane_page()), tmp_path / "no-such-folder" / "report.html")


def test_pulls_are_in_standard_errors():
    lines = observable_lines(summaries.ranked(ising_page().models))
    energy = lines[0]
    assert energy.truth == "−1.4364"
    assert energy.models[0].pull == "−0.4 σ"  # (-1.438 + 1.4364) / 0.004
    assert not energy.models[0].bad
    assert energy.models[1].bad  # (-1.424 + 1.4364) / 0.004 = 3.1


def test_poor_runs_make_a_page_too():
    page = table_page()
    bare = [
        dataclasses.replace(m, evaluation=None, history=[], samples=None) for m in page.models[:1]
    ]
    row = msgspec.structs.replace(
        bare[0].row, log_likelihood=Estimate.none("failed at round 40"), two_sample={},
        seconds=None, compile_seconds=None, samples_per_second=None, parameters=None,
    )  # fmt: skip
    bare[0] = dataclasses.replace(bare[0], row=row)
    text = render(dataclasses.replace(page, models=bare, held_out=np.empty((0, 10)), data={}))
    assert "failed at round 40" in text
    assert "No rows were kept for pictures" in text
    assert "No training history" in text
    assert render(dataclasses.replace(page, models=[]))


def test_rows_that_are_not_finite_are_left_out_of_pictures():
    page = plane_page()
    samples = page.models[0].samples.copy()
    samples[::2] = np.nan
    broken = [
        dataclasses.replace(model, samples=rows, history=[])
        for model, rows in zip(page.models, (samples, np.full((10, 2), np.inf)), strict=False)
    ]
    page = dataclasses.replace(page, models=broken)
    assert [len(c.rows) for c in pictures.clouds(page)] == [8000, 4000]
    assert render(page)


@pytest.mark.parametrize("width", [1, 2, 3, 100])
def test_any_number_of_columns(width):
    page = digits_page()
    rows = np.random.default_rng(0).normal(size=(50, width))
    latent = latent_picture(rows)
    one = dataclasses.replace(page.models[0], samples=rows + 0.1, history=[], latent=latent)
    support = table_page().support.select([0] * width)
    found = dataclasses.replace(page, models=[one], layout=(width,), support=support, held_out=rows)
    assert "<svg" in render(found)


def test_in_short_follows_from_the_rows():
    said = " ".join(summaries.summary_sentences(digits_page()))
    assert "Best exact log-likelihood: made, −89.6 ± 0.3 nats per row." in said
    assert "lower bound of vae, −81.8 ± 0.3 nats per row, already lies above it" in said
    assert headline_tests(m.row for m in digits_page().models) == [
        "classifier AUC", "energy distance",
    ]  # fmt: skip


def test_in_short_names_the_models_that_a_mixture_beats():
    page = digits_page()
    assert not any("baseline" in text for text in summaries.summary_sentences(page))
    vae = next(model for model in page.models if model.row.recipe == "vae")
    simple = msgspec.structs.replace(vae.row, recipe="mixture", family="mixture")
    other = dataclasses.replace(vae, row=simple, name="mixture")
    page = dataclasses.replace(page, models=[*page.models, other])
    said = summaries.summary_sentences(page)
    (below,) = [text for text in said if text.startswith("Below mixture, the best baseline")]
    assert "made (7.8 nats per row)" in below
    assert "vae" not in below


@pytest.mark.process
def test_a_report_needs_no_jax():
    code = (
        "import sys, energeia.report.page, energeia.report.tables, energeia.report.gather; "
        "assert not {'jax', 'equinox'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
