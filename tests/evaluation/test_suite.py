import jax.numpy as jnp
import msgspec
import numpy as np
import pytest
from tests.evaluation.models import Broken, Copy, Far, Implicit, Normal, Quadratic, Shifted

from energeia._core.errors import InputError
from energeia.contracts import Batch
from energeia.data.named.lattice import IsingSource
from energeia.data.named.planar import PlanarSource
from energeia.data.named.toy import toy
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.prepared import PreparedData
from energeia.evaluation.suite import evaluate, evaluate_in_detail
from energeia.evaluation.warnings import _chance_repeats
from energeia.physics.lattice.ising import Ising
from energeia.records import Evaluation
from energeia.support import Circle, Interval, Real, Support

BUDGET = EvaluationBudget(rows=300, permutations=99, directions=16)


def rows(n, seed):
    return Batch(np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32), None)


TRAIN, HELD_OUT = rows(600, 0), rows(300, 1)


@pytest.fixture(scope="module")
def prepared():
    return PreparedData(TRAIN, HELD_OUT, budget=BUDGET, support=Support.of([Real(), Real()]))


def test_the_true_model_passes_everything(prepared):
    found = evaluate(Normal(), HELD_OUT, TRAIN, prepared=prepared, seed=1)
    assert found.log_likelihood.kind == "exact"
    assert min(t.p_value for t in found.two_sample) > 0.01
    assert abs(found.coverage.value - 0.97) < 4 * found.coverage.stderr
    assert abs(found.memorization.value - 0.5) < 4 * found.memorization.stderr
    assert found.warnings == ()
    assert found.samples_per_second > 0
    names = [t.name for t in found.two_sample]
    assert names[:2] == ["classifier AUC", "energy distance"]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evaluation) == found


def test_a_wrong_model_is_found_out(prepared):
    found = evaluate(Normal(0.0, 0.6), HELD_OUT, TRAIN, prepared=prepared)
    assert all(t.p_value < 0.05 for t in found.two_sample)
    assert found.coverage.value < found.coverage_reference.value - 4 * found.coverage.stderr
    # Data against data stands beside, untouched by the model.
    assert min(t.reference_p_value for t in found.two_sample) > 0.01


def test_models_share_the_data_row(prepared):
    first = evaluate(Normal(0.0, 2.0), HELD_OUT, TRAIN, prepared=prepared)
    second = evaluate(Implicit(), HELD_OUT, TRAIN, prepared=prepared)
    assert [t.reference for t in first.two_sample] == [t.reference for t in second.two_sample]
    assert second.log_likelihood.kind == "none"
    assert second.divergence is None


def test_memory_is_found_out(prepared):
    copy = Copy(jnp.asarray(TRAIN.x), 0.005)
    found = evaluate(copy, HELD_OUT, TRAIN, prepared=prepared)
    assert found.memorization.value > 0.8
    assert any("memorizes rows" in w for w in found.warnings)


def test_collapse_is_found_out(prepared):
    found = evaluate(Copy(jnp.zeros((3, 2))), HELD_OUT, TRAIN, prepared=prepared)
    assert any("collapsed" in w for w in found.warnings)


def test_samples_that_are_not_finite_are_counted(prepared):
    found = evaluate(Broken(), HELD_OUT, TRAIN, prepared=prepared)
    (said,) = [w for w in found.warnings if "not finite" in w]
    assert 40 < int(said.split()[0]) < 110
    assert all(np.isfinite(t.statistic.value) for t in found.two_sample)


def test_a_likelihood_that_is_not_finite_is_told_and_kept(prepared):
    far = Batch(np.concatenate([HELD_OUT.x, [[np.inf, 0.0]]]).astype(np.float32), None)
    found = evaluate_in_detail(Normal(), far, TRAIN, prepared=prepared)
    assert found.evaluation.log_likelihood.kind == "none"
    assert "-inf; 1 of 301 terms" in found.evaluation.log_likelihood.note
    assert any("log likelihood is not a finite number" in w for w in found.evaluation.warnings)
    again = msgspec.json.decode(msgspec.json.encode(found.evaluation), type=Evaluation)
    assert again == found.evaluation
    assert np.isneginf(found.likelihood.rows[-1])


def test_an_energy_without_a_sampler_says_so(prepared):
    found = evaluate(Quadratic(), HELD_OUT, TRAIN, prepared=prepared)
    assert found.two_sample == ()
    assert any("has no sampler" in w for w in found.warnings)


def test_samples_outside_the_support_are_counted():
    inside = Support.of([Interval(-5.0, 5.0), Interval(-1.0, 1.0)])
    prepared = PreparedData(TRAIN, HELD_OUT, budget=BUDGET, support=inside)
    found = evaluate(Normal(), HELD_OUT, TRAIN, prepared=prepared)
    assert any("outside the declared support" in w for w in found.warnings)


def test_a_source_gives_the_exact_answers():
    source = IsingSource(Ising(4, 0.3))
    train, held_out = Batch(source.draw(0, 600), None), Batch(source.draw(1, 400), None)
    found = evaluate(Normal(shape=(16,)), held_out, train, source=source, budget=BUDGET)
    assert found.entropy.value == source.entropy
    exact = source.log_prob(held_out.x)
    assert np.isclose(
        found.divergence.value, np.mean(exact) - found.log_likelihood.value, rtol=1e-4
    )
    assert found.divergence.stderr < 3 * found.log_likelihood.stderr + 0.2
    assert [o.name for o in found.observables][:2] == ["energy per site", "|m|"]
    assert not any("repeat one of" in w for w in found.warnings)  # independent draws may repeat


