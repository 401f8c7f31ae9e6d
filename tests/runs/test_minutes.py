"""Minutes become rounds by a trial, stored before training; no test looks at a clock."""

import itertools
import math

import numpy as np
import pytest
from studies.faults import FailingDisk, Operation, PowerCut, power_cut
from studies.kills import content

import energeia
from energeia._core import clock
from energeia._core.errors import InputError
from energeia.runs.estimates import estimate_sentence
from energeia.runs.shares import Shares
from energeia.runs.storage import files
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.timing import Costs, rounds_within, seconds_of, stored
from energeia.training.loop import TrainingProgress
from energeia.training.settings import Training
from energeia.training.state import BestSoFar

OPTIONS = {
    "width": 16,
    "training": {"rounds": 4, "check_every": 2, "checkpoint_every": 2, "batch": 32, "patience": 3},
}
MINUTES = 0.6


def ticking(seconds):
    """A clock that is later by some seconds each time it is asked."""
    return clock.Clock(now=itertools.count(0.0, seconds).__next__)


def fit(folder, monkeypatch, disk, tick=0.5, **given):
    monkeypatch.setattr(files, "disk", disk)
    monkeypatch.setattr(clock, "clock", ticking(tick))
    given = {"options": OPTIONS, "quiet": True, "minutes": MINUTES} | given
    return energeia.fit("ising:L=2,n=300", "made", out=folder, **given)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """An uninterrupted run, and every operation that it made."""
    folder, recorder = tmp_path_factory.mktemp("straight") / "run", FailingDisk()
    with pytest.MonkeyPatch.context() as patch:
        run = fit(folder, patch, recorder.disk())
    return run, content(folder), recorder.operations


def test_the_rounds_fit_in_the_minutes_and_are_those_of_the_configuration(straight):
    run, _, _ = straight
    timing, training = stored(run.directory), run.config.options.training
    assert timing.seconds == pytest.approx(60 * MINUTES, rel=0.15)
    assert (timing.rounds, timing.patience) == (training.rounds, training.patience)
    assert timing.rounds % training.check_every == 0
    # Patience is the same share of more rounds.
    assert training.patience == math.ceil(3 * timing.rounds / 4) > 3
    assert run.directory.status.rounds == timing.rounds
    assert run.config.minutes == MINUTES


def test_a_faster_machine_trains_more_rounds(straight, tmp_path, monkeypatch):
    # The control of every comparison below: rounds chosen anew would be others.
    slow, _, operations = straight
    moment = operations.index(Operation("move", "config.toml"), 10)
    with pytest.raises(PowerCut):
        fit(tmp_path / "run", monkeypatch, FailingDisk(moment, power_cut).disk(), tick=0.25)
    fast = stored(RunDirectory(tmp_path / "run"))
    assert fast.rounds > 1.5 * stored(slow.directory).rounds


@pytest.mark.parametrize(
    "point",
    ["before the choice is stored", "before the configuration is rewritten", "while it trains"],
)
def test_a_run_that_was_cut_ends_in_the_same_bytes(point, straight, tmp_path, monkeypatch):
    _, whole, operations = straight
    chosen = operations.index(Operation("move", "timing.json")) + 1
    moment = {
        "before the choice is stored": chosen,
        "before the configuration is rewritten": chosen + 2,
        "while it trains": chosen + (len(operations) - chosen) // 2,
    }[point]
    folder = tmp_path / "run"
    with pytest.raises(PowerCut):
        fit(folder, monkeypatch, FailingDisk(moment, power_cut).disk())
    assert (stored(RunDirectory(folder)) is None) == (point == "before the choice is stored")
    monkeypatch.setattr(files, "disk", files.Disk())
    # A choice that was stored holds on a machine that has become faster.
    tick = 0.5 if point == "before the choice is stored" else 0.1
    monkeypatch.setattr(clock, "clock", ticking(tick))
    energeia.resume(folder, quiet=True)
    assert content(folder) == whole


