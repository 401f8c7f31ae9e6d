"""Every factor keeps the contract that all parts of energeia rely on, under NumPy and under JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.support import (
    KINDS,
    Above,
    Circle,
    Interval,
    Positive,
    Real,
    Rotation,
    Simplex,
    SpecialUnitary,
    Sphere,
    Support,
)


def unit(rng, count, width):
    x = rng.normal(size=(count, width))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


# Each member, and how values of it are drawn.
MEMBERS = {
    "real": (Real(), lambda rng, n: rng.normal(size=n)),
    "positive": (Positive(), lambda rng, n: np.exp(rng.normal(size=n))),
    "above": (Above(-2.5), lambda rng, n: -2.5 + np.exp(rng.normal(size=n))),
    "interval": (Interval(-1.0, 3.0), lambda rng, n: rng.uniform(-0.9, 2.9, n)),
    "circle": (Circle(0.0, 360.0), lambda rng, n: rng.uniform(0, 360, n)),
    "sphere": (Sphere(2), lambda rng, n: unit(rng, n, 3)),
    "circle of unit vectors": (Sphere(1), lambda rng, n: unit(rng, n, 2)),
    "sphere of six dimensions": (Sphere(6), lambda rng, n: unit(rng, n, 7)),
    "rotation": (Rotation(), lambda rng, n: unit(rng, n, 4)),
    "simplex": (Simplex(3), lambda rng, n: rng.dirichlet(9 * np.ones(4), n)),
    "SU(2)": (SpecialUnitary(2), lambda rng, n: SpecialUnitary(2).unlink(rng.normal(size=(n, 8)))),
    "SU(3)": (SpecialUnitary(3), lambda rng, n: SpecialUnitary(3).unlink(rng.normal(size=(n, 18)))),
}


@pytest.fixture(params=MEMBERS)
def member(request):
    factor, draw = MEMBERS[request.param]
    with jax.enable_x64(True):
        yield factor, draw(np.random.default_rng(0), 40)


def test_every_continuous_kind_is_a_member():
    assert {f.name for f, _ in MEMBERS.values()} == {n for n, k in KINDS.items() if not k.discrete}


def test_values_are_inside_also_in_float32_and_others_are_not(member):
    factor, x = member
    assert np.all(factor.contains(x))
    assert np.all(factor.contains(x.astype(np.float32)))
    assert np.all(factor.contains(jnp.asarray(x, jnp.float32)))
    assert x.shape[1:] == factor.shape
    wrong = np.full_like(x, np.nan)
    assert not np.any(factor.contains(wrong))
    if factor.width > 1:
        assert not np.any(factor.contains(1.00001 * x))


def test_chart_and_back(member):
    factor, x = member
    t = factor.link(x)
    kind, count = factor.linked
    assert t.shape[1:] == factor.coordinate_shape
    assert np.prod(factor.coordinate_shape, dtype=int) == kind.width * count
    assert np.max(factor.distance(factor.unlink(t), x)) < 1e-9
    np.testing.assert_allclose(factor.link(jnp.asarray(x)), t, atol=1e-12)
    np.testing.assert_allclose(factor.unlink(jnp.asarray(t)), factor.unlink(t), atol=1e-12)
    assert factor.linked[0].linked == (factor.linked[0], 1)


EXTREMES = {
    "positive": (Positive(), np.array([-800.0, -104.0, 0.0, 89.0, 710.0])),
    "above": (Above(0.1), np.array([-800.0, -104.0, 0.0, 88.0, 710.0])),
    "far above": (Above(1e6), np.array([-40.0, -3.0, 0.0, 3.0, 40.0])),
    "interval": (Interval(0.1, 0.7), np.array([-800.0, -40.0, 0.0, 40.0, 800.0])),
    "tight": (Interval(1e6, 1e6 + 0.5), np.array([-40.0, -3.0, 0.0, 3.0, 40.0])),
    "circle": (Circle(0.0, 360.0), np.array([-np.pi, -np.pi - 1e-17, np.pi, 3 * np.pi, -1e-17])),
    "turn": (
        Circle(-np.pi, np.pi),
        np.nextafter([-np.pi, np.pi, 9.5, 0, 9], [-9, 9, 0, 1, 0]),
    ),
    "simplex": (Simplex(3), np.array([[-800.0, 800.0, 0.0], [-90.0, 90.0, 1.0]])),
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("library", [np, jnp])
def test_no_coordinate_leads_outside(name, dtype, library):
    factor, t = EXTREMES[name]
    with jax.enable_x64(dtype == np.float64), np.errstate(over="ignore", under="ignore"):
        x = np.asarray(factor.unlink(library.asarray(t, dtype)))
    assert x.dtype == dtype
    assert np.all(factor.contains(x))
    if isinstance(factor, Circle):
        assert np.all((x >= dtype(factor.low)) & (x < dtype(factor.high)))


def slope_error(factor, x, log_slope):
    """log |dt/dx| against autodiff, in the first ``dimension`` numbers."""

    def chart(y):
        whole = jnp.append(y, 1 - jnp.sum(y)) if factor.name == "simplex" else y
        return factor.link(whole)

    y = jnp.asarray(x[:, : factor.dimension] if factor.shape else x)
    jacobian = jax.vmap(jax.jacobian(chart))(y).reshape(len(x), factor.dimension, -1)
    varying, constant = log_slope(factor.link(jnp.asarray(x)))
    return np.max(np.abs(np.linalg.slogdet(jacobian)[1] - varying - constant))


def test_the_slope_of_a_chart_is_that_of_autodiff(member):
    factor, x = member
    if not factor.charted:
        pytest.skip("it is its own chart")
    assert slope_error(factor, x, factor.log_slope) < 1e-8


def test_the_control_of_slopes_fails():
    with jax.enable_x64(True):
        factor, x = Simplex(3), np.random.default_rng(0).dirichlet(np.ones(4), 40)
        assert slope_error(factor, x, lambda t: (factor.log_slope(t)[0], 0.0)) > 0.5


def test_geodesics_stay_inside_keep_their_speed_and_have_their_length(member):
    factor, x = member
    v = 0.002 * factor.tangent(x, np.random.default_rng(1).normal(size=x.shape))
    there, velocity = factor.move(x, v)
    speed = np.linalg.norm(v.reshape(len(x), -1), axis=1)
    assert np.all(factor.contains(there))
    np.testing.assert_allclose(factor.distance(x, there), speed, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(velocity.reshape(len(x), -1), axis=1), speed)
    np.testing.assert_allclose(factor.tangent(there, velocity), velocity, atol=1e-12)
    back, _ = factor.move(there, -velocity)
    assert np.max(factor.distance(back, x)) < 1e-7


def test_features_of_the_same_point_are_the_same():
    q = unit(np.random.default_rng(0), 5, 4)
    np.testing.assert_allclose(Rotation().features(q), Rotation().features(-q))
    ends = Circle(0.0, 1.0).features(np.array([0.0, 1.0]))
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-12)


def test_a_unitary_matrix_of_another_determinant_is_no_link():
    link = SpecialUnitary(3)
    u = np.exp(1j * np.pi / 3) * link.matrix(np.asarray(link.anchor))
    assert link.contains(np.asarray(link.anchor))
    assert not link.contains(link.stored(u * np.exp(1j * 0.01)))
    assert not link.contains(link.stored(np.diag([1.0, 1.0, -1.0]) + 0j))


def test_the_volume_of_su2_is_that_of_a_sphere_and_its_matrices_have_the_distances_of_one():
    link, sphere = SpecialUnitary(2), Sphere(3)
    # U = a + i b.sigma has Frobenius norm root 2 for a unit quaternion (a, b).
    assert np.isclose(link.volume, sphere.area * 2**1.5)

    def matrix(q):
        a, b, c, d = q.T
        u = np.array([[a + 1j * d, c + 1j * b], [-c + 1j * b, a - 1j * d]])
        return link.stored(np.moveaxis(u, -1, 0))

    p, q = (unit(np.random.default_rng(seed), 200, 4) for seed in (0, 1))
    expected = np.sqrt(2) * sphere.distance(p, q)
    np.testing.assert_allclose(link.distance(matrix(p), matrix(q)), expected, atol=1e-9)


def test_normal_numbers_become_haar_matrices():
    """E |tr U|^2 = 1, E (tr U)^2 = 0, and E |tr U|^4 = 2 for SU(3); E tr U^3 = 1."""
    link = SpecialUnitary(3)
    x = link.unlink(np.random.default_rng(2).normal(size=(20_000, 18)))
    trace = np.trace(link.matrix(x), axis1=1, axis2=2)
    for values, truth in (
        (np.abs(trace) ** 2, 1.0), ((trace**2).real, 0.0), (np.abs(trace) ** 4, 2.0),
        ((trace**3).real, 1.0),
    ):  # fmt: skip
        assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values))


def test_a_matrix_of_features_is_a_rotation():
    matrices = Rotation().features(unit(np.random.default_rng(0), 9, 4)).reshape(-1, 3, 3)
    unity = np.broadcast_to(np.eye(3), (9, 3, 3))
    np.testing.assert_allclose(matrices @ matrices.swapaxes(1, 2), unity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrices), 1.0)


def test_columns_of_a_support_follow_the_widths_of_its_factors():
    support = Support.of([Real(), Sphere(2), Sphere(2), Simplex(1), Rotation()])
    assert (support.width, support.dimension) == (13, 1 + 2 + 2 + 1 + 3)
    assert [(b.start, b.stop, b.count) for b in support.blocks] == [
        (0, 1, 1), (1, 7, 2), (7, 9, 1), (9, 13, 1)
    ]  # fmt: skip
    assert support.linked.width == 12
    assert support.columns[4] == Sphere(2)
    assert not support.flat
    assert support.select([1, 2, 3, 0]) == Support.of([Sphere(2), Real()])
    with pytest.raises(InputError, match="one of 3 numbers of sphere"):
        support.select([0, 1, 2])


def test_vectors_of_another_norm_are_refused_in_one_sentence():
    rows = np.column_stack([np.zeros(4), unit(np.random.default_rng(0), 4, 3)])
    support = Support.of([Real(), Sphere(2)])
    support.check(rows)
    rows[2] *= 1.01
    with pytest.raises(InputError, match=r"^columns 1-3, row 2 hold .* wants norm 1.*\(1 rows"):
        support.check(rows)
    parts = np.array([[0.5, 0.5], [0.5, 0.6], [1.0, 0.0]])
    with pytest.raises(InputError, match=r"row 1 hold \(0.5, 0.6\) where simplex.* sum 1"):
        Support.of([Simplex(1)]).check(parts)
