import json
import os
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from energeia.data.inspection import Inspection, inspect
from energeia.data.named.catalog import NAMED
from energeia.data.sources import open_data
from energeia.physics.lattice.ising import Ising


def test_every_source_of_ising_agrees_with_enumeration():
    data = open_data("ising:L=3,beta=0.3,h=0.1,n=50")
    states = np.array(np.meshgrid(*[[-1.0, 1.0]] * 9)).reshape(9, -1).T
    log_prob = data.source.log_prob(states)
    p = np.exp(log_prob)
    assert abs(p.sum() - 1) < 1e-10
    assert abs(data.source.entropy + np.sum(p * log_prob)) < 1e-9
    assert data.symmetries == ("translations", "transposition")
    for symmetry in (lambda s: np.roll(s, 1, 1), lambda s: s.transpose(0, 2, 1)):
        moved = symmetry(states.reshape(-1, 3, 3)).reshape(-1, 9)
        np.testing.assert_allclose(data.source.log_prob(moved), log_prob, atol=1e-12)
    # The control: in a field the flip is no symmetry, and it is not declared.
    assert np.max(np.abs(data.source.log_prob(-states) - log_prob)) > 0.1


def test_seed_and_rows_decide_the_draw():
    first = open_data("ising:L=4,n=100", seed=1)
    again = open_data("ising:L=4", seed=1, rows=100)
    other = open_data("ising:L=4,n=100", seed=2)
    np.testing.assert_array_equal(first.rows, again.rows)
    assert first.provenance.sha256 == again.provenance.sha256 != other.provenance.sha256
    assert first.provenance.seed == 1
    assert first.layout == (4, 4)
    assert isinstance(first.source.model, Ising)
    names = [quantity.name for quantity, _ in first.source.observables()]
    assert "|m|" in names


def test_rows_of_a_file_are_chosen_by_seed():
    first, again, other = (open_data("digits", rows=200, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.rows, again.rows)
    assert not np.array_equal(first.rows, other.rows)
    assert first.provenance.part == "200 rows at random, seed 0"


TOYS = ("8gaussians", "checkerboard", "circles", "moons", "2spirals", "swissroll")


@pytest.mark.parametrize("name", TOYS)
def test_toys_know_their_density(name):
    data = open_data(f"{name}:n=4000", seed=5)
    assert data.rows.shape == (4000, 2)
    terms = -data.source.log_prob(data.rows)
    error = np.std(terms, ddof=1) / np.sqrt(len(terms))
    assert abs(np.mean(terms) - data.source.entropy) < 4 * error + 2e-3


def test_tables_and_labels():
    iris = open_data("iris:labels=1", condition_columns=["class"])
    assert iris.columns == ("sepal length", "sepal width", "petal length", "petal width")
    assert iris.condition is not None
    assert set(iris.condition[:, 0]) == {0.0, 1.0, 2.0}
    assert open_data("wine").dimension == 13
    assert open_data("breast-cancer").rows.shape == (569, 30)


@pytest.mark.skipif("ENERGEIA_DATA" not in os.environ, reason="the folder ENERGEIA_DATA is not set")
def test_images_from_a_folder():
    test = open_data("mnist:part=test")
    assert (test.rows.shape, test.layout) == ((10_000, 784), (28, 28))
    assert str(test.support) == "0-783: integer(0,255)"
    bits = open_data("binarized-mnist:part=valid")
    assert str(bits.support) == "0-783: binary(0,1)"
    assert bits.layout == (28, 28)


@pytest.mark.process
def test_files_are_inspected_without_jax():
    code = (
        "import sys; from energeia.data.inspection import inspect; inspect('digits'); "
        "assert 'jax' not in sys.modules and 'equinox' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_inspection_is_json_and_comes_back():
    found = inspect("ising:L=4,n=500")
    text = msgspec.json.encode(found)
    assert msgspec.json.decode(text, type=Inspection) == found
    assert json.loads(text)["support"][0]["support"] == "binary(-1,1)"
    assert found.entropy == pytest.approx(Ising(4, 0.44068679350977).solution.entropy)


def test_inspection_lists_what_a_fit_refuses(tmp_path):
    rows = np.random.default_rng(0).exponential(size=(60, 3))
    rows[:, 2] = 0.5
    rows[7, 0] = np.inf
    np.save(tmp_path / "a.npy", rows)
    found = inspect(str(tmp_path / "a.npy"))
    assert (found.bad_rows, found.first_bad_rows, found.rows) == (1, (7,), 59)
    assert found.constant_columns == (2,)
    assert len(found.refusals) == 2
    assert "--drop-bad-rows" in found.refusals[0]
    assert "--drop-columns 2" in found.refusals[1]
    assert found.suggestions == ("0-2:positive",)
    mended = inspect(str(tmp_path / "a.npy"), drop_bad_rows=True, drop_columns=[2])
    assert mended.refusals == ()


def test_names_are_unique_and_described():
    assert all(named.summary for named in NAMED.values())
