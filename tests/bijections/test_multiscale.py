"""Squeezed fields, normalized and mixed channels, and what the levels of a flow leave alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.channels import ChannelCoupling, FirstChannels
from energeia.bijections.compose import Chain
from energeia.bijections.elementwise import Affine, Reverse
from energeia.bijections.multiscale import level_shapes, multi_scale, stacked_on_rows
from energeia.bijections.reshape import Squeezed, squeeze, unsqueeze
from energeia.bijections.scalar import AffineScalar
from energeia.bijections.sites import ActNorm, EverySite, invertible_convolution

RNG = np.random.default_rng(0)
KEY = jax.random.key(0)


def test_the_halves_of_squeezed_channels_are_the_colors_of_a_checkerboard():
    field = np.indices((4, 6)).sum(axis=0)[..., None] % 2
    first, second = jnp.split(squeeze(jnp.asarray(field, float)), 2, axis=-1)
    assert np.all(first == 0)
    assert np.all(second == 1)
    x = RNG.normal(size=(3, 4, 6, 2))
    np.testing.assert_array_equal(unsqueeze(squeeze(jnp.asarray(x))), np.float32(x))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: squeeze(jnp.zeros((4, 3, 1))), "4 x 3 .* multiples of 2$"),
        (lambda: level_shapes((4, 6, 1), 2), "multiples of 4 or fewer levels"),
        (lambda: Squeezed(Reverse((2, 2, 3))), "multiple of four channels"),
        (lambda: FirstChannels(Reverse((2, 2, 3)), 2), "at most as many"),
        (lambda: multi_scale([]), "at least one"),
        (lambda: multi_scale([Reverse((4, 4, 1)), Reverse((2, 2, 4))]), "twice the channels"),
        (lambda: coupling((4, 4, 1)), "two channels or more"),
        (lambda: coupling((4, 4)), "height, width, channels"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()


def coupling(shape, periodic=True):
    return ChannelCoupling(
        shape, AffineScalar(), channels=4, depth=1, periodic_layout=periodic, key=KEY
    )


def test_a_level_is_blind_to_what_was_factored_out_before_it():
    """Only the first half of the squeezed channels of the result depends on the second level."""

    def level(shape, shift):
        return Affine(jnp.full(shape, shift), jnp.zeros(shape))

    def results(x):
        flows = (multi_scale([level((4, 4, 1), 1.0), level((2, 2, 2), s)]) for s in (0.0, 5.0))
        return [squeeze(flow.forward(x)[0]) for flow in flows]

    x = np.float32(RNG.normal(size=(4, 4, 1)))
    here, there = map(np.asarray, run_unoptimized(results, jnp.asarray(x)))
    np.testing.assert_array_equal(here[..., 2:], there[..., 2:])
    np.testing.assert_allclose(here[..., :2] + 5.0, there[..., :2], rtol=1e-5)


def normalized(key, rows):
    mixed = Chain((ActNorm(rows), invertible_convolution(key, rows.shape[-1])))
    layer = EverySite(mixed, rows.shape[1:3])
    return layer, jax.vmap(lambda row: layer.forward(row)[0])(rows)


def test_layers_start_where_channels_have_mean_zero_and_variance_one():
    """Each sees the rows as those before it leave them."""
    correlated = RNG.normal(size=(200, 2, 2, 3)) @ RNG.normal(size=(3, 3))
    rows = np.float32(np.array([7.0, 0.0, -50.0]) + correlated)
    after, _ = run_unoptimized(lambda rows: stacked_on_rows(normalized, 3, rows, KEY)[::-1], rows)
    np.testing.assert_allclose(np.mean(after, axis=(0, 1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(np.std(after, axis=(0, 1, 2)), 1.0, rtol=1e-4)
    assert np.abs(rows.mean(axis=(0, 1, 2))).max() > 10  # the control


def test_noise_of_a_constant_channel_is_not_enlarged_layer_after_layer():
    rows = np.float32(RNG.normal(size=(200, 2, 2, 3)) * [3.0, 0.0, 0.02] + 1.0)

    def slopes(rows):
        stack, _ = stacked_on_rows(normalized, 6, rows, KEY)
        return jax.jacobian(lambda x: stack.forward(x)[0][0, 0])(jnp.ones((2, 2, 3)))[:, 0, 0]

    found = np.asarray(run_unoptimized(slopes, rows))
    assert np.linalg.norm(found, axis=0).max() < 1.0


def test_a_constant_field_has_a_finite_start():
    layer = ActNorm(jnp.full((5, 2, 2, 2), 3.0))
    np.testing.assert_array_equal(layer.forward(jnp.full(2, 3.0))[0], 0.0)


def test_many_channels_have_the_volume_of_their_matrix():
    def results(key):
        mixing = invertible_convolution(key, 48)
        noise = 0.2 * jax.random.normal(key, (48, 48))
        mixing = eqx.tree_at(lambda m: m.bijections[1].matrix, mixing, noise)
        columns = jax.vmap(lambda x: mixing.forward(x)[0])(jnp.eye(48)).T
        return columns, mixing.forward(jnp.ones(48))[1]

    with jax.enable_x64(True):
        matrix, log_det = run_unoptimized(results, KEY)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(np.asarray(matrix))[1], rtol=1e-9)


@pytest.mark.parametrize("periodic", [True, False])
def test_couplings_commute_with_translations_of_a_lattice_and_know_the_sites_of_an_image(periodic):
    def results(x):
        layer = coupling((4, 4, 2), periodic)
        layer = jax.tree.map(
            lambda a: a + 0.1 * jnp.sin(jnp.arange(a.size)).reshape(a.shape), layer
        )
        moved = layer.forward(jnp.roll(x, 1, axis=0))[0]
        return moved, jnp.roll(layer.forward(x)[0], 1, axis=0), layer.forward(jnp.zeros_like(x))[0]

    x = np.float32(RNG.normal(size=(4, 4, 2)))
    moved, expected, of_zero = map(np.asarray, run_unoptimized(results, jnp.asarray(x)))
    assert np.allclose(moved, expected, atol=1e-5) == periodic
    # A field without structure is changed alike everywhere, or not.
    assert (np.ptp(of_zero[..., 1]) < 1e-6) == periodic


def test_the_program_does_not_grow_with_the_number_of_steps():
    def program(steps):
        def forward(x, rows):
            stack, _ = stacked_on_rows(normalized, steps, rows, KEY)
            return stack.forward(x)

        equations = jax.make_jaxpr(forward)(jnp.zeros((2, 2, 3)), jnp.zeros((4, 2, 2, 3)))
        return str(equations).count("=")

    assert program(2) == program(9)
