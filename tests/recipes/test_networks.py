"""Convolutional networks of the recipes: where they fit, and what they are invariant under."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.recipes import gan, networks, realnvp, vae
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.adversarial import GanOptions
from energeia.recipes.options.flow import RealNVPOptions, SplineFlowOptions
from energeia.recipes.options.latent import VaeOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Circle, Real, Support

KEY = jax.random.key(0)
BUILDERS = {"gan": (gan.build, GanOptions), "vae": (vae.build, VaeOptions)}


def problem(column=Real(), layout=(8, 8), periodic=True, **given):
    support = Support(((column, int(np.prod(layout))),))
    return Problem(support=support, layout=layout, rows=32, periodic_layout=periodic, **given)


def assemble(recipe, where):
    build, kind = BUILDERS[recipe]
    rows = jnp.asarray(np.random.default_rng(0).integers(0, 2, size=(32, where.dimension)), float)
    options = kind(networks="convolution", channels=4)
    return build(options, where, ReferenceRows(rows, None), KEY), Batch(rows)


@pytest.mark.parametrize("recipe", BUILDERS)
@pytest.mark.parametrize(
    "where",
    [problem(), problem(Binary(), (8, 8, 2), periodic=False)],
    ids=["lattice", "image"],
)
def test_networks_fit_their_fields(recipe, where):
    def played():
        made, batch = assemble(recipe, where)
        memory = made.objective.init_memory(KEY, made.modules, batch)
        losses = [
            made.objective.loss(player.name, KEY, made.modules, batch, memory)[0]
            for player in made.players
        ]
        return losses, jax.eval_shape(made.model(made.modules).sample, KEY).shape

    losses, shape = run_unoptimized(played)
    assert np.all(np.isfinite(losses))
    assert shape == (where.dimension,)


def test_parameters_of_lattice_networks_do_not_depend_on_the_width():
    def of(recipe, width, periodic):
        where = problem(layout=(width, width), periodic=periodic)
        modules = jax.eval_shape(lambda: assemble_networks(recipe, where))
        return [a.shape for a in jax.tree.leaves(modules)]

    def assemble_networks(recipe, where):
        found = assemble(recipe, where)[0].modules
        chosen = (found["critic"], found["generator"]) if recipe == "gan" else found["model"].inner
        return eqx.filter(chosen, eqx.is_inexact_array)

    for recipe in BUILDERS:
        assert of(recipe, 4, True) == of(recipe, 8, True)
        # Control: an image has places, and so a linear map of them.
        assert of(recipe, 4, False) != of(recipe, 8, False)


def test_a_critic_of_a_lattice_is_a_sum_over_sites_and_one_of_an_image_is_not():
    def of(field):
        return networks.critic(networks.field_of(field), channels=4, key=KEY)

    def change(periodic, x):
        network = of(problem(periodic=periodic))
        return jnp.abs(network(jnp.roll(x, 3, axis=1).ravel()) - network(x.ravel()))[0]

    def results(x):
        y = x[:4, :4]
        large, small = of(problem()), of(problem(layout=(4, 4)))
        tiled = large(jnp.tile(y, (2, 2)).ravel()), 4 * small(y.ravel())
        return change(True, x), change(False, x), tiled

    x = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    lattice, image, (large, small) = run_unoptimized(results, jnp.asarray(x))
    assert lattice < 1e-4
    assert image > 1e-2
    np.testing.assert_allclose(large, small, rtol=1e-4)


def test_a_decoder_gives_each_site_its_own_parameters():
    def results(z):
        model = assemble("vae", problem(layout=(4, 4)))[0].modules["model"].inner
        both = jnp.stack([z, jnp.roll(z, 1, axis=0)]).reshape(2, -1)
        posterior = jax.vmap(model.encode)(both)
        decoded = jax.vmap(model.decode)(both).reshape(2, -1, 4, 4)
        return decoded, (posterior.mean, posterior.scale), model.likelihood.size

    z = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    (here, there), posterior, size = run_unoptimized(results, jnp.asarray(z))
    assert len(here) == size // 16
    np.testing.assert_allclose(np.roll(here, 1, axis=1), there, atol=1e-5)
    assert not np.allclose(here, there, atol=1e-2)
    for ours, theirs in posterior:
        ours = np.roll(np.reshape(ours, (4, 4)), 1, axis=0).ravel()
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (problem(layout=(8,)), r"layout \(8,\)"),
        (problem(Circle(0.0, 1.0), (4, 4)), "circle"),
        (problem(layout=(6, 6), periodic=False), "multiples of 4"),
        (problem(condition_dimension=1), "networks=dense"),
    ],
)
def test_rows_that_convolutions_do_not_fit_are_refused(where, said):
    with pytest.raises(InputError, match=said):
        networks.field_of(where)


@pytest.mark.parametrize("kind", [RealNVPOptions, SplineFlowOptions])
def test_couplings_are_convolutions_on_lattices_of_reals_and_dense_elsewhere(kind):
    def chosen(where, **given):
        found = kind(**given).resolved(where)
        return found.mask, found.conditioner, found.layers

    dense = ("permutation", "dense", 12)
    assert chosen(problem()) == ("nested", "convolution", 8)
    assert chosen(problem(), mask="checkerboard")[:2] == ("checkerboard", "convolution")
    assert chosen(problem(), mask="permutation") == dense
    image = problem(Binary(), periodic=False)
    assert chosen(image, mask="multiscale") == ("multiscale", "convolution", 8)
    assert chosen(problem(), conditioner="dense") == dense
    assert chosen(problem(periodic=False)) == dense
    assert chosen(problem(Binary())) == dense
    assert chosen(problem(layout=(64,), periodic=False)) == dense
    rows = ReferenceRows(jnp.ones((4, 64)), None)
    bad = RealNVPOptions(mask="permutation", conditioner="convolution")
    with pytest.raises(InputError, match="mask=checkerboard"):
        jax.eval_shape(lambda: realnvp.build(bad, problem(), rows, KEY))
