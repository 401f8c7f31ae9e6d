"""Continuous flows by name, against densities that are known."""

import jax
import numpy as np
import pytest
from scipy.stats import vonmises
from tests.recipes.test_flow_shelf import banana, log_banana

import energeia
from energeia.errors import InputError, NoSuchCapability
from energeia.evaluation import EvaluationBudget
from energeia.models import stochastic_sampler
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.runs import DataConfig
from energeia.support import Real, Support

SMALL = {"width": 32, "depth": 2}
FAST = {"training": {"rounds": 100, "check_every": 25}, "optimization": {"learning_rate": 0.01}}
LIMITS = {
    "ffjord": (0.25, {"width": 16, "depth": 1, **FAST}),
    "flow-matching": (0.15, {}),
    "interpolant": (0.15, {}),
    "diffusion": (0.15, {}),
}
"""Largest divergence from the truth, in nats; a normal distribution is .55 away from it."""
ROUNDS = {"training": {"rounds": 1200, "batch": 128, "check_every": 400}}


TINY = {"training": {"rounds": 10, "check_every": 10}}


def fit(rows, name, **options):
    return energeia.fit(np.float32(rows), name, quiet=True, options=SMALL | ROUNDS | options)


@pytest.mark.parametrize("name", LIMITS)
def test_continuous_flows_reach_a_curved_density(name):
    limit, options = LIMITS[name]
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 1000)
    run = fit(rows, name, **options)
    assert np.mean(log_banana(fresh) - run.log_prob(np.float32(fresh))) < limit
    x, y = run.sample(2000, seed=1).T
    assert np.mean(np.clip(y, -4, 4) * (np.clip(x, -2, 2) ** 2 - 1)) > 0.1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("flow-matching", {"coupling": "optimal-transport"}),
        ("diffusion", {"path": "variance-preserving"}),
        ("flow-matching", {"trace": "estimate"}),
    ],
)
def test_other_parts_reach_it_too(name, options):
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 1000)
    run = fit(rows, name, **options)
    assert np.mean(log_banana(fresh) - run.log_prob(np.float32(fresh))) < 0.2


def test_an_estimated_trace_trains_ffjord():
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 1000)
    run = fit(rows, "ffjord", **LIMITS["ffjord"][1], trace="estimate")
    assert np.mean(log_banana(fresh) - run.log_prob(np.float32(fresh))) < 0.3


def test_the_gradient_of_an_energy_is_a_velocity():
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 500)
    options = {"network": "gradient", "depth": 1, "trace": "estimate", "octaves": 0}
    run = fit(rows, "diffusion", **options, training={"rounds": 600, "check_every": 600})
    assert np.mean(log_banana(fresh) - run.log_prob(np.float32(fresh))) < 0.35


def test_an_angle_goes_round_its_circle():
    rng = np.random.default_rng(1)

    def draw(n):
        angle = rng.vonmises(3.0, 4.0, n)
        return np.stack([angle, np.cos(angle) + 0.3 * rng.normal(size=n)], axis=1)

    rows, fresh = draw(6000), draw(4000)
    reading = DataConfig(support="0:circle(-3.14159265,3.14159265)")
    run = energeia.fit(
        np.float32(rows), "flow-matching", reading=reading, quiet=True, options=SMALL | ROUNDS
    )
    angle, value = fresh.T
    truth = vonmises.logpdf(angle, 4.0, 3.0) - 0.5 * ((value - np.cos(angle)) / 0.3) ** 2
    truth = truth - np.log(0.3 * np.sqrt(2 * np.pi))
    assert np.mean(truth - run.log_prob(np.float32(fresh))) < 0.1
    drawn = run.sample(1000, seed=1)
    assert np.abs(drawn[:, 0]).max() <= np.pi
    assert abs(np.mean(np.cos(drawn[:, 0])) - np.mean(np.cos(angle))) < 0.05


def test_conditions_and_codes():
    """A lower bound of counts that shift with a condition, near to their entropy."""
    rng = np.random.default_rng(2)
    c = rng.normal(size=4000)
    k = rng.binomial(8, 1 / (1 + np.exp(-c)))
    table = np.float32(np.stack([k, c], axis=1))
    reading = DataConfig(support="0:integer(0,8)", condition=("1",))
    run = energeia.fit(table, "flow-matching", reading=reading, quiet=True, options=SMALL | ROUNDS)
    high = run.sample(500, condition=np.full((500, 1), 2.0, np.float32), seed=1)
    low = run.sample(500, condition=np.full((500, 1), -2.0, np.float32), seed=1)
    assert set(np.unique(high)) <= set(range(9))
    assert abs(np.mean(high) - 8 / (1 + np.exp(-2.0))) < 0.4
    assert abs(np.mean(low) - 8 / (1 + np.exp(2.0))) < 0.4
    budget = EvaluationBudget(weights=1000)
    assert run.evaluate(budget=budget).log_likelihood.kind == "lower bound"


def test_a_plan_over_conditions_is_refused():
    reading = DataConfig(condition=("1",))
    rows = np.random.default_rng(0).normal(size=(400, 2))
    with pytest.raises(InputError, match="coupling=independent"):
        energeia.fit(
            np.float32(rows), "flow-matching", reading=reading, quiet=True,
            options={"coupling": "optimal-transport"},
        )  # fmt: skip


def test_far_from_the_data_there_is_a_number():
    rng = np.random.default_rng(0)
    run = fit(banana(rng, 2000), "flow-matching", training={"rounds": 50, "check_every": 50})
    far = run.log_prob(np.float32([[1e6, 0.0], [0.0, -1e6], [1e4, 1e4]]))
    assert np.isfinite(far).all()
    assert (far < -30).all()


def moments(rows):
    x, y = np.asarray(rows).T
    return [float(np.mean(v)) for v in (x, y, np.clip(y, -4, 4) * np.clip(x, -2, 2) ** 2)]


def test_the_stochastic_equation_draws_the_same_rows():
    rng = np.random.default_rng(0)
    run = fit(banana(rng, 6000), "diffusion")
    flowed, means = moments(run.sample(4000, seed=1)), {}
    assert flowed[2] > 1.0  # .5 where x and y are independent
    for noise in (0.0, 1.0):
        model = stochastic_sampler(run.model, steps=100, noise=noise)
        means[noise] = moments(jax.vmap(model.sample)(jax.random.split(jax.random.key(0), 4000)))
        # A learned score is not exact: tests/models/test_stochastic.py has one that is.
        assert np.allclose(means[noise], flowed, atol=0.4)
    assert means[0.0] != means[1.0]
    with pytest.raises(InputError, match="one step or more"):
        stochastic_sampler(run.model, steps=0)
    flow = energeia.fit(np.float32(banana(rng, 400)), "realnvp", quiet=True, options=TINY)
    with pytest.raises(NoSuchCapability, match="fit `diffusion`"):
        stochastic_sampler(flow.model)


def test_a_target_of_many_columns_takes_the_trace_exactly():
    reals = Support(((Real(), 10),))
    rows = Problem(support=reals, layout=(10,), rows=20_000)
    target = Problem(subject="target", support=reals, layout=(10,), rows=0)
    options = find("ffjord").options()
    assert options.resolved(target).exact_trace
    assert not options.resolved(rows).exact_trace
