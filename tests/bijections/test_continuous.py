"""Continuous maps against equations that are solved by hand."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.compose import Chain
from energeia.bijections.continuous import ContinuousMap, VectorField, continuous_maps, with_maps
from energeia.bijections.elementwise import Reverse
from energeia.bijections.paths import PATHS, NetworkField, PathField
from energeia.distributions.gaussian import RealPeriodicBase
from energeia.models.flow import Flow
from energeia.nn.timed import NegativeGradient, TimedNet

TURN = jnp.array([[0.3, 1.1, 0.0], [-0.7, -0.2, 0.4], [0.2, 0.0, 0.5]])


class LinearField(VectorField):
    """dx/dt = g(t) A x with g(t) = 2 t, so x(1) = exp(A) x(0)."""

    matrix: jax.Array
    shape: tuple[int, ...] = eqx.field(static=True, default=(3,))
    condition_shape: None = eqx.field(static=True, default=None)

    def velocity(self, t, x, condition=None):
        return 2 * t * self.matrix @ x


class Drift(VectorField):
    """An angle that turns by its condition."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
    condition_shape: tuple[int, ...] = eqx.field(static=True, default=(1,))

    def velocity(self, t, x, condition=None):
        return condition


class Explosion(VectorField):
    """dx/dt = -x^2 from 1 to 0 reaches infinity at t = 0 for x(1) = 1/2 and before for more."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
    condition_shape: None = eqx.field(static=True, default=None)

    def velocity(self, t, x, condition=None):
        return -10.0 * x**2


def moved(module, key, size=0.3):
    """A network with noise on parameters that start at zero."""
    arrays, static = eqx.partition(module, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(arrays)
    keys = jax.random.split(key, len(leaves))
    leaves = [a + size * jax.random.normal(k, a.shape) for a, k in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(tree, leaves), static)


def test_a_linear_equation_is_solved_by_the_exponential():
    x = jnp.array([0.5, -1.0, 2.0])
    map_ = ContinuousMap(LinearField(TURN), 1e-6)
    y, log_det = map_.forward(x)
    assert jnp.allclose(y, jax.scipy.linalg.expm(-TURN) @ x, atol=2e-5)
    assert jnp.allclose(log_det, -jnp.trace(TURN), atol=2e-5)
    back, minus = map_.inverse(y)
    assert jnp.allclose(back, x, atol=2e-5)
    assert jnp.allclose(minus, -log_det, atol=2e-5)
    assert jnp.allclose(map_.inverse_point(y), x, atol=2e-5)


def test_tolerance_and_steps_bound_the_error():
    x = jnp.array([0.5, -1.0, 2.0])
    exact = jax.scipy.linalg.expm(-TURN) @ x

    def error(map_):
        return float(jnp.max(jnp.abs(map_.forward(x)[0] - exact)))

    field = LinearField(TURN)
    coarse, fine = (error(ContinuousMap(field, steps=n)) for n in (1, 4))
    assert fine < coarse / 50  # order five: 4^-5 is a thousandth
    assert error(ContinuousMap(field, 1e-6)) < 1e-5 < error(ContinuousMap(field, 1e-1))
    assert ContinuousMap(field, 1e-6).evaluations(x) > ContinuousMap(field, 1e-1).evaluations(x)
    assert ContinuousMap(field, steps=3).refined().steps == 6
    assert ContinuousMap(field, 1e-3).refined().tolerance == 5e-4


def test_the_log_determinant_is_that_of_the_jacobian():
    key = jax.random.key(0)
    net = moved(TimedNet(3, 3, width=16, depth=1, key=key, periodic=(False, True, False)), key)
    map_ = ContinuousMap(NetworkField(net, net.periodic), 1e-6, periodic=net.periodic)
    x = jnp.array([0.3, 3.0, -1.2])
    _, log_det = map_.forward(x)
    jacobian = jax.jacrev(lambda x: map_.forward(x)[0])(x)
    assert jnp.allclose(log_det, jnp.linalg.slogdet(jacobian)[1], atol=1e-4)
    assert abs(float(log_det)) > 0.01


def test_the_estimated_trace_is_unbiased():
    map_ = ContinuousMap(LinearField(TURN), 1e-5)
    x = jnp.array([0.5, -1.0, 2.0])
    keys = jax.random.split(jax.random.key(1), 4000)
    y, found = jax.vmap(lambda k: map_.estimate_forward(k, x))(keys)
    assert jnp.allclose(y, map_.forward(x)[0], atol=1e-4)
    error = float(jnp.std(found)) / len(keys) ** 0.5
    assert 0 < error < 0.03
    assert abs(float(jnp.mean(found)) + float(jnp.trace(TURN))) < 4 * error


def test_angles_stay_in_one_turn():
    map_ = ContinuousMap(Drift(), periodic=(True,))
    y, log_det = map_.inverse(jnp.array([3.0]), jnp.array([1.0]))
    assert jnp.allclose(y, 4.0 - 2 * jnp.pi, atol=1e-4)
    assert float(log_det) == 0.0
    assert jnp.allclose(map_.forward(y, jnp.array([1.0]))[0], 3.0, atol=1e-4)


def test_where_the_solver_gives_up_there_is_no_number():
    map_ = ContinuousMap(Explosion(), 1e-5)
    y, log_det = map_.forward(jnp.array([1.0]))
    assert jnp.isnan(y).all()
    assert jnp.isnan(log_det)
    assert int(map_.evaluations(jnp.array([1.0]))) == -1
    # Twin: the way that ends.
    y, _ = map_.forward(jnp.array([-1.0]))
    assert jnp.allclose(y, -1.0 / 11.0, atol=1e-4)


def test_maps_within_a_model_are_found_and_changed():
    base = RealPeriodicBase((False, False, False))
    flow = Flow(base, Chain((Reverse((3,)), ContinuousMap(LinearField(TURN), 1e-3))))
    assert [found.tolerance for found in continuous_maps(flow)] == [1e-3]
    finer = with_maps(flow, lambda found: found.with_tolerance(1e-6))
    assert [found.tolerance for found in continuous_maps(finer)] == [1e-6]
    assert not continuous_maps(base)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_normal_data_has_no_velocity_to_learn(path):
    """A network that is zero keeps standard normal numbers standard normal."""
    net = TimedNet(2, 2, width=8, depth=1, key=jax.random.key(0))
    map_ = ContinuousMap(PathField(net, path, (False, False)), 1e-6)
    x = jnp.array([1.5, -0.5])
    y, log_det = map_.forward(x)
    assert jnp.allclose(y, x, atol=1e-3)
    assert abs(float(log_det)) < 1e-3


@pytest.mark.parametrize("path", PATHS)
def test_velocity_and_error_agree_on_one_point(path):
    """All data at one point: the best F has no error, and its velocity ends there."""
    point = jnp.array([0.7, -0.4])

    class Best(eqx.Module):
        def __call__(self, t, x, condition=None):
            alpha, sigma, _, _ = PATHS[path].at(t)
            size = jnp.sqrt(alpha**2 + sigma**2)
            noise = (size * x - alpha * point) / sigma
            return (sigma * point - alpha * noise) / size

    field = PathField(Best(), path, (False, False))
    for t in (0.1, 0.5, 0.9):
        noise = jax.random.normal(jax.random.key(2), (2,))
        assert float(field.squared_error(jnp.array(t), noise, point)) < 1e-8
    alpha, sigma, d_alpha, d_sigma = PATHS[path].at(jnp.array(0.5))
    noise = jnp.array([-1.0, 0.3])
    x = alpha * point + sigma * noise
    assert jnp.allclose(
        field.velocity(jnp.array(0.5), x), d_alpha * point + d_sigma * noise, atol=1e-5
    )
    wrong = PathField(TimedNet(2, 2, width=8, depth=1, key=jax.random.key(0)), path, (False,) * 2)
    assert float(wrong.squared_error(jnp.array(0.5), noise, point)) > 0.1


def test_a_gradient_field_has_no_rotation():
    key = jax.random.key(3)
    net = NegativeGradient(moved(TimedNet(2, 1, width=16, depth=1, key=key), key))
    jacobian = jax.jacfwd(lambda x: net(jnp.array(0.4), x))(jnp.array([0.3, -0.6]))
    assert np.isclose(jacobian[0, 1], jacobian[1, 0], rtol=1e-4, atol=1e-5)
    assert abs(float(jacobian[0, 1])) > 1e-4
