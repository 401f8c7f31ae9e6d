"""Weighted held-out rows: means with their errors, and tests on rows of equal weight."""

import jax
import numpy as np
import pytest
from tests.objectives.test_likelihood import Normal
from tests.runs.weighted import MODES, importance, log_truth, signed, truth

from energeia.contracts import Batch, Observable
from energeia.estimate import Estimate
from energeia.evaluation import two_sample
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.likelihood import LogLikelihood, divergence, log_likelihood, reweighted
from energeia.evaluation.observables import measure, table
from energeia.evaluation.prepared import PreparedData
from energeia.evaluation.suite import evaluate
from energeia.evaluation.unweighting import unweighted
from energeia.physics.lattice.observables import Derived

BUDGET = EvaluationBudget(rows=400, permutations=99)


def rows(sample, n, seed=0):
    x, weight = sample(np.random.default_rng(seed), n)
    return Batch(x, weight=weight)


class Square(Observable):
    """x_0^2."""

    name = "square"
    unit = ""

    def value(self, x):
        return x[0] ** 2


class First(Observable):
    """x_0."""

    name = "first"
    unit = ""

    def value(self, x):
        return x[0]


class Variance(Derived):
    """The variance of x_0."""

    name = "variance"
    unit = ""

    @property
    def parts(self):
        return Square(), First()

    def combine(self, means):
        return means[0] - means[1] ** 2


@pytest.mark.parametrize("sample", [importance, signed], ids=lambda f: f.__name__)
def test_the_error_of_a_weighted_mean_is_its_scatter(sample):
    found = [
        Estimate.weighted_mean(r.x[:, 0], r.weight, "estimate")
        for r in (rows(sample, 1000, seed) for seed in range(200))
    ]
    values, errors = (np.array([getattr(e, name) for e in found]) for name in ("value", "stderr"))
    assert np.isclose(np.sqrt(np.mean(errors**2)), values.std(), rtol=4 / np.sqrt(2 * 200))
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(200)  # the mean of both modes is zero
    plain = np.mean([r.x[:, 0].std() / np.sqrt(1000) for r in [rows(sample, 1000)]])
    assert values.std() > 1.3 * plain, "the control: an error without weights is too small"


def test_equal_weights_change_nothing_and_zero_weights_leave_out():
    terms = np.random.default_rng(0).normal(size=50)
    plain = Estimate.mean(terms, "exact")
    even = Estimate.weighted_mean(terms, np.full(50, 3.0), "exact")
    assert even.value == pytest.approx(plain.value)
    assert even.stderr == pytest.approx(plain.stderr)
    bad = np.r_[terms, -np.inf]
    assert Estimate.weighted_mean(bad, np.r_[np.ones(50), 0.0], "exact").value == plain.value
    assert "50 weighted rows worth 50" in even.note
    assert Estimate.weighted_mean(terms, np.zeros(50), "exact").kind == "none"
    assert Estimate.weighted_mean(terms, np.r_[-np.ones(49), 1.0], "exact").kind == "none"
    assert Estimate.weighted_mean(terms[:1], np.ones(1), "exact").stderr is None


def test_a_log_likelihood_keeps_its_log_z_and_its_kind():
    key = jax.random.key(0)
    x = np.linspace(-1, 2, 40)[:, None]
    weight = np.linspace(0, 2, 40)
    found = log_likelihood(Normal(np.array(0.3, np.float32)), x, key=key)
    ours = reweighted(found, weight)
    assert ours.estimate.value == pytest.approx(np.average(found.rows, weights=weight))
    assert ours.estimate.kind == "exact"
    log_z = Estimate(2.0, 0.5, "estimate", 9)
    shifted = LogLikelihood(found.estimate - log_z, found.rows - 2.0, "estimate", (), None, log_z)
    again = reweighted(shifted, weight).estimate
    assert again.value == pytest.approx(ours.estimate.value - 2.0)
    assert again.stderr == pytest.approx(np.hypot(ours.estimate.stderr, 0.5))
    assert reweighted(found, None) is found
    apart = divergence(np.zeros(40), found, weight)
    assert apart.value == pytest.approx(-ours.estimate.value)


