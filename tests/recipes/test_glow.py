"""The recipe glow, and couplings of a multi-scale flow: against known fields, and bad input."""

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia._core.trees import trainable
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections import coupling_masks, unsqueeze
from energeia.contracts import Batch
from energeia.physics import FreeField
from energeia.recipes import glow, realnvp
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.flow import GlowOptions, NiceOptions, RealNVPOptions, levels_of
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Circle, Integer, Real, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

KEY = jax.random.key(0)
SMALL = {"levels": 2, "steps": 2, "channels": 4, "depth": 1}


def problem(column=Real(), layout=(4, 4), periodic=True, **given):
    support = Support(((column, int(np.prod(layout))),))
    return Problem(support=support, layout=layout, rows=64, periodic_layout=periodic, **given)


def assembled(build, options, where, rows=None):
    x = np.random.default_rng(0).integers(0, 2, (16, where.dimension)) if rows is None else rows
    condition = jnp.zeros((16, 1)) if where.condition_dimension else None
    made = build(options, where, ReferenceRows(jnp.asarray(x, float), condition), KEY)
    return made.model(made.modules)


def test_a_trained_flow_reaches_a_gaussian_field():
    """Two levels, so that the prior of what is factored out is learned, too."""
    field = FreeField(4, 0.5)
    rows, fresh = (np.float32(field.draw(seed, 4000)).reshape(4000, 16) for seed in (1, 2))
    settings = Training(rounds=300, batch=128, check_every=300, average=0.9)
    rate = Optimization(learning_rate=0.01, clip=1.0)
    options = GlowOptions(**SMALL, shrinkage=1000.0, training=settings, optimization=rate)
    where = msgspec.structs.replace(problem(), rows=len(rows))
    made = glow.build(options, where, ReferenceRows(jnp.asarray(rows), None), KEY)
    game, batch = Game(made.objective, made.players), Batch(jnp.asarray(rows), None)
    trained = train(game, made.modules, batch, None, settings, jax.random.key(1))
    model = made.model(trained.modules)
    log_q, drawn = run_unoptimized(
        lambda: (
            jax.vmap(model.log_prob)(jnp.asarray(fresh)),
            jax.vmap(model.sample)(jax.random.split(KEY, 4000)),
        )
    )
    gap = field.log_probs(fresh.reshape(-1, 4, 4)) - np.asarray(log_q)
    error = gap.std() / len(gap) ** 0.5
    assert -4 * error < gap.mean() < 0.1
    # The control, of independent sites.
    variance = field.correlations[0, 0]
    apart = 0.5 * 16 * np.log(2 * np.pi * np.e * variance) - field.entropy
    assert apart > 1.5
    drawn = np.asarray(drawn).reshape(4000, 4, 4)
    neighbors = np.mean(drawn * np.roll(drawn, 1, axis=1), axis=(1, 2))
    truth = field.correlations[0, 1]
    assert abs(neighbors.mean() - truth) < 0.15 * truth


def test_channel_masks_of_a_level_are_stripes_of_the_field():
    """Not its colors again, which have seen each other by then."""
    options = RealNVPOptions(mask="multiscale", layers=4, channels=4, depth=1)

    def masks():
        flow = assembled(realnvp.build, options, problem()).inner.bijection.inner
        colors, squeezed = flow.bijections
        return colors.layers.mask, unsqueeze(squeezed.inner.layers.mask)

    colors, stripes = run_unoptimized(masks)
    np.testing.assert_array_equal(stripes, coupling_masks("stripes", (4, 4, 1), 2))
    expected = coupling_masks("checkerboard", (4, 4, 1), 2)
    np.testing.assert_array_equal(colors, expected)
    assert not np.any(np.all(np.asarray(stripes) == np.asarray(expected), axis=(1, 2, 3)))


def test_levels_leave_two_by_two_sites():
    assert [levels_of(side, 0) for side in [(2, 2), (4, 8), (6, 6), (64, 64)]] == [1, 1, 1, 3]
    assert GlowOptions().resolved(problem(layout=(8, 8))).levels == 2
    assert GlowOptions(levels=1).resolved(problem(layout=(8, 8))).levels == 1


def test_codes_are_coupled_by_splines():
    assert GlowOptions().resolved(problem()).coupling == "affine"
    assert GlowOptions().resolved(problem(Binary())).coupling == "spline"
    assert GlowOptions(coupling="affine").resolved(problem(Binary())).coupling == "affine"


@pytest.mark.parametrize(
    ("build", "options", "where", "said"),
    [
        (glow.build, GlowOptions(), problem(layout=(16,)), r"glow .* layout \(16,\): give arrays"),
        (glow.build, GlowOptions(), problem(layout=(5, 4)), "5 x 4 .* multiples of 2"),
        (glow.build, GlowOptions(levels=2), problem(layout=(6, 4)), "4 or fewer levels"),
        (
            realnvp.build,
            RealNVPOptions(mask="multiscale"),
            problem(layout=(16,)),
            r"mask=multiscale .* layout \(16,\)",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_one_sentence(build, options, where, said):
    with pytest.raises(InputError, match=said):
        jax.eval_shape(lambda: eqx.filter(assembled(build, options, where), eqx.is_array))


def test_angles_are_refused_with_the_recipes_that_model_them(tmp_path):
    rows = np.random.default_rng(0).uniform(0, 6, (50, 4, 4))
    reading = energeia.runs.DataConfig(support="*:circle(0,6.3)")
    with pytest.raises(InputError, match=r"glow.*circle columns: choose from.*spline-flow"):
        energeia.fit(rows, "glow", reading=reading, out=tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    ("build", "options", "where"),
    [
        (glow.build, GlowOptions(**SMALL, bins=3), problem(Binary())),
        (glow.build, GlowOptions(**SMALL), problem(condition_dimension=1)),
        (
            glow.build,
            GlowOptions(**SMALL | {"levels": 1}),
            problem(Integer(0, 3), (2, 4, 2), periodic=False),
        ),
        (
            realnvp.build,
            RealNVPOptions(mask="multiscale", levels=2, layers=4, channels=4, depth=1),
            problem(condition_dimension=1),
        ),
        (
            realnvp.build_nice,
            NiceOptions(mask="multiscale", layers=2, channels=4, depth=1),
            problem(Circle(0.0, 1.0)),
        ),
    ],
    ids=["codes", "condition", "channels", "multiscale", "angles"],
)
def test_draws_have_their_density_and_depend_on_conditions(build, options, where):
    rows = np.random.default_rng(0).integers(0, 2, (16, where.dimension)) * 0.5
    conditions = [jnp.zeros(1), jnp.ones(1)] if where.condition_dimension else [None]
    noise = np.random.default_rng(1)

    def results():
        flow = assembled(build, options, where, rows).inner
        flow = getattr(flow, "density", flow)
        moving, fixed = eqx.partition(flow.bijection, trainable(flow.bijection))
        moved = jax.tree.map(lambda a: a + np.float32(0.1 * noise.normal(size=a.shape)), moving)
        flow = eqx.tree_at(lambda f: f.bijection, flow, eqx.combine(moved, fixed))
        drawn = [flow.sample_and_log_prob(KEY, c) for c in conditions]
        return drawn, [flow.log_prob(x, c) for (x, _), c in zip(drawn, conditions, strict=True)]

    drawn, scored = run_unoptimized(results)
    for (_, log_p), again in zip(drawn, scored, strict=True):
        np.testing.assert_allclose(log_p, again, rtol=1e-3, atol=1e-3)
    if len(drawn) > 1:
        assert not np.allclose(drawn[0][0], drawn[1][0])
