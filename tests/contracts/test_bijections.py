"""Every bijection inverts itself, knows its own volume, and has finite gradients everywhere."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from energeia.bijections.compose import Chain, Inverse, Stacked
from energeia.bijections.conditioners import ConvolutionalConditioner, DenseConditioner
from energeia.bijections.coupling import masked_stack
from energeia.bijections.elementwise import Affine, Permutation, Reverse
from energeia.bijections.masks import coupling_masks
from energeia.bijections.reshape import ReshapedBijection
from energeia.bijections.scalar import AffineScalar
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


def chain(key):
    one = coupling(Spline(5), LINE, (2,))(key)
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
    "one column": (stack(Spline(6), (False,)), (False,)),
}


def shaken(bijection, key):
    """The same bijection far from its rest point."""
    moved, fixed = eqx.partition(bijection, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(moved)
    keys = jax.random.split(key, max(len(leaves), 1))

    def moved_leaf(key, leaf):
        # Sites of a convolution add up nine taps: kernels move a third as far as matrices, so that
        # splines are as steep, and lose as few digits there and back, with either.
        step = 0.1 if leaf.ndim > 3 else 0.3
        return leaf + step * jax.random.normal(key, leaf.shape)

    leaves = [moved_leaf(k, v) for k, v in zip(keys, leaves, strict=False)]
    return eqx.combine(jax.tree.unflatten(tree, leaves), fixed)


def points(periodic, rows=12):
    x = 2.0 * np.random.default_rng(0).normal(size=(rows, len(periodic)))
    wrapped = (x + np.pi) % (2 * np.pi) - np.pi
    return jnp.asarray(np.where(periodic, wrapped, x))


def apart(a, b, periodic):
    """The largest distance, along the circle where a column is an angle."""
    gap = np.asarray(a - b)
    circular = np.abs((gap + np.pi) % (2 * np.pi) - np.pi)
    return np.max(np.where(periodic, circular, np.abs(gap)))


def condition_of(bijection):
    shape = bijection.condition_shape
    return None if shape is None else jnp.linspace(-1.0, 1.0, int(np.prod(shape))).reshape(shape)


@eqx.filter_jit
def probe(bijection, x, c):
    """Both directions and both Jacobians at every row, in one compiled call."""

    def one(x):
        y, up = bijection.forward(x, c)
        back, down = bijection.inverse(y, c)
        rise = jax.jacrev(lambda x: bijection.forward(x, c)[0])(x)
        fall = jax.jacrev(lambda y: bijection.inverse(y, c)[0])(y)
        return y, up, back, down, rise, fall

    return jax.jit(jax.vmap(one))(x)


def round_trip(bijection, periodic):
    x = points(periodic)
    _, up, back, down, _, _ = probe(bijection, x, condition_of(bijection))
    return max(apart(back, x, periodic), float(jnp.max(jnp.abs(up + down))))


def volume_error(bijection, periodic):
    """Against the determinant of the autodiff Jacobian, both ways."""
    _, up, _, down, rise, fall = probe(bijection, points(periodic), condition_of(bijection))
    (_, truth_up), (_, truth_down) = np.linalg.slogdet(rise), np.linalg.slogdet(fall)
    return max(np.max(np.abs(up - truth_up)), np.max(np.abs(down - truth_down)))


@eqx.filter_jit
def gradients(bijection, x, c):
    """Of values and volume, both ways, by everything that is real, at every row."""

    def total(real, x):
        bijection, c = eqx.combine(real, fixed)
        (y, up), (z, down) = bijection.forward(x, c), bijection.inverse(x, c)
        return jnp.sum(y) + up + jnp.sum(z) + down

    real, fixed = eqx.partition((bijection, c), eqx.is_inexact_array)
    return jax.jit(jax.vmap(jax.grad(total, argnums=(0, 1)), in_axes=(None, 0)))(real, x)


@pytest.fixture(params=MEMBERS, ids=str, scope="module")
def member(request):
    with jax.enable_x64(True):
        build, periodic = MEMBERS[request.param]
        yield shaken(build(jax.random.key(1)), jax.random.key(2)), periodic


def test_round_trip(member):
    with jax.enable_x64(True):
        assert round_trip(*member) < 1e-10


def test_volume_against_autodiff(member):
    with jax.enable_x64(True):
        assert volume_error(*member) < 1e-9


def test_batched_and_compiled_agree_with_one_by_one(member):
    with jax.enable_x64(True):
        bijection, periodic = member
        x, c = points(periodic), condition_of(bijection)
        y, up = probe(bijection, x, c)[:2]
        single, log_det = bijection.forward(x[0], c)
        assert jnp.allclose(y[0], single, atol=1e-12)
        assert jnp.allclose(up[0], log_det, atol=1e-12)


PLACES = (0.0, 3.0, -3.0, 5.0, -5.0, np.pi, -np.pi, 1e4, -1e4)


def test_gradients_are_finite_at_edges_and_extremes(member):
    with jax.enable_x64(True):
        bijection, _ = member
        x = jnp.stack([jnp.full(bijection.shape, place) for place in PLACES])
        found = gradients(bijection, x, condition_of(bijection))
        assert all(bool(jnp.all(jnp.isfinite(g))) for g in jax.tree.leaves(found))


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
        honest = shaken(affine(None), jax.random.key(2))
        assert volume_error(FlippedSign(honest), LINE) > 0.1
        assert round_trip(Leaky(honest), LINE) > 1e-7
