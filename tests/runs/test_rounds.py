"""How many rounds a run is given: written down as they are, few for few rows."""

import numpy as np
import pytest

from energeia.cli.main import main
from energeia.recipes.catalogue import find
from energeia.runs.comparison import scaled
from energeia.runs.opening import open_rows
from energeia.runs.sessions import new_session
from energeia.runs.storage.config import DataConfig, RunConfig


@pytest.mark.parametrize(("count", "rounds"), [(1000, 546), (20_000, 9000)])
def test_a_machine_passes_over_few_rows_a_bounded_number_of_times(count, rounds, tmp_path):
    rows = (np.random.default_rng(0).random((count, 6)) < 0.5).astype(np.int8)
    np.save(tmp_path / "x.npy", rows)
    data = DataConfig(spec=str(tmp_path / "x.npy"))
    config = RunConfig(recipe="rbm", data=data, options=find("rbm").options())
    session = new_session(tmp_path / "run", config, open_rows(data))
    written = session.directory.config().options.training
    assert (written.rounds, written.passes) == (rounds, 0)


def test_a_comparison_multiplies_the_rounds_that_are_left():
    assert scaled(find("rbm"), 1.0, 1436).training.rounds == 350 * 1436 // 359
    assert scaled(find("rbm"), 2.0, 1436).training.rounds == 2 * 350 * 1436 // 359
    assert scaled(find("rbm"), 0.5, 20_000).training.rounds == 4500
    assert scaled(find("gan"), 1.0, 1436).training.rounds == find("gan").options().training.rounds
    few = scaled(find("gan"), 0.001, 1436).training
    assert few.check_every == few.rounds < find("gan").options().training.check_every


@pytest.mark.parametrize(("passes", "said"), [(10, True), (0, False)])
def test_a_fit_says_that_it_was_shortened(passes, said, tmp_path, capsys):
    training = {"batch": 100, "rounds": 60, "check-every": 20, "passes": passes}
    words = ["fit", "moons:n=400", "made", "--out", tmp_path / "run", "--orders", 1, "--width", 32]
    for name, value in training.items():
        words += [f"--training.{name}", value]
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    assert stop.value.code == 0
    shortened = "38 rounds in place of 60, which are 10 passes over 380 rows"
    assert (shortened in capsys.readouterr().err) == said
