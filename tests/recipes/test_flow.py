"""The flow recipes: exact for continuous columns, a bound for discrete ones; they learn."""

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest

from energeia.contracts import Batch, Density, LatentModel
from energeia.data.named.toy import toy
from energeia.errors import InputError
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.flow import RECIPES, RealNVPOptions, SplineFlowOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.spline_flow import build
from energeia.support import Binary, Circle, Real, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

SMALL = Training(rounds=150, batch=128, check_every=50, average=0.98)


def table(columns):
    return Problem(support=Support(((Real(), columns),)), layout=(columns,), rows=100)


def assemble(columns, rows, options):
    problem = Problem(support=Support.of(columns), layout=(len(columns),), rows=len(rows))
    return build(options, problem, ReferenceRows(rows, None), jax.random.key(0))


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ([Real(), Circle(0.0, 360.0)], Density),
        ([Binary(), Real()], Density),
        ([Binary(), Binary()], LatentModel),
    ],
)
def test_kind_follows_the_support(columns, kind):
    rows = jnp.array([[0.0, 1.0], [1.0, 200.0], [1.0, 350.0]])
    if columns[1] == Binary():
        rows = jnp.minimum(rows, 1.0)
    made = assemble(columns, rows, SplineFlowOptions())
    assert isinstance(made.model(made.modules), kind)


def test_starts_at_the_base_and_learns_moons():
    truth = toy("moons")
    x = jnp.asarray(truth.sample(0, 20000), dtype=float)
    options = SplineFlowOptions(
        optimization=Optimization(learning_rate=5e-3), training=SMALL, bins=8, layers=2, width=32
    )
    made = assemble([Real(), Real()], x, options)
    trained = train(
        Game(made.objective, made.players), made.modules, Batch(x, None), None, SMALL,
        jax.random.key(1),
    )  # fmt: skip
    fresh = truth.sample(9, 4000)
    log_q = np.asarray(
        jax.jit(jax.vmap(made.model(trained.modules).log_prob))(jnp.asarray(fresh, float))
    )
    before = np.asarray(
        jax.jit(jax.vmap(made.model(made.modules).log_prob))(jnp.asarray(fresh, float))
    )
    ratio = truth.log_prob(fresh) - log_q
    assert ratio.mean() > -4 * ratio.std() / np.sqrt(len(ratio))
    assert -log_q.mean() < -before.mean() - 0.2


def test_options_are_complete_and_automatic_choices_are_made():
    for recipe in RECIPES:
        defaults = recipe.options()
        again = msgspec.convert(msgspec.to_builtins(defaults), recipe.options)
        assert again == defaults
    few, many = table(2), table(64)
    fine = msgspec.structs.replace(few, rows=20_000)
    assert SplineFlowOptions().resolved(fine).octaves > SplineFlowOptions().resolved(many).octaves
    assert SplineFlowOptions().resolved(fine).bins > SplineFlowOptions().resolved(few).bins
    assert SplineFlowOptions(layers=7).resolved(many).layers == 7
    assert RealNVPOptions(octaves=0).resolved(few).octaves == 0


def test_a_mixture_for_the_base_has_separated_modes_from_the_start():
    rng = np.random.default_rng(0)

    def draw(count):
        return np.float32(rng.choice([-6.0, 6.0], (count, 1)) + rng.normal(size=(count, 2)))

    def log_p(x):
        modes = [-0.5 * np.sum((x - m) ** 2, axis=1) for m in (-6.0, 6.0)]
        return np.logaddexp(*modes) - np.log(4 * np.pi)

    rows, fresh, missing = jnp.asarray(draw(2000)), draw(4000), {}
    for base in ("student", "mixture"):
        small = SplineFlowOptions(base=base, components=4, bins=8, layers=2, width=16)
        made = assemble([Real(), Real()], rows, small)
        model = made.model(jax.jit(lambda m: m)(made.modules))
        log_q = np.asarray(jax.jit(jax.vmap(model.log_prob))(fresh), float)
        missing[base] = np.mean(log_p(fresh) - log_q)
    assert abs(missing["mixture"]) < 0.02
    assert missing["student"] > 0.5
    grid = np.linspace(-12, 12, 301)
    at = np.float32(np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2))
    total = np.exp(np.asarray(jax.jit(jax.vmap(model.log_prob))(at), float)).sum()
    assert abs(total * (grid[1] - grid[0]) ** 2 - 1) < 1e-3


def test_a_mixture_is_no_base_of_a_lattice():
    problem = Problem(support=Support(((Binary(), 16),)), layout=(4, 4), rows=50)
    rows = ReferenceRows(jnp.zeros((50, 16)), None)
    with pytest.raises(InputError, match="no table"):
        build(SplineFlowOptions(base="mixture"), problem, rows, jax.random.key(0))


def test_continuous_columns_have_no_codes_to_place():
    rows = jnp.zeros((50, 2))
    with pytest.raises(InputError, match="leave it at uniform"):
        assemble([Real(), Real()], rows, SplineFlowOptions(dequantization="variational"))
