"""Log-probabilities of continuous flows by solvers that are fine enough, or not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tests.evaluation.certified import subject
from tests.evaluation.models import Factor, Normal

from energeia._core.precision import use_precision
from energeia.bijections.continuous import ContinuousMap, VectorField, continuous_maps
from energeia.bijections.paths import NetworkField
from energeia.contracts import Batch
from energeia.distributions.gaussian import StandardNormal
from energeia.evaluation.certificate.determinants import determinant_lines
from energeia.evaluation.certificate.maps import maps_of
from energeia.evaluation.certificate.solving import FINEST, finely_solved, solver_line
from energeia.evaluation.certificate.subject import widened
from energeia.evaluation.likelihood import log_likelihood
from energeia.evaluation.solvers import solver_check, with_solver
from energeia.evaluation.suite import evaluate
from energeia.models.flow import Flow
from energeia.nn.timed import TimedNet
from energeia.support import Real, Support

REALS = Support.of([Real(), Real()])


class Wave(VectorField):
    """A field that few steps do not resolve."""

    strength: float = 3.0
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: None = eqx.field(static=True, default=None)

    def velocity(self, t, x, condition=None):
        return self.strength * jnp.sin(3 * jnp.tanh(x[::-1]) + 4 * t) - 0.5 * x


def flow(**options):
    return Flow(StandardNormal((2,)), ContinuousMap(Wave(), **options))


@pytest.fixture(scope="module")
def rows():
    keys = jax.random.split(jax.random.key(0), 600)
    return np.asarray(jax.vmap(flow().sample)(keys))


def judged(model, rows):
    key = jax.random.key(1)
    check = solver_check(model, rows, key=key)
    return check, with_solver(log_likelihood(model, rows, key=key), check)


def test_a_fine_solver_leaves_the_number_exact(rows):
    check, found = judged(flow(), rows)
    assert found.kind == "exact"
    assert found.estimate.kind == "exact"
    assert "evaluations" in found.estimate.note
    assert not found.warnings
    assert abs(check.change.value) < 1e-3
    assert check.tolerance == 1e-5
    assert 30 < check.evaluations < 1000
    assert check.rows == 512


def test_a_coarse_solver_makes_it_an_estimate_that_says_so(rows):
    exact = float(np.mean(judged(flow(), rows)[1].rows))
    check, found = judged(flow(steps=2), rows)
    assert found.estimate.kind == "estimate"
    assert abs(check.change.value) > 0.1
    assert "4 steps" in found.warnings[0]
    # The error bar covers what the solver does.
    assert abs(found.estimate.value - exact) < 2 * found.estimate.stderr
    assert abs(found.estimate.value - exact) > 0.05


def test_rows_that_are_not_solved_are_counted_and_named(rows):
    class Explosion(VectorField):
        shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
        condition_shape: None = eqx.field(static=True, default=None)

        def velocity(self, t, x, condition=None):
            return -0.5 * x**3

    model = Flow(StandardNormal((2,)), ContinuousMap(Explosion(), 1e-4))
    x = np.zeros((20, 2), np.float32)
    x[7:9] = 5.0
    check, found = judged(model, x)
    assert check.unsolved == (7, 8)
    assert any("2 of 20 rows" in text and "row 7" in text for text in found.warnings)
    assert np.isnan(found.rows[7])
    assert np.isfinite(found.rows[0])


def test_models_without_an_equation_are_not_checked(rows):
    key = jax.random.key(0)
    assert solver_check(Normal(), rows, key=key) is None
    assert solver_check(Factor(), rows[:, :1], key=key) is None


def test_an_evaluation_records_the_check(rows):
    found = evaluate(flow(), Batch(rows[:100]), Batch(rows[100:]))
    assert found.solver is not None
    assert found.solver.rows == 100
    assert "change with a finer solver, nats" in dict(found.measures())


def test_a_certificate_passes_a_fine_solver_and_fails_a_coarse_one(rows):
    with use_precision(64):
        fine, coarse = (
            solver_line(widened(model), np.float64(rows), None, jax.random.key(0))
            for model in (flow(), flow(steps=2))
        )
    assert fine.status == "passed"
    assert coarse.status == "failed"
    assert coarse.measured > 0.1


def trained_on(steps, x, rounds=800):
    """A flow of one column before and after maximum likelihood through that many equal steps."""
    network = TimedNet(1, 1, width=16, depth=1, octaves=2, key=jax.random.key(0))

    def model_of(network):
        return Flow(
            StandardNormal((1,)), ContinuousMap(NetworkField(network, (False,)), steps=steps)
        )

    arrays, static = eqx.partition(network, eqx.is_inexact_array)
    adam = optax.adam(0.03)

    def loss(arrays, key):
        model = model_of(eqx.combine(arrays, static))
        return -jnp.mean(jax.vmap(model.log_prob)(jax.random.choice(key, x, (128,))))

    def step(carry, key):
        arrays, state = carry
        updates, state = adam.update(jax.grad(loss)(arrays, key), state, arrays)
        return (optax.apply_updates(arrays, updates), state), None

    keys = jax.random.split(jax.random.key(1), rounds)
    (done, _), _ = jax.jit(lambda c, k: jax.lax.scan(step, c, k))((arrays, adam.init(arrays)), keys)
    return model_of(network), model_of(eqx.combine(done, static))


def test_a_flow_that_is_trained_until_it_exploits_its_steps_fails():
    """Of eight steps it makes a likelihood that is none: a density whose total is not one."""
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 0.0, 1.0], size=(512, 1)) + 0.001 * rng.normal(size=(512, 1))
    before, after = trained_on(8, jnp.asarray(x, float))
    grid = jnp.linspace(-5, 5, 10_001)[:, None]
    key, status = jax.random.key(2), {}
    for name, model in (("before", before), ("after", after)):
        log_p = np.asarray(jax.jit(jax.vmap(model.log_prob))(grid), float)
        total = np.exp(log_p).sum() * 1e-3
        with use_precision(64):
            line = solver_line(widened(model), x, None, key)
        status[name] = line.status, abs(total - 1) > 0.1
    assert status == {"before": ("passed", False), "after": ("failed", True)}


def test_its_jacobian_and_round_trip_are_those_of_a_finer_solver(rows):
    with use_precision(64):
        given = subject(flow(), REALS, np.float64(rows[:20]))
        parts = maps_of(given._replace(model=finely_solved(given.model, FINEST)))
        line = determinant_lines(parts)[-1]
    assert line.name == "log-determinant of the flow"
    assert line.status == "passed"
    assert continuous_maps(finely_solved(flow(steps=2), FINEST))[0].steps == 2
