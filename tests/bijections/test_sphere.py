"""Flows on spheres: their inverse, their volume on the surface, the poles, mixtures of columns."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import trainable
from energeia.bijections.of_columns import factor_stack
from energeia.bijections.sphere import SphereSpline
from energeia.bijections.spline import Spline
from energeia.data.named.directions import sphere_quadrature
from energeia.distributions.product import ProductBase
from energeia.models.flow import Flow
from energeia.models.up_to_sign import UpToSign
from energeia.support import Circle, Real, Rotation, Sphere, Support


def shaken(bijection, size=0.3):
    """The same bijection far from where it starts, with fixed rotations as they are."""
    moved, fixed = eqx.partition(bijection, trainable(bijection))
    leaves, tree = jax.tree.flatten(moved)
    keys = jax.random.split(jax.random.key(2), len(leaves))
    leaves = [size * jax.random.normal(k, v.shape) + v for k, v in zip(keys, leaves, strict=True)]
    return eqx.combine(jax.tree.unflatten(tree, leaves), fixed)


def points(n, count=30):
    x = jax.random.normal(jax.random.key(3), (count, n + 1))
    return x / jnp.linalg.norm(x, axis=1, keepdims=True)


def sphere_spline(n):
    return shaken(
        SphereSpline(n, bins=6, condition_size=2, width=8, depth=1, key=jax.random.key(0))
    )


CONDITION = np.array([0.3, -1.0])


def errors(forward, inverse, x):
    """Of the round trip, of opposite volumes, and of the volume against autodiff on tangents."""

    def one(x):
        y, up = forward(x)
        back, down = inverse(y)
        jacobian = jax.jacobian(lambda z: forward(z / jnp.linalg.norm(z))[0])(x)
        tangents = jnp.linalg.svd(x[None])[2][1:].T
        stretch = jacobian @ tangents
        volume = 0.5 * jnp.linalg.slogdet(stretch.T @ stretch)[1]
        return jnp.max(jnp.abs(back - x)), jnp.abs(up + down), jnp.abs(up - volume)

    return [float(jnp.max(e)) for e in jax.jit(jax.vmap(one))(x)]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_inverse_and_volume_on_the_surface(n):
    with jax.enable_x64(True):
        b = sphere_spline(n)
        found = errors(
            lambda x: b.forward(x, CONDITION), lambda y: b.inverse(y, CONDITION), points(n)
        )
        assert max(found) < 1e-10


def test_the_control_without_the_weight_of_heights_fails():
    with jax.enable_x64(True):
        b = sphere_spline(3)

        def unweighted(x, y, log_det):
            heights = [(b._rotation() @ x)[3], y[3]]
            return log_det - 0.5 * (jnp.log(1 - heights[1] ** 2) - jnp.log(1 - heights[0] ** 2))

        def forward(x):
            y, log_det = b.forward(x, CONDITION)
            return y, unweighted(x, y, log_det)

        assert errors(forward, lambda y: b.inverse(y, CONDITION), points(3))[2] > 0.1


def test_densities_and_gradients_are_continuous_at_the_poles():
    with jax.enable_x64(True):
        b = sphere_spline(2)
        pole = b._rotation().T @ jnp.array([0.0, 0.0, 1.0])
        around = jnp.stack([jnp.eye(3)[0], jnp.eye(3)[1], -jnp.eye(3)[0]]) @ b._rotation()
        near = jnp.concatenate([pole[None], pole + 1e-6 * around])
        near = near / jnp.linalg.norm(near, axis=1, keepdims=True)

        def volume(x):
            return b.forward(x, CONDITION)[1]

        values, slopes = jax.jit(jax.vmap(jax.value_and_grad(volume)))(near)
        assert np.ptp(values) < 1e-4
        assert np.all(np.isfinite(slopes))
        tangent = slopes[1:] - jnp.sum(slopes[1:] * near[1:], axis=1, keepdims=True) * near[1:]
        assert np.max(np.ptp(tangent, axis=0)) < 1e-3 * max(1.0, float(np.max(np.abs(tangent))))


def flow(support, layers=3, size=0.3):
    stack = factor_stack(
        Spline(6), layers, support, bins=6, octaves=1, width=8, depth=1, key=jax.random.key(0)
    )
    return Flow(ProductBase(support), shaken(stack, size))


def test_a_density_of_directions_integrates_to_one():
    with jax.enable_x64(True):
        x, weights = sphere_quadrature(60, 120)
        log_p = jax.jit(jax.vmap(flow(Support.of([Sphere(2)]), size=0.1).log_prob))(x)
        assert np.ptp(log_p) > 1
        assert abs(weights @ np.exp(log_p) - 1) < 1e-3


def test_a_direction_a_number_and_an_angle_have_a_joint_density():
    """It is the reciprocal volume: samples weighted by base over density recover the base."""
    with jax.enable_x64(True):
        support = Support.of([Real(), Sphere(2), Circle(-np.pi, np.pi), Real()])
        model = flow(support, 2, 0.07)
        x = jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(5), 20_000))
        support.check(np.asarray(x))
        log_w = jax.jit(jax.vmap(ProductBase(support).log_prob))(x) - jax.jit(
            jax.vmap(model.log_prob)
        )(x)
        w = np.exp(np.asarray(log_w))
        assert abs(w.mean() - 1) < 4 * w.std() / np.sqrt(len(w))
        assert w.std() > 0.1
        skewed = np.exp(np.asarray(log_w + x[:, 0]))  # the control: another density
        assert abs(skewed.mean() - 1) > 4 * skewed.std() / np.sqrt(len(w))


def test_a_density_of_rotations_is_even_and_integrates_to_one():
    with jax.enable_x64(True):
        support = Support.of([Rotation()])
        plain = flow(support, 2, 0.2)
        model = UpToSign(plain, support)
        q = jnp.asarray(np.random.default_rng(0).normal(size=(20_000, 4)))
        q = q / jnp.linalg.norm(q, axis=1, keepdims=True)
        log_p = np.asarray(jax.jit(jax.vmap(model.log_prob))(q))
        np.testing.assert_allclose(
            jax.jit(jax.vmap(model.log_prob))(-q[:50]), log_p[:50], atol=1e-9
        )
        p = np.exp(log_p) * Rotation.area
        assert abs(p.mean() - 1) < 4 * p.std() / np.sqrt(len(p))
        half = np.exp(jax.jit(jax.vmap(plain.log_prob))(q)) * Rotation.area  # the control
        assert abs(half.mean() - 1) > 0.4
