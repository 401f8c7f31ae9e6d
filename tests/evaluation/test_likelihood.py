import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from tests.evaluation.models import Factor, Implicit, Normal, Quadratic

from energeia.estimate import Estimate
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.likelihood import LogLikelihood, divergence, log_likelihood
from energeia.mcmc.bracket import AnnealedRun, Bracket, bracket_warnings, spanning
from energeia.models.capabilities import LogPartition, PartitionEstimate

KEY = jax.random.key(0)


def normals(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_a_density_is_exact():
    x = normals(3000, 2)
    found = log_likelihood(Normal(0.5, 2.0), x, key=KEY)
    np.testing.assert_allclose(found.rows, stats.norm.logpdf(x, 0.5, 2.0).sum(axis=1), rtol=1e-5)
    assert found.kind == found.estimate.kind == "exact"
    assert np.isclose(found.estimate.stderr, found.rows.std(ddof=1) / np.sqrt(3000))
    assert not found.warnings


def test_a_latent_model_is_bounded_from_below_and_tightly():
    x = np.sqrt(2.0) * normals(200, 1)
    exact = stats.norm.logpdf(x[:, 0], 0.0, np.sqrt(2.0))
    found = log_likelihood(Factor(1.0), x, key=KEY, budget=EvaluationBudget(weights_per_row=1000))
    assert found.kind == found.estimate.kind == "lower bound"
    gaps = found.rows - exact
    error = gaps.std(ddof=1) / np.sqrt(200)
    bias = float(found.estimate.note.split("bias about ")[1].split(" nats")[0])
    assert abs(gaps.mean() - bias) < 4 * error
    # The control: few weights give a bound that is visibly below.
    loose = (
        log_likelihood(Factor(1.0), x, key=KEY, budget=EvaluationBudget(weights_per_row=4)).rows
        - exact
    )
    assert loose.mean() < gaps.mean() - 0.05


def test_the_bound_does_not_depend_on_the_blocks_of_rows():
    x = normals(100, 1)
    whole = log_likelihood(Factor(), x, key=KEY, budget=EvaluationBudget(weights_per_row=100)).rows
    part = log_likelihood(
        Factor(), x[:70], key=KEY, budget=EvaluationBudget(weights_per_row=100)
    ).rows
    np.testing.assert_allclose(whole[:70], part, rtol=1e-5)


def test_few_effective_weights_are_said():
    found = log_likelihood(Factor(0.001), normals(80, 1), key=KEY, budget=EvaluationBudget())
    assert any("is below 5" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("model", "reason"), [(Implicit(), "implicit"), (Quadratic(), "partition function")]
)
def test_what_cannot_be_known_is_none_with_the_reason(model, reason):
    found = log_likelihood(model, normals(10, 2), key=KEY)
    assert found.estimate.kind == "none"
    assert reason in found.estimate.note
    assert np.isnan(found.rows).all()
    assert divergence(np.zeros(10), found) is None


def test_rows_of_probability_zero_and_nan_are_counted():
    x = normals(50, 2)
    x[3] = np.inf
    x[7:9] = np.nan
    found = log_likelihood(Normal(), x, key=KEY)
    assert any("1 of 50 held-out rows have probability zero" in w for w in found.warnings)
    assert any("2 of 50 held-out rows is not a number" in w for w in found.warnings)
    assert np.isnan(found.estimate.value)


def test_divergence_is_the_closed_form_and_pairing_helps():
    """KL(N(0,1)^2 || N(m,1)^2) = m^2."""
    x = normals(4000, 2)
    exact = stats.norm.logpdf(x).sum(axis=1)
    found = log_likelihood(Normal(0.3, 1.0), x, key=KEY)
    kl = divergence(exact, found)
    assert abs(kl.value - 0.09) < 4 * kl.stderr
    assert kl.kind == "exact"
    assert kl.stderr < 0.5 * found.estimate.stderr


def test_divergence_of_a_bound_is_a_bound_the_other_way():
    x = np.sqrt(2.0) * normals(50, 1)
    found = log_likelihood(Factor(), x, key=KEY, budget=EvaluationBudget(weights_per_row=50))
    exact = stats.norm.logpdf(x[:, 0], 0.0, np.sqrt(2.0))
    assert divergence(exact, found).kind == "upper bound"


def test_divergence_of_an_energy_carries_the_error_of_log_z():
    """log Z is one number for all rows: however many there are, its error stays."""
    exact = normals(4000, 1)[:, 0].astype(float)
    rows = exact - 0.2 + 0.01 * normals(4000, 1, seed=1)[:, 0]
    log_z = Estimate(5.0, 0.3, "lower bound", 128)
    found = LogLikelihood(Estimate.mean(rows, "estimate"), rows, "estimate", common=log_z)
    kl = divergence(exact, found)
    assert abs(kl.value - 0.2) < 0.01
    assert abs(kl.stderr - 0.3) < 0.01
    assert kl.kind == "estimate"
    unknown = found._replace(common=Estimate(5.0, None, "lower bound", 128))
    assert divergence(exact, unknown).stderr is None
    # The twin: a normalized model has no log Z, and its error falls with the rows.
    normalized = LogLikelihood(Estimate.mean(rows, "exact"), rows, "exact")
    assert divergence(exact, normalized).stderr < 0.001
    assert divergence(exact, normalized).kind == "exact"


class Sided(LogPartition):
    """A standard normal without its constant, whose log Z has two sides."""

    sides: tuple = eqx.field(static=True)
    shape: tuple[int, ...] = (2,)
    condition_shape: None = None

    def energy(self, x, condition=None):
        return 0.5 * jnp.sum(x**2)

    def estimate_log_partition(self, key, condition=None, *, chains, temperatures):
        run = AnnealedRun(np.zeros((64, 2)), np.zeros(64), np.zeros(1))
        lower, upper = (Estimate(v, 0.1, "estimate", 8) for v in self.sides)
        found = Bracket(lower, upper, lower, run, run)
        return PartitionEstimate(spanning(found), "", (lower, upper), bracket_warnings(found))


def test_sides_of_log_z_far_apart_leave_no_likelihood_and_near_ones_span_both():
    x, log_z = normals(500, 2), float(np.log(2 * np.pi))
    exact = stats.norm.logpdf(x).sum(axis=1).mean()
    near = log_likelihood(Sided((log_z, log_z + 0.8)), x, key=KEY)
    assert near.kind == "estimate"
    assert abs(near.estimate.value - exact) < near.estimate.stderr
    assert near.estimate.stderr > 0.5
    assert any("nats apart" in text for text in near.warnings)
    far = log_likelihood(Sided((log_z, log_z + 40.0)), x, key=KEY)
    assert far.kind == "none"
    assert "40 nats apart" in far.estimate.note
    assert far.log_partition is not None
    assert np.all(np.isnan(far.rows))
    # The twin: sides that agree raise no caution.
    assert log_likelihood(Sided((log_z, log_z + 0.1)), x, key=KEY).warnings == ()