def test_seeds_have_the_rounds_of_the_first(straight, tmp_path, monkeypatch):
    first = fit(tmp_path / "a", monkeypatch, files.Disk(), seeds=2)
    other = energeia.load(tmp_path / "a-seed1")
    assert other.config.options.training == first.config.options.training
    assert (first.config.seed, other.config.seed) == (0, 1)
    assert stored(other.directory) is None
    assert first.config.data == other.config.data
    (tmp_path / "a" / "config.toml").unlink()
    with pytest.raises(InputError, match="a-seed1 already holds a run"):
        fit(tmp_path / "a", monkeypatch, files.Disk(), seeds=2)
    assert not RunDirectory(tmp_path / "a").exists()


def test_a_mixture_needs_no_minutes(tmp_path, monkeypatch, capsys):
    run = energeia.fit("moons:n=200", "gaussian", out=tmp_path / "run", minutes=3, quiet=True)
    assert "gaussian: fitted in one round, whatever its minutes" in capsys.readouterr().err
    assert run.config.minutes is None
    assert run.directory.status.rounds == 1


@pytest.mark.parametrize("given", [{"minutes": 0.0}, {"minutes": math.nan}, {"seeds": 0}])
def test_bad_numbers_are_refused_before_data_are_read(given):
    with pytest.raises(InputError, match=next(iter(given))):
        energeia.fit("no-such-file.npy", "made", **given)
    with pytest.raises(InputError, match=next(iter(given))):
        energeia.compare("no-such-file.npy", **given)


def test_rounds_within_some_seconds():
    rng = np.random.default_rng()
    for _ in range(2000):
        per_round, per_check, per_checkpoint = rng.exponential([1e-2, 1e-2, 1e-1])
        costs = Costs(per_round=per_round, per_check=per_check, per_checkpoint=per_checkpoint)
        settings = Training(check_every=int(rng.integers(1, 300)))
        seconds = float(rng.exponential(100.0))
        rounds, every = rounds_within(seconds, costs, settings)
        chunk = seconds_of(every, every, costs, settings)
        assert rounds >= 1
        assert rounds % every == 0
        if every == settings.check_every:
            assert abs(seconds_of(rounds, every, costs, settings) - seconds) <= 0.51 * chunk
        assert rounds_within(seconds, costs, settings, most=7)[0] <= 7


def test_minutes_of_a_comparison_are_divided_after_evaluations(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(clock, "clock", clock.Clock(now=lambda: now[0]))
    shares = Shares(10.0, trainings=2, evaluations=3)
    now[0] = 30.0
    shares.evaluated(30.0)  # of the mixture, half a minute: two more are to come
    assert shares.take() == (pytest.approx((10.0 - 0.5 - 1.0) / 2), False)
    now[0] += 60.0  # early stopping ended it, and its evaluation took longer
    shares.evaluated(90.0)
    now[0] += 90.0
    assert shares.take() == (pytest.approx(10.0 - 3.0 - 1.0), False)
    late = Shares(10.0, trainings=2, evaluations=2)
    now[0] += 3600.0
    assert late.take() == (pytest.approx(10.0 / 8), True)  # never nothing


def progress(seconds, finished=False):
    state = {"weight": np.zeros((1000, 1000), np.float32)}
    return TrainingProgress(
        200, {}, None, False, finished, state, BestSoFar(), "scan", 1.0, seconds,
    )  # fmt: skip


def test_a_long_training_is_announced_and_a_short_one_is_not():
    text = estimate_sentence("made", progress(20.0), 2400, 200)
    assert text.startswith("made: about 4.0 min, 8 MB on disk, ")
    assert text.endswith(" of memory")
    assert estimate_sentence("made", progress(2.0), 2400, 200) == ""
    assert estimate_sentence("made", progress(20.0, finished=True), 2400, 200) == ""