def test_observables_of_weighted_rows_agree_with_draws_of_the_density():
    weighted = rows(signed, 4000)
    drawn = truth(np.random.default_rng(5), 4000)
    quantities = [(Square(), None), (Variance(), None)]
    for line in table(quantities, drawn, weighted.x, weight=weighted.weight):
        error = np.hypot(line.model.stderr, line.data.stderr)
        assert abs(line.model.value - line.data.value) < 4 * error
        assert "worth" in line.data.note
    without = measure(Square(), weighted.x)
    exact = measure(Square(), drawn)
    assert abs(without.value - exact.value) > 4 * np.hypot(without.stderr, exact.stderr)


def test_the_error_of_a_function_of_weighted_means_is_its_scatter():
    found = [
        measure(Variance(), r.x, weight=r.weight)
        for r in (rows(signed, 500, seed) for seed in range(100))
    ]
    values, errors = (np.array([getattr(e, name) for e in found]) for name in ("value", "stderr"))
    assert np.isclose(np.sqrt(np.mean(errors**2)), values.std(), rtol=4 / np.sqrt(200))


@pytest.mark.parametrize("sample", [importance, signed], ids=lambda f: f.__name__)
def test_kept_rows_are_draws_of_the_weighted_density(sample):
    train, held_out = rows(sample, 4000, 1), rows(sample, 4000, 2)
    kept = unweighted(train, held_out, None, seed=0)
    drawn = truth(np.random.default_rng(3), 4000)
    for part, index in ((train, kept.training), (held_out, kept.held_out)):
        assert len(np.unique(index)) == len(index)
        ours = part.x[index]
        for f in (lambda x: x[:, 0] ** 2, lambda x: np.abs(x[:, 0]) < 0.5):
            error = np.hypot(np.std(f(ours)) / len(ours) ** 0.5, np.std(f(drawn)) / 4000**0.5)
            # Local means of signed weights smooth over neighbors.
            slack = 0.0 if sample is importance else 0.03
            assert abs(f(ours).mean() - f(drawn).mean()) < 4 * error + slack
    assert f"{len(kept.held_out)} of 4000 held-out rows kept" in kept.note


def test_rows_without_weights_are_all_kept():
    plain = Batch(rows(signed, 30).x)
    kept = unweighted(plain, plain, None, seed=0)
    assert np.array_equal(kept.training, np.arange(30))
    assert (kept.note, kept.refusal) == ("", "")


class Truth(Normal):
    """Draws and log-probabilities of the density that the weighted rows describe."""

    shape = (2,)

    def log_prob(self, x, condition=None):
        return jax.pure_callback(log_truth, jax.ShapeDtypeStruct((), np.float32), x)

    def sample(self, key, condition=None):
        first, second = jax.random.split(key)
        draws = [jax.random.multivariate_normal(first, *map(np.array, mode)) for mode in MODES]
        return jax.numpy.where(jax.random.bernoulli(second), *draws)


def test_the_truth_passes_tests_that_rows_without_weights_fail():
    train, held_out = rows(importance, 4000, 1), rows(importance, 3000, 2)
    samples = truth(np.random.default_rng(3), 400)

    def p_values(*parts):
        prepared = PreparedData(*parts, budget=BUDGET)
        found = two_sample.compare(prepared.features(Batch(samples)), prepared)
        return {name: test.p_value for name, (test, _) in found.items()}, found

    ours, found = p_values(train, held_out)
    assert min(ours.values()) > 0.001
    assert "kept with probability w / max w" in found["energy distance"][1]
    control, _ = p_values(Batch(train.x), Batch(held_out.x))
    assert control["energy distance"] < 0.02


def test_few_effective_rows_leave_tests_out_with_a_sentence():
    x = np.random.default_rng(0).normal(size=(300, 1))
    weight = np.r_[100.0, np.full(299, 1e-3)]
    found = evaluate(
        Normal(np.array(0.0, np.float32)), Batch(x, weight=weight), Batch(x, weight=weight),
        budget=EvaluationBudget(rows=100, permutations=19),
    )  # fmt: skip
    assert found.two_sample == ()
    said = " ".join(found.warnings)
    assert "too few for two-sample tests, which are left out" in said
    assert "worth 1.01 of equal weight" in said
    assert found.log_likelihood.value == pytest.approx(-0.92 - x[0, 0] ** 2 / 2, abs=0.1)