def test_conditions_are_columns_like_others():
    generator = np.random.default_rng(5)
    conditions = generator.normal(size=(900, 1)).astype(np.float32) * 3
    x = (conditions + generator.normal(size=(900, 2))).astype(np.float32)
    train, held_out = Batch(x[:600], conditions[:600]), Batch(x[600:], conditions[600:])
    found = evaluate_in_detail(Shifted(), held_out, train, budget=BUDGET)
    assert min(t.p_value for t in found.evaluation.two_sample) > 0.01
    # The control: the same conditions in another order are told apart, though each column agrees.
    mixed = Batch(x[600:], generator.permutation(conditions[600:]))
    wrong = evaluate_in_detail(Shifted(), mixed, train, budget=BUDGET).evaluation
    by_name = {t.name: t.p_value for t in wrong.two_sample}
    assert by_name["energy distance"] < 0.05
    assert by_name["largest column KS"] > 0.01


def test_bad_splits_are_said():
    drifted = Batch(HELD_OUT.x + 1.0, None)
    found = evaluate(Normal(), drifted, TRAIN, budget=BUDGET)
    assert any("differ themselves" in w for w in found.warnings)
    seen = Batch(TRAIN.x[:100], None)
    found = evaluate(Normal(), seen, TRAIN, budget=EvaluationBudget(rows=600, permutations=19))
    assert any("repeat one of 600 training rows" in w for w in found.warnings)
    assert any("only 100 held-out rows" in w for w in found.warnings)


def test_circles_close():
    """Angles just below pi and just above -pi are neighbors."""
    angles = np.array([[3.1], [-3.1], [0.0], [1.0]], dtype=np.float32)
    circle = Support.of([Circle(-np.pi, np.pi)])
    prepared = PreparedData(Batch(angles, None), Batch(angles, None), support=circle)
    x = prepared.features(Batch(angles, None))
    assert x.shape == (4, 2)
    assert np.linalg.norm(x[0] - x[1]) < 0.3 * np.linalg.norm(x[0] - x[2])


def test_refuses_three_rows():
    with pytest.raises(InputError, match="at least 4"):
        PreparedData(TRAIN, rows(3, 0))


def repeats(found):
    return [w for w in found.warnings if "repeat one of" in w]


def test_training_rows_that_are_held_out_are_told_for_sources_too():
    planar = PlanarSource(toy("moons"))
    train = Batch(planar.draw(0, 600), None)
    seen = Batch(np.concatenate([train.x[:20], planar.draw(1, 280)]), None)
    (said,) = repeats(evaluate(Normal(), seen, train, source=planar, budget=BUDGET))
    assert "0.0 are expected" in said
    fresh = Batch(planar.draw(1, 300), None)
    assert repeats(evaluate(Normal(), fresh, train, source=planar, budget=BUDGET)) == []


@pytest.mark.parametrize("beta", [0.1, 0.6])
def test_configurations_that_independent_draws_repeat_are_no_warning(beta):
    source, model = IsingSource(Ising(4, beta)), Normal(shape=(16,))
    train, fresh = Batch(source.draw(0, 600), None), Batch(source.draw(1, 300), None)
    prepared = PreparedData(train, fresh, budget=BUDGET)
    expected, allowed = _chance_repeats(prepared, fresh, source)
    assert allowed - expected < 4.0 * np.sqrt(expected + 1.0) + 1e-9
    assert prepared.repeats <= allowed
    assert repeats(evaluate(model, fresh, train, source=source, prepared=prepared)) == []


def test_held_out_configurations_that_training_has_seen_exceed_chance():
    source = IsingSource(Ising(4, 0.1))
    rows = Batch(source.draw(0, 600), None)
    held_out = Batch(rows.x[:300], None)
    seen = PreparedData(rows, held_out, budget=BUDGET)
    assert seen.repeats > 10 * _chance_repeats(seen, held_out, source)[1]


@pytest.mark.parametrize(
    ("distance", "said"), [(np.inf, "are not finite"), (3e38, "standard deviations")]
)
def test_samples_at_the_end_of_the_numbers_are_counted_and_break_no_test(prepared, distance, said):
    found = evaluate(Far(distance), HELD_OUT, TRAIN, prepared=prepared)
    (warning,) = [w for w in found.warnings if said in w]
    assert 2 < int(warning.split()[0]) < 35
    assert all(np.isfinite(t.statistic.value) for t in found.two_sample)


@pytest.mark.parametrize("part", ["training", "held-out"])
def test_rows_with_infinities_are_refused(part):
    x = HELD_OUT.x.copy()
    x[[3, 70], 1] = np.inf, np.nan
    given = Batch(x, None)
    train, held_out = (given, HELD_OUT) if part == "training" else (HELD_OUT, given)
    with pytest.raises(InputError, match=rf"2 of 300 {part} rows .*\[3, 70\]"):
        evaluate(Normal(), held_out, train, budget=BUDGET)
