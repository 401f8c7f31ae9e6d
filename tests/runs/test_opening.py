"""Rows of a run and rows asked of the same source afterwards."""

import numpy as np
import pytest

from energeia.data.named import bundled, stacked
from energeia.data.readers import Table
from energeia.data.sources import open_data
from energeia.runs import verbs
from energeia.runs.opening import open_for, open_rows
from energeia.runs.storage.config import DataConfig


def shared(first, second):
    """How many rows of the second are among the first."""
    known = {row.tobytes() for row in np.asarray(first)}
    return sum(row.tobytes() in known for row in np.asarray(second))


@pytest.mark.parametrize("seed", [0, 3])
def test_rows_asked_of_a_source_are_never_those_of_the_run(seed):
    config = DataConfig(spec="moons:n=400", seed=3)
    rows = open_rows(config)
    other = open_for("moons:n=400", rows.problem, config, seed=seed)
    again = open_for("moons:n=400", rows.problem, config, seed=seed)
    for part in (rows.train, rows.valid, rows.test):
        assert shared(part.x, other.rows) == 0
    np.testing.assert_array_equal(other.rows, again.rows)
    # The control: the plain draw of the run's seed holds every training row.
    assert shared(open_data("moons:n=400", seed=3).rows, rows.train.x) == len(rows.train.x)


def test_the_parts_of_a_source_follow_the_fractions_that_are_asked_for():
    plain = open_rows(DataConfig(spec="moons:n=400"))
    assert [len(part.x) for part in plain[1:4]] == [380, 16, 2000]
    asked = open_rows(DataConfig(spec="moons:n=400", fractions=(0.5, 0.25, 0.25)))
    assert [len(part.x) for part in asked[1:4]] == [200, 100, 100]
    blocks = open_rows(DataConfig(spec="moons:n=400", blocks=True))
    np.testing.assert_array_equal(blocks.train.x, blocks.data.rows[:320])
    assert blocks.test.x.shape == (40, 2)


def test_stacks_of_images_follow_the_seed(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 4)).astype(np.uint8)
    monkeypatch.setattr(bundled, "mnist", lambda name, part: Table(images, None, alike=True))
    first, again, other = (open_data("stacked-mnist:n=30", seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, again.rows)
    assert not np.array_equal(first.rows, other.rows)
    assert first.provenance.seed == 1
    expected = stacked.stacked(images, 3, 30, 1)[0].reshape(30, -1)
    np.testing.assert_array_equal(first.rows, expected)


class Stopped(Exception):
    """Carries the configuration of a run that is not trained."""


@pytest.mark.parametrize(
    ("data", "expected"), [("moons:n=40", 5), (DataConfig(spec="moons:n=40", seed=2), 2)]
)
def test_the_seed_of_a_fit_is_that_of_its_data(data, expected, tmp_path, monkeypatch):
    def stop(path, config, *_, **__):
        raise Stopped(config)

    monkeypatch.setattr(verbs, "new_session", stop)
    with pytest.raises(Stopped) as caught:
        verbs.fit(data, "realnvp", out=tmp_path / "run", seed=5)
    assert caught.value.args[0].data.seed == expected
    assert caught.value.args[0].seed == 5
