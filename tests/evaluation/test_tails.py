"""The audit of tails finds what lies too far out, and keeps its level for a perfect model."""

import msgspec
import numpy as np
import pytest
from tests.evaluation.models import Normal

from energeia.contracts import Batch
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.suite import evaluate
from energeia.evaluation.tails import tail_audit, tail_columns
from energeia.records import Evaluation, TailAudit
from energeia.support import Binary, Circle, Integer, Positive, Real, Support

TRIALS = 60


def alarms(draw, model, n=10_000, level=0.05):
    found = []
    for seed in range(TRIALS):
        rng = np.random.default_rng(seed)
        found.append(tail_audit(draw(rng, n), model(rng, 2000)).p_value < level)
    return float(np.mean(found))


def normal(rng, n):
    return rng.normal(size=(n, 2))


def student(rng, n):
    return rng.standard_t(2.5, (n, 2))


def moved(rng, n):
    rows = normal(rng, n)
    chosen = rng.random(n) < 0.01
    far = 5.0 + rng.exponential(size=chosen.sum())
    rows[chosen, 1] = far * rng.choice([-1.0, 1.0], len(far))
    return rows


@pytest.mark.parametrize("law", [normal, student])
def test_the_true_model_raises_few_alarms(law):
    assert alarms(law, law, n=4000) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / TRIALS)


def test_moved_rows_and_heavy_tails_are_found():
    assert alarms(moved, normal) >= 0.95
    assert alarms(student, normal, n=2000) == 1.0
    assert alarms(normal, student, n=2000) == 1.0


def test_the_tail_that_differs_is_named():
    rng = np.random.default_rng(0)
    found = tail_audit(moved(rng, 10_000), normal(rng, 2000))
    assert {row.name for row in found.rows} == {"column 1"}
    assert found.rows[0].side == "away"
    assert found.rows[0].held_out > 80 > 10 * found.rows[0].samples
    assert "of 10,000 held-out rows" in found.sentences()[0]
    again = msgspec.json.decode(msgspec.json.encode(found), type=TailAudit)
    assert again == found


def test_equal_values_and_columns_without_tails_raise_no_alarm():
    rng = np.random.default_rng(0)
    ties = [np.minimum(rng.normal(size=(n, 1)), 1.5).round(2) for n in (5000, 2000)]
    assert tail_audit(*ties).p_value > 0.01
    assert tail_audit(rng.integers(0, 9, (5000, 1)), rng.integers(0, 2, (2000, 1))) is None
    support = Support.of([Real(), Circle(-1.0, 1.0), Binary(), Integer(0, 400), Positive()])
    assert tail_columns(support) == [0, 3, 4]


def test_rows_off_a_correlation_are_found_in_the_density():
    """Each column is as it should be, and the rows are not."""
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.normal(size=(6000, 1))
    base = rng.normal(size=(6000, 1))
    rows = np.concatenate([base, base + noise], axis=1)
    held_out, samples = rows[:4000], rows[4000:]
    held_out[:60, 1] = rng.permutation(held_out[:60, 1])

    def log_prob(x):
        return -0.5 * x[:, 0] ** 2 - 50.0 * (x[:, 1] - x[:, 0]) ** 2

    assert tail_audit(held_out, samples).p_value > 0.01
    found = tail_audit(held_out, samples, log_probs=(log_prob(held_out), log_prob(samples)))
    assert (found.rows[0].name, found.rows[0].side) == ("log-density", "below")
    assert found.p_value < 1e-4


def test_an_evaluation_audits_tails_and_old_ones_decode():
    rng = np.random.default_rng(0)
    train, held_out = (
        Batch(rng.standard_t(2.5, (n, 2)).astype(np.float32), None) for n in (400, 1500)
    )
    budget = EvaluationBudget(rows=1000, permutations=19, directions=4)
    found = evaluate(Normal(), held_out, train, budget=budget)
    assert found.tails.p_value < 0.01
    assert any("tails of model and data differ" in text for text in found.warnings)
    fine = Batch(rng.normal(size=(1500, 2)).astype(np.float32), None)
    assert evaluate(Normal(), fine, fine, budget=budget).tails.p_value > 0.01
    old = msgspec.to_builtins(found)
    del old["tails"], old["cautions"]
    assert msgspec.convert(old, Evaluation).tails is None
