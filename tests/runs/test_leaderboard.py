"""Runs side by side: the order of kinds, and models that lose to the baseline."""

import msgspec
import pytest

from energeia.estimate import Estimate
from energeia.records import LeaderboardRow
from energeia.runs import leaderboard


def line(recipe, family, found):
    return LeaderboardRow(
        recipe=recipe, family=family, run=recipe, log_likelihood=found, two_sample={},
        seconds=None, compile_seconds=None, samples_per_second=None, parameters=None, warnings=(),
    )  # fmt: skip


def test_models_far_below_the_mixture_say_so_and_others_do_not(monkeypatch):
    rows = {
        "mixture": line(
            "mixture", "mixture", Estimate(value=-20.0, stderr=0.3, kind="exact", n=100)
        ),
        "made": line(
            "made", "autoregressive", Estimate(value=-23.0, stderr=0.4, kind="exact", n=100)
        ),
        "vae": line("vae", "latent", Estimate(value=-21.5, stderr=0.3, kind="lower bound", n=100)),
        "flow": line("flow", "flow", Estimate(value=-20.8, stderr=0.3, kind="exact", n=100)),
        "gan": line("gan", "adversarial", Estimate.none("no likelihood")),
    }
    monkeypatch.setattr(leaderboard, "row", rows.__getitem__)
    found = {row.recipe: row.warnings for row in leaderboard.ranked(list(rows))}
    assert list(found) == ["mixture", "flow", "vae", "made", "gan"]
    assert found["mixture"] == found["flow"] == found["gan"] == ()
    assert "3 nats a row below that of mixture" in found["made"][0]
    assert "of which it is a lower bound" in found["vae"][0]
    without = leaderboard.ranked(["made", "vae"])
    assert all(row.warnings == () for row in without)


@pytest.mark.parametrize("stderr", [None, 5.0])
def test_an_error_as_large_as_the_difference_warns_of_nothing(stderr, monkeypatch):
    rows = {
        "mixture": line(
            "mixture", "mixture", Estimate(value=-20.0, stderr=5.0, kind="exact", n=100)
        ),
        "made": line(
            "made", "autoregressive", Estimate(value=-23.0, stderr=stderr, kind="exact", n=100)
        ),
    }
    monkeypatch.setattr(leaderboard, "row", rows.__getitem__)
    assert all(row.warnings == () for row in leaderboard.ranked(list(rows)))


@pytest.mark.parametrize(("valid", "wanted"), [(1000, "mixture"), (100, "stack")])
def test_the_quickest_of_the_best_by_validation_rows_is_recommended(valid, wanted, monkeypatch):
    """Not by test rows, of which made has the best; of few validation rows the stack."""

    def exact(recipe, family, validation, test, seconds):
        found = line(recipe, family, Estimate(value=test, stderr=0.1, kind="exact", n=50))
        held = Estimate(value=validation, stderr=None, kind="exact", n=valid)
        return msgspec.structs.replace(found, validation=held, seconds=seconds)

    rows = {
        "made": exact("made", "autoregressive", -2.5, -1.0, 9.0),
        "mixture": exact("mixture", "mixture", -2.005, -2.0, 1.0),
        "flow": exact("flow", "flow", -2.0, -2.0, 5.0),
        "stack": exact("stack", "stack", -1.999, -2.0, None),
        "vae": line("vae", "latent", Estimate(value=-1.5, stderr=0.1, kind="lower bound", n=50)),
    }
    monkeypatch.setattr(leaderboard, "row", rows.__getitem__)
    found = leaderboard.ranked(list(rows))
    assert [row.recipe for row in found if row.recommended] == [wanted]
    assert not any(row.recommended for row in leaderboard.ranked(["made", "vae"]))
    # Of two runs of one recipe each is itself; runs of different rows are not compared.
    rows["again"] = msgspec.structs.replace(rows["flow"], recipe="made", run="again", seconds=0.5)
    found = leaderboard.ranked(["made", "again"])
    assert [row.run for row in found if row.recommended] == ["again"]
    rows["again"] = msgspec.structs.replace(rows["again"], data="of other rows")
    assert not any(row.recommended for row in leaderboard.ranked(["made", "again"]))
