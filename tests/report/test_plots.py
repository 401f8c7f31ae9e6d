"""Figures of one run and tables for notebooks."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import energeia
from energeia.errors import InputError
from energeia.evaluation import EvaluationBudget
from energeia.report.plots import Plots

from .examples import digits_page, plane_page
from .test_landscape import with_panorama

ROWS = np.random.default_rng(0).normal(size=(300, 3))
BUDGET = EvaluationBudget(rows=100, permutations=9)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    training = {"rounds": 2, "check_every": 1, "batch": 16}
    options = {"layers": 2, "width": 4, "training": training}
    return energeia.fit(
        ROWS, "realnvp", out=tmp_path_factory.mktemp("runs") / "run", options=options, quiet=True
    )


def test_a_run_has_figures_once_it_is_evaluated(run):
    plots = energeia.plot(run)
    assert len(plots.training().axes) == 1
    for name in ("samples", "pairs", "landscape"):
        with pytest.raises(InputError, match="evaluate it first"):
            getattr(plots, name)()
    found = energeia.evaluate(run, budget=BUDGET)
    for figure in (plots.samples(), plots.pairs(), plots.pairs(0, 2)):
        assert isinstance(figure, Figure)
    labels = plots.pairs(0, 2).get_supxlabel(), plots.pairs(0, 2).get_supylabel()
    assert labels == ("x0", "x2")
    assert len(energeia.plot(str(run.path)).samples().axes) == 3
    with pytest.raises(InputError, match="two different ones below 3"):
        plots.pairs(0, 3)
    table = found._repr_html_()
    assert f"<td>{found.log_likelihood} (exact)</td>" in table
    assert "realnvp" in run._repr_html_()
    assert "log-likelihood" in run._repr_html_()


def test_images_are_shown_as_mosaics_and_a_landscape_where_there_is_one(monkeypatch, run):
    digits = digits_page()
    monkeypatch.setattr(Plots, "page", digits)
    titles = [axes.get_title("left") for axes in energeia.plot(run).samples().axes]
    assert titles[0] == "held-out data"
    assert digits.models[0].title in titles
    with pytest.raises(InputError, match="has no landscape"):
        energeia.plot(run).landscape()
    monkeypatch.setattr(Plots, "page", with_panorama(plane_page()))
    assert isinstance(energeia.plot(run).landscape(), Figure)


def test_an_estimate_is_shown_with_its_kind_and_its_note():
    text = energeia.Estimate(-1.0, 0.25, "lower bound", 9, "a < b")._repr_html_()
    assert "&gt;= -1.0 &plusmn; 0.2" in text
    assert "(lower bound, n = 9)" in text
    assert 'title="a &lt; b"' in text


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        energeia.plot(tmp_path)
