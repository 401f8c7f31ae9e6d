"""The section about latent spaces: its numbers are those of the report, and flows have none."""

import dataclasses
import json
import re

import msgspec
import numpy as np
import pytest

import energeia
from energeia.errors import InputError
from energeia.evaluation import EvaluationBudget
from energeia.report.gather import page_of, report_runs
from energeia.report.latents import latent_section
from energeia.report.numbers import number, probability
from energeia.report.page import render
from energeia.runs.storage.directory import RunDirectory

from .examples import digits_page, latent_summary, plane_page, table_page
from .test_page import without_pictures

ROWS = np.random.default_rng(0).normal(size=(300, 3)) @ np.diag([1.0, 2.0, 3.0])
BUDGET = EvaluationBudget(rows=100, permutations=9, weights_per_row=2)
TERMS = ("divergence", "information", "total_correlation", "dimension_wise")


def fitted(folder, recipe, **options):
    training = {"rounds": 2, "check_every": 1, "batch": 16, "mode": "step"}
    options |= {"training": training, "width": 8}
    run = energeia.fit(ROWS, recipe, out=folder, options=options, quiet=True)
    energeia.evaluate(run, budget=BUDGET)
    return run


def section_of(text):
    found = re.search(r'<section id="latent">.*?</section>', text, re.DOTALL)
    return None if found is None else found.group()


def test_the_numbers_of_a_run_are_those_of_its_latent_report(tmp_path):
    run = fitted(tmp_path / "vae", "vae", latent=2, depth=0)
    directory = RunDirectory.open(run.path)
    page, _, record = report_runs([directory], tmp_path / "report.html")
    held_out = page_of([directory]).held_out
    report, other = run.latent_report(held_out), run.latent_report(held_out[::2])
    stored = json.loads(record.read_text())["models"][0]["evaluation"]["latent"]
    for name in TERMS:
        estimate = getattr(report, name)
        assert (stored[name]["value"], stored[name]["kind"]) == (estimate.value, estimate.kind)
    assert [e["value"] for e in stored["per_latent"]] == [e.value for e in report.per_latent]
    assert stored["prior_p_value"] == report.prior_p_value
    assert (stored["rows"], tuple(stored["active"])) == (len(held_out), report.active)
    section = section_of(page.read_text())
    for name in TERMS:
        assert f"{number(getattr(report, name))}<br>" in section
    assert f"{probability(report.prior_p_value)}<br>" in section
    assert f"{sum(report.active)} of 2<br>" in section
    # The control: the report of half of the rows is another one.
    assert f"{number(other.information)}<br>" not in section
    part = page_of([directory]).models[0].latent
    np.testing.assert_allclose(part.rows, held_out[: len(part.rows)], rtol=1e-5)
    assert part.traversals.shape == (2, 11, 3)
    titles = [axes.get_title("left") for axes in energeia.plot(run).latents().axes]
    assert titles == [f"z{j}" for j in part.dimensions]


def test_a_flow_has_no_such_section(tmp_path):
    run = fitted(tmp_path / "flow", "realnvp", layers=2)
    assert run.encode(ROWS[:2]).shape == (2, 3)  # although it has an encoder
    directory = RunDirectory.open(run.path)
    assert latent_section(page_of([directory])) is None
    assert not list(directory.path.glob("latent_*"))
    with pytest.raises(InputError, match="evaluate a run of an autoencoder"):
        energeia.plot(run).latents()


def test_every_number_has_its_kind_and_a_sentence():
    text = section_of(render(without_pictures(table_page())))
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    lines = re.findall(r"<tr>.*?</tr>", body, re.DOTALL)
    shown = ["0.002", "4.00 ± 0.05", "3.21 ± 0.04", "0.57 ± 0.03", "0.089 ± 0.002", "4 of 5"]
    kinds = ["estimate", "exact", "estimate", "estimate", "estimate", "estimate"]
    assert len(lines) == len(shown)
    for line, value, kind in zip(lines, shown, kinds, strict=True):
        assert value in line
        assert line.count('class="kind') == 1
        assert f">{kind}</span>" in line
        assert re.search(r"<td>[A-Z][^<]+\.</td>", line)


@pytest.mark.parametrize("make", [digits_page, plane_page, table_page])
def test_rows_are_shown_as_the_page_shows_rows(make):
    page = make()
    section = latent_section(page)
    (part,) = section.parts
    assert (part.table is not None) == (make is table_page)
    assert 'aria-label="Reconstructions and traversals of the latent space' in part.figure
    assert ("<image" in part.figure) == (make is not table_page)
    for j in (4, 3, 2, 1):
        assert f"z{j}</text>" in part.figure
    if part.table is not None:
        assert len(part.table.columns) == 8
        assert len(part.table.rows) == 6


def test_the_first_bars_are_those_of_the_most_active_dimensions():
    bars = str(latent_section(table_page()).bars)
    assert re.findall(r">(z\d)</text>", bars) == ["z4", "z3", "z2", "z1", "z0"]
    assert latent_summary().order == (4, 3, 2, 1, 0)


def test_information_at_its_limit_is_pointed_out():
    page = without_pictures(table_page())
    text = "tell nearly every row from all others"
    assert text not in section_of(render(page))  # 3.21 of at most 5.89
    vae = next(model for model in page.models if model.row.recipe == "vae")
    few = msgspec.structs.replace(vae.evaluation.latent, rows=30)
    evaluation = msgspec.structs.replace(vae.evaluation, latent=few)
    models = [dataclasses.replace(vae, evaluation=evaluation)]
    section = section_of(render(dataclasses.replace(page, models=models)))
    assert f"The latent vectors of vae {text}" in section
    assert "the number of rows, 3.40." in section


def test_pages_of_other_models_and_of_numbers_alone():
    page = table_page()
    bare = [dataclasses.replace(model, latent=None) for model in page.models]
    assert latent_section(dataclasses.replace(page, models=bare)).parts == []
    others = [model for model in page.models if model.row.recipe != "vae"]
    text = render(without_pictures(dataclasses.replace(page, models=others)))
    assert section_of(text) is None
    assert "Latent space" not in text
