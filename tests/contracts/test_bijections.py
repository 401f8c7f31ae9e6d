"""Every bijection inverts itself, knows its own volume, and has finite gradients everywhere."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.autoregressive import autoregressive_stack
from energeia.bijections.channels import ChannelCoupling
from energeia.bijections.compose import Chain, Inverse, Stacked
from energeia.bijections.conditioners import ConvolutionalConditioner, DenseConditioner
from energeia.bijections.coupling import masked_stack
from energeia.bijections.elementwise import Affine, Permutation, Reverse
from energeia.bijections.linear import Householder
from energeia.bijections.masks import coupling_masks
from energeia.bijections.multiscale import multi_scale, stacked_on_rows
from energeia.bijections.rank_one import Planar, Radial
from energeia.bijections.reshape import ReshapedBijection, Squeezed, squeeze
from energeia.bijections.scalar import AffineScalar, ShiftScalar
from energeia.bijections.sites import ActNorm, EverySite, invertible_convolution
from energeia.bijections.spline import Spline
from energeia.bijections.split import SplitCoupling, coupling_stack
from energeia.contracts import Bijection

LINE, MIXED, ONE = (False,) * 5, (False, True, True, False, True), (True,)
NETWORK = {"octaves": 2, "width": 8, "depth": 1}


def affine(key):
    return Affine(jnp.zeros(5), jnp.zeros(5))


def coupling(transformer, periodic, condition=None):
    def make(key):
        order = jax.random.permutation(key, len(periodic))
        return SplitCoupling(
            order, transformer, periodic=periodic, condition_shape=condition, key=key, **NETWORK
        )

    return make


def stack(transformer, periodic, condition=None, layers=3):
    def make(key):
        return coupling_stack(
            transformer, layers, periodic=periodic, condition_shape=condition, key=key, **NETWORK
        )

    return make


def masked(transformer, periodic, condition=None, layers=2):
    def make(key):
        return autoregressive_stack(
            transformer, layers, periodic=periodic, condition_shape=condition, key=key, **NETWORK
        )

    return make


def several(layer, condition=None):
    """Four layers in five columns."""

    def make(key):
        build = eqx.filter_vmap(lambda key: layer(key, 5, condition))
        return Stacked(build(jax.random.split(key, 4)))

    return make


def field(kind, transformer, shape, periodic=(), condition=None, dense=False):
    """A stack of masked couplings as a bijection of flat rows."""

    def make(key):
        parameters = transformer.parameters(any(periodic))
        given = {"condition_shape": condition, "periodic": periodic, "octaves": 1}

        def conditioner(key):
            if dense:
                return DenseConditioner(shape, parameters, width=8, depth=1, key=key, **given)
            return ConvolutionalConditioner(
                shape, parameters, channels=4, depth=1, periodic_layout=True, key=key, **given
            )

        rows = coupling_masks(kind, shape, 3, key=jax.random.fold_in(key, 1))
        stack = masked_stack(transformer, rows, conditioner, periodic=periodic, key=key)
        return ReshapedBijection(stack, (int(np.prod(shape)),))

    return make


def channel_coupling(shape, condition, periodic=True):
    def make(key):
        return ChannelCoupling(
            shape, AffineScalar(2.0), channels=4, depth=1, periodic_layout=periodic,
            condition_shape=condition, key=key,
        )  # fmt: skip

    return make


def fields(shape):
    return 3.0 + jnp.sin(jnp.arange(4.0 * np.prod(shape))).reshape(4, *shape)


def flat(make, shape):
    return lambda key: ReshapedBijection(make(key), (int(np.prod(shape)),))


def every_site(key):
    rows = fields((1, 2, 3))
    return EverySite(Chain((ActNorm(rows), invertible_convolution(key, 3))), (1, 2))


def scales(condition):
    """Two levels of two steps, with a prior of the channels that are factored out in between."""

    def step(key, rows):
        sites, channels = rows.shape[1:3], rows.shape[-1]
        mixed = Chain((ActNorm(rows), invertible_convolution(key, channels)))
        coupling = channel_coupling(rows.shape[1:], condition, periodic=False)
        first = EverySite(mixed, sites)
        after = jax.vmap(lambda row: first.forward(row)[0])(rows)
        return Chain((first, coupling(key))), after

    def make(key):
        inner, rows = stacked_on_rows(step, 2, squeeze(fields((4, 4, 1))), key)
        prior = Inverse(channel_coupling((2, 2, 4), condition)(key))
        last, _ = stacked_on_rows(step, 2, squeeze(rows[..., :2]), key)
        return multi_scale([Squeezed(Chain((inner, prior))), Squeezed(last)])

    return flat(make, (16,))


def chain(key):
    one = coupling(AffineScalar(2.0), LINE, (2,))(key)
    return Chain((affine(key), one, Reverse((5,)), Permutation(jnp.array([3, 1, 0, 4, 2]))))


def stacked_affine(key):
    return Stacked(Affine(jnp.zeros((4, 5)), jnp.zeros((4, 5))))


# Each member: how it is built, and which of its columns are angles.
MEMBERS = {
    "affine": (affine, LINE),
    "reverse": (lambda key: Reverse((5,)), LINE),
    "permutation": (lambda key: Permutation(jnp.array([3, 1, 0, 4, 2])), LINE),
    "chain, condition": (chain, LINE),
    "stacked": (stacked_affine, LINE),
    "affine coupling, condition": (coupling(AffineScalar(2.0), LINE, (2,)), LINE),
    "inverse of an affine stack": (
        lambda key: Inverse(stack(AffineScalar(), LINE)(key)),
        LINE,
    ),
    "spline coupling": (coupling(Spline(7, 3.0), LINE), LINE),
    "spline stack, angles, condition": (stack(Spline(6), MIXED, (2,)), MIXED),
    "checkerboard, convolution": (field("checkerboard", Spline(5), (3, 2)), (False,) * 6),
    "stripes, convolution, condition": (
        field("stripes", AffineScalar(), (2, 3), condition=(2,)),
        (False,) * 6,
    ),
    "channels, convolution": (field("channels", AffineScalar(), (2, 2, 2)), (False,) * 8),
    "random, convolution, angles": (field("random", Spline(5), (2, 3), (True,) * 6), (True,) * 6),
    "halves, dense, some angles": (
        field("halves", Spline(5), (5,), MIXED, condition=(2,), dense=True),
        MIXED,
    ),
    "shifts, angles": (stack(ShiftScalar(), MIXED), MIXED),
    "autoregressive, condition": (masked(AffineScalar(2.0), LINE, (2,)), LINE),
    "autoregressive splines, angles": (masked(Spline(6), MIXED), MIXED),
    "inverse autoregressive": (lambda key: Inverse(masked(AffineScalar(2.0), LINE)(key)), LINE),
    "planar, condition": (several(Planar, (2,)), LINE),
    "radial": (several(Radial), LINE),
    "householder": (lambda key: Householder(key, 5, 4), LINE),
    "every site": (flat(every_site, (6,)), (False,) * 6),
    "channel coupling, condition": (
        flat(channel_coupling((2, 2, 2), (2,)), (8,)),
        (False,) * 8,
    ),
    "two levels, condition": (scales((2,)), (False,) * 16),
    "one column, autoregressive": (masked(Spline(6), (False,)), (False,)),
    "one column": (stack(Spline(6), (False,)), (False,)),
}


def shaken(bijection, seed=2):
    """The same bijection far from its rest point."""
    rng = np.random.default_rng(seed)

    def moved(leaf):
        if not eqx.is_inexact_array(leaf):
            return leaf
        # Sites of a convolution add up nine taps: kernels move half as far as matrices, so that
        # splines are as steep, and lose as few digits there and back, with either.
        step = 0.1 if leaf.ndim > 3 else 0.2
        return jax.device_put(np.asarray(leaf) + step * rng.normal(size=leaf.shape))

    return jax.tree.map(moved, bijection)


ROWS = 12
PLACES = (0.0, 3.0, -3.0, 5.0, -5.0, np.pi, -np.pi, 1e4, -1e4)


def points(periodic):
    """Random rows, and after them one for each of the edges and extremes."""
    x = 2.0 * np.random.default_rng(0).normal(size=(ROWS, len(periodic)))
    wrapped = np.where(periodic, (x + np.pi) % (2 * np.pi) - np.pi, x)
    return np.concatenate([wrapped, np.repeat(np.array(PLACES)[:, None], len(periodic), axis=1)])


def apart(a, b, periodic):
    """The largest distance, along the circle where a column is an angle."""
    gap = np.asarray(a - b)
    circular = np.abs((gap + np.pi) % (2 * np.pi) - np.pi)
    return np.max(np.where(periodic, circular, np.abs(gap)))


def condition_of(bijection):
    shape = bijection.condition_shape
    return None if shape is None else np.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)


class Way(NamedTuple):
    """One direction of a bijection at every row."""

    value: Array
    log_det: Array
    jacobian: Array
    gradients: Any
    """Of the sum of value and volume, by everything that is real."""


@eqx.filter_jit
def both_ways(bijection, x, c):
    """Forward at every row, back again, and the inverse at the row itself, in one program."""
    real, fixed = eqx.partition((bijection, c), eqx.is_inexact_array)

    def way(direction, x):
        def move(real, x):
            bijection, c = eqx.combine(real, fixed)
            return getattr(bijection, direction)(x, c)

        (value, log_det), pull = jax.vjp(move, real, x)
        # One pull for each column of the value, and one for their sum with the volume.
        columns = jnp.concatenate([jnp.eye(len(x)), jnp.ones((1, len(x)))])
        pulled = jax.vmap(pull)((columns, jnp.zeros(len(x) + 1).at[-1].set(1.0)))
        return Way(value, log_det, pulled[1][:-1], jax.tree.map(lambda g: g[-1], pulled))

    def one(x):
        there = way("forward", x)
        back = jax.vmap(lambda y: way("inverse", y))(jnp.stack([there.value, x]))
        return there, *(jax.tree.map(lambda leaf, i=i: leaf[i], back) for i in (0, 1))

    return jax.vmap(one)(x)


class Probed(NamedTuple):
    """A bijection with what both directions give at the points."""

    bijection: Bijection
    periodic: tuple[bool, ...]
    there: Way
    back: Way
    inverse: Way


def probed(bijection, periodic):
    return Probed(
        bijection, periodic, *both_ways(bijection, points(periodic), condition_of(bijection))
    )


def round_trip(found):
    x, back = points(found.periodic)[:ROWS], found.back.value[:ROWS]
    volumes = np.asarray(found.there.log_det) + np.asarray(found.back.log_det)
    return max(apart(np.asarray(back), x, found.periodic), np.max(np.abs(volumes[:ROWS])))


def volume_error(found):
    """Against the determinant of the autodiff Jacobian, both ways."""
    errors = []
    for way in (found.there, found.back):
        truth = np.linalg.slogdet(np.asarray(way.jacobian)[:ROWS])[1]
        errors.append(np.max(np.abs(np.asarray(way.log_det)[:ROWS] - truth)))
    return max(errors)


@pytest.fixture(params=MEMBERS, ids=str, scope="module")
def member(request):
    with jax.enable_x64(True):
        build, periodic = MEMBERS[request.param]
        yield probed(shaken(run_unoptimized(build, jax.random.key(1))), periodic)


def test_round_trip(member):
    assert round_trip(member) < 1e-10


def test_volume_against_autodiff(member):
    assert volume_error(member) < 1e-9


def test_batched_and_compiled_agree_with_one_by_one(member):
    with jax.enable_x64(True):
        x, c = points(member.periodic), condition_of(member.bijection)
        single, log_det = member.bijection.forward(jax.device_put(x[0]), c)
        assert np.allclose(member.there.value[0], single, atol=1e-12)
        assert np.allclose(member.there.log_det[0], log_det, atol=1e-12)


def test_gradients_are_finite_at_edges_and_extremes(member):
    found = jax.tree.leaves((member.there.gradients, member.inverse.gradients))
    assert all(len(g) == ROWS + len(PLACES) and np.all(np.isfinite(g)) for g in found)


class FlippedSign(Bijection):
    """Control: the volume of an honest bijection with the wrong sign."""

    honest: Bijection

    @property
    def shape(self):
        return self.honest.shape

    @property
    def condition_shape(self):
        return self.honest.condition_shape

    def forward(self, x: Array, condition=None):
        y, log_det = self.honest.forward(x, condition)
        return y, -log_det

    def inverse(self, y: Array, condition=None):
        x, log_det = self.honest.inverse(y, condition)
        return x, -log_det


class Leaky(FlippedSign):
    """Control: an inverse that is off by one part in a million."""

    def inverse(self, y: Array, condition=None):
        x, log_det = self.honest.inverse(y, condition)
        return x * (1 + 1e-6), log_det


def test_controls_fail():
    with jax.enable_x64(True):
        honest = shaken(affine(None))
        assert volume_error(probed(FlippedSign(honest), LINE)) > 0.1
        assert round_trip(probed(Leaky(honest), LINE)) > 1e-7
