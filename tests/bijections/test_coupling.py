"""Couplings of fields: masks, what a layer may depend on, and sizes of the lattice."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.bijections.conditioners import ConvolutionalConditioner, DenseConditioner
from energeia.bijections.coupling import Coupling, masked_stack
from energeia.bijections.masks import MASKS, coupling_masks
from energeia.bijections.scalar import AffineScalar

KEY = jax.random.key(0)


def stack(width, *, periodic_layout=True, kind="nested"):
    def network(key):
        return ConvolutionalConditioner(
            (width, width), 2, channels=4, depth=1, periodic_layout=periodic_layout, key=key
        )

    found = masked_stack(AffineScalar(), coupling_masks(kind, (width, width), 8), network, key=KEY)
    moved, fixed = eqx.partition(found, eqx.is_inexact_array)
    shaken = jax.tree.map(lambda a: a + 0.1 * jax.random.normal(KEY, a.shape), moved)
    return eqx.combine(shaken, fixed)


@pytest.mark.parametrize("kind", MASKS)
def test_of_two_successive_layers_each_changes_what_the_other_keeps(kind):
    found = np.asarray(coupling_masks(kind, (4, 6, 2), 5, key=KEY))
    assert found.shape == (5, 4, 6, 2)
    assert np.array_equal(found[0], ~found[1])
    assert np.array_equal(found[2], ~found[3])
    assert found.any(axis=(1, 2, 3)).all()
    assert not found.all(axis=(1, 2, 3)).any()


def test_nested_masks_tell_every_two_sites_apart_and_a_checkerboard_does_not():
    def classes(kind):
        pattern = np.asarray(coupling_masks(kind, (8, 8), 8)).reshape(8, -1)
        return len({tuple(column) for column in pattern.T})

    assert classes("checkerboard") == 2
    assert classes("nested") == 16


@pytest.mark.parametrize(
    ("kind", "shape", "said"),
    [
        ("chequerboard", (4, 4), "did you mean 'checkerboard'"),
        ("stripes", (1, 4), "all of them or none"),
        ("channels", (4, 1), "all of them or none"),
        ("random", (4, 4), "give a key"),
    ],
)
def test_a_mask_that_cannot_be_made_is_refused(kind, shape, said):
    with pytest.raises(InputError, match=said):
        coupling_masks(kind, shape, 4)


def test_parts_that_do_not_fit_are_refused():
    network = DenseConditioner((4,), 2, width=4, depth=1, key=KEY)
    mask = coupling_masks("halves", (4,), 1)[0]
    with pytest.raises(InputError, match=r"\(2,\).*\(4,\)"):
        Coupling(mask[:2], network, AffineScalar())
    with pytest.raises(InputError, match="3 sites"):
        Coupling(mask, network, AffineScalar(), (True, False, True))
    with pytest.raises(InputError, match="height, width"):
        ConvolutionalConditioner((4,), 2, channels=4, depth=1, periodic_layout=True, key=KEY)


def test_a_layer_keeps_what_its_mask_says_and_starts_as_the_identity():
    layers = stack(4)
    first = jax.tree.map(lambda a: a[0] if eqx.is_array(a) else a, layers.layers)
    x = jax.random.normal(KEY, (4, 4))
    y, _ = first.forward(x)
    assert np.array_equal(y[~first.mask], x[~first.mask])
    assert np.all(np.asarray(y != x)[first.mask])
    network = DenseConditioner((4, 4), 2, width=8, depth=1, key=KEY)
    y, log_det = Coupling(first.mask, network, AffineScalar()).forward(x)
    assert np.array_equal(y, x)
    assert float(log_det) == 0.0


def test_parameters_do_not_depend_on_the_width_and_shifts_commute_on_a_periodic_lattice():
    shapes = [
        [a.shape for a in jax.tree.leaves(eqx.filter(stack(width), eqx.is_inexact_array))]
        for width in (4, 8)
    ]
    assert shapes[0] == shapes[1]
    x = jax.random.normal(KEY, (8, 8))

    def change(bijection):
        """How far a shift by four sites, which no mask of width eight sees, is from commuting."""
        moved = bijection.forward(jnp.roll(x, 4, axis=0))[0]
        return float(jnp.max(jnp.abs(moved - jnp.roll(bijection.forward(x)[0], 4, axis=0))))

    assert change(stack(8, kind="checkerboard")) < 1e-5
    # Control: beyond the edges of an image there is nothing.
    assert change(stack(8, kind="checkerboard", periodic_layout=False)) > 1e-3
