"""XY and U(1) lattices: exact averages against sums over angles, and heat baths against them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import iv, ive, logsumexp

from energeia.distributions.von_mises import draw_von_mises
from energeia.errors import InputError
from energeia.mcmc import Gibbs, run_chains
from energeia.physics import (
    XY,
    BinderCumulant,
    CorrelationLength,
    FreeField,
    TopologicalCharge,
    U1Gauge,
    WilsonLoop,
    gauge_observables,
    gauge_transform,
    plaquettes,
    wilson_loop,
    xy_observables,
)
from energeia.physics.lattice.angle_observables import BondAngles
from energeia.physics.lattice.clock import solve_clock
from energeia.physics.lattice.gauge import link_colors
from energeia.physics.lattice.observables import MagnetizationPower

TURN = 2 * np.pi


def grid(points, angles):
    """Every choice of that many angles on a grid, shape (choices, angles), the first one zero."""
    axes = [np.zeros(1), *[np.arange(points) * TURN / points] * (angles - 1)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, angles)


@pytest.mark.parametrize(("L", "points"), [(2, 40), (3, 4)])
def test_the_xy_model_is_the_sum_over_its_angles(L, points):
    """Of width 2 the sum has converged to the integral; of width 3 it is a clock model's."""
    beta = 0.8
    theta = grid(points, L * L).reshape(-1, L, L)
    gaps = [theta - np.roll(theta, -1, axis) for axis in (1, 2)]
    energy = -sum(np.cos(gap).sum((1, 2)) for gap in gaps)
    p = np.exp(-beta * energy)
    log_z = np.log(p.sum()) + np.log(points) + L * L * np.log(TURN / points)
    p /= p.sum()
    mean, sites = p @ energy, L * L
    truth = {
        "log_partition": log_z,
        "energy": mean / sites,
        "specific_heat": beta**2 * (p @ energy**2 - mean**2) / sites,
        "magnetization_2": p @ np.abs(np.exp(1j * theta).mean((1, 2))) ** 2,
        "helicity": p
        @ (np.cos(gaps[0]).sum((1, 2)) - beta * np.sin(gaps[0]).sum((1, 2)) ** 2)
        / sites,
    }
    found = solve_clock(L, beta, None if L == 2 else points)
    for key, value in truth.items():
        np.testing.assert_allclose(getattr(found, key), value, atol=1e-10, err_msg=key)


def test_the_quadrature_of_width_three_has_converged():
    np.testing.assert_allclose(solve_clock(3, 0.3, 12), solve_clock(3, 0.3, 15), atol=1e-9)
    with pytest.raises(InputError, match="widths 2 and 3"):
        _ = XY(4, 0.5).solution


def test_the_gauge_theory_is_the_sum_over_its_links():
    """Three links of a tree are fixed; the five others sum over a grid, which has converged."""
    beta, points, gauge = 0.9, 14, U1Gauge(2, 0.9)
    free = np.stack(np.meshgrid(*[np.arange(points) * TURN / points] * 5), axis=-1).reshape(-1, 5)
    theta = np.zeros((len(free), 8))
    # Links from (0, 0) and (0, 1) along axis 0, and from (0, 0) along axis 1, span the sites.
    theta[:, [2, 3, 5, 6, 7]] = free
    p0, p1 = theta.reshape(-1, 2, 2, 2).transpose(1, 0, 2, 3)
    angle = p0 + np.roll(p1, -1, 1) - np.roll(p0, -1, 2) - p1
    weight = np.exp(beta * np.cos(angle).sum((1, 2)))
    log_z = np.log(weight.mean()) + 8 * np.log(TURN)
    assert abs(gauge.log_partition - log_z) < 1e-10
    p = weight / weight.sum()
    assert abs(gauge.solution.plaquette - p @ np.cos(angle).mean((1, 2))) < 1e-10
    assert abs(wilson_loop(2, beta, 1, 1) - gauge.solution.plaquette) < 1e-10
    few = slice(0, None, 9973)
    ours = jax.jit(jax.vmap(lambda x: (gauge.energy(x), plaquettes(x.reshape(2, 2, 2)))))(
        jnp.asarray(theta[few], float)
    )
    np.testing.assert_allclose(ours[1], angle[few], atol=1e-5)
    np.testing.assert_allclose(np.exp(-ours[0]), weight[few], rtol=1e-4)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_the_charge_is_that_of_three_plaquettes_and_the_flux_that_closes(beta):
    """On 2 x 2, Q = 1 where three angles sum to more than pi: an integral of smooth pieces."""
    nodes, w = np.polynomial.legendre.leggauss(40)
    s = np.pi * (nodes + 1)[:, None, None]
    first = s - np.pi + (1 + nodes[:, None]) / 2 * (TURN - s)
    third = np.pi - s + (1 + nodes) / 2 * s
    jacobian = np.pi * (TURN - s) / 2 * s / 2
    cosines = np.cos(first) + np.cos(s - first) + np.cos(third) + np.cos(s + third)
    high = np.einsum("a,b,c,abc->", w, w, w, jacobian * np.exp(beta * cosines))
    total = TURN**3 * np.sum(iv(np.arange(-40, 41), beta) ** 4)
    assert abs(U1Gauge(2, beta).solution.charge_2 - 2 * high / total) < 1e-10


def test_known_values_and_bessel_functions():
    assert abs(U1Gauge(8, 2.0).log_partition - 287.984) < 5e-4
    assert abs(U1Gauge(8, 2.0).solution.charge_2 - 1.2393) < 5e-5
    n = np.arange(-60, 61)
    for beta in (0.3, 5.0, 40.0):
        scaled = ive(n, beta)
        log_z = 2 * 16 * np.log(TURN) + 16 * beta + logsumexp(16 * np.log(scaled + 1e-300))
        assert abs(U1Gauge(4, beta).log_partition - log_z) < 1e-10
        loop = np.sum(scaled[:-1] ** 12 * scaled[1:] ** 4) / np.sum(scaled**16)
        assert abs(wilson_loop(4, beta, 2, 2) - loop) < 1e-10


def test_observables_do_not_depend_on_the_gauge():
    key = jax.random.key(0)
    theta = jax.random.uniform(key, (2, 3, 3), float, -np.pi, np.pi)
    turned = gauge_transform(theta, jax.random.uniform(key, (3, 3), float, -np.pi, np.pi))
    quantities = [q for q, _ in gauge_observables(U1Gauge(3, 1.0))]
    quantities += [TopologicalCharge((2, 3, 3), 1), WilsonLoop((2, 3, 3), 1, 2)]
    values = jax.jit(lambda x: jnp.stack([q.value(x) for q in quantities]))
    np.testing.assert_allclose(values(theta), values(turned), atol=1e-5)
    # The control: links of one direction alone.
    moved = values(turned.at[0].set(theta[0]))
    assert np.abs(np.asarray(values(theta) - moved)).max() > 0.01


def test_links_of_a_block_share_no_plaquette():
    for L in (2, 3, 4, 5):
        colors = link_colors(L)
        assert colors.max() + 1 == U1Gauge(L, 1.0).blocks
        for i, j in itertools.product(range(L), repeat=2):
            around = [(0, i, j), (1, (i + 1) % L, j), (0, i, (j + 1) % L), (1, i, j)]
            assert len({colors[link] for link in around}) == 4


@pytest.mark.parametrize("kappa", [0.0, 0.3, 4.0, 1000.0])
def test_von_mises_draws_have_the_moments(kappa):
    draw = jax.jit(lambda key, k: draw_von_mises(key, jnp.full(40_000, 1.3), k))
    x = np.asarray(draw(jax.random.key(0), kappa), np.float64) - 1.3

    def far(kappa):
        truth = np.array([0.0, ive(1, kappa) / ive(0, kappa), ive(2, kappa) / ive(0, kappa)])
        values = np.stack([np.sin(x), np.cos(x), np.cos(2 * x)])
        return np.abs((values.mean(1) - truth) / (values.std(1) / len(x) ** 0.5)).max()

    assert far(kappa) < 4.5
    assert far(1.1 * kappa + 0.05) > 4.5  # The control.


CASES = {"xy": XY(3, 0.6), "u1": U1Gauge(3, 1.0)}


@pytest.mark.parametrize("name", CASES)
def test_sweeps_have_the_exact_averages(name):
    """Of 3 x 3 lattices, whose odd width needs more colors; a beta off by a tenth is found."""
    model = CASES[name]
    key = jax.random.key(3)
    starts = jax.random.uniform(key, (2_000, *model.shape), float, -np.pi, np.pi)
    found = run_chains(key, Gibbs(), model, starts, 1, burn=20).positions[:, 0]
    if name == "xy":
        known, off = (solve_clock(3, beta, 14) for beta in (0.6, 0.66))
        parts = [*[q for q, _ in xy_observables(model)][:2], BondAngles((3, 3), True)]
        truth, wrong = (
            [s.energy, s.magnetization_2, (-s.energy / 2 - s.helicity) / b]
            for s, b in ((known, 0.6), (off, 0.66))
        )
    else:
        parts = [q for q, _ in gauge_observables(model)]
        truth, wrong = ([e for _, e in gauge_observables(m)] for m in (model, U1Gauge(3, 1.1)))
    values = jax.jit(jax.vmap(lambda x: jnp.stack([q.value(x) for q in parts])))(found)
    values = np.asarray(values, np.float64)
    error = values.std(0) / len(values) ** 0.5
    assert np.all(np.abs(values.mean(0) - np.array(truth)) < 4.5 * error)
    assert np.abs((values.mean(0) - np.array(wrong)) / error).max() > 6


def test_the_correlation_length_of_a_free_field_is_one_over_its_mass():
    field = FreeField(6, 0.25)
    length = CorrelationLength((6, 6))
    exact = [1 / field.eigenvalues[0, 0], 1 / field.eigenvalues[0, 1]]
    assert abs(float(length.combine(jnp.asarray(exact))) - 2.0) < 1e-5
    x = jnp.asarray(field.draw(0, 20_000), float)
    values = np.asarray(
        jax.jit(jax.vmap(lambda y: jnp.stack([p.value(y) for p in length.parts])))(x)
    )
    error = values.std(0) / len(values) ** 0.5
    assert np.all(np.abs(values.mean(0) - exact) < 4.5 * error)


def test_the_binder_cumulant_tells_order_from_noise():
    cumulant = BinderCumulant(MagnetizationPower(power=1, name="|m|"))
    rng = np.random.default_rng(0)
    for x, exact in ((rng.normal(size=(40_000, 1)), 0.0), (rng.choice([-1.0, 1.0], (9, 1)), 2 / 3)):
        means = [float(np.mean(jax.vmap(p.value)(jnp.asarray(x, float)))) for p in cumulant.parts]
        assert abs(float(cumulant.combine(jnp.asarray(means))) - exact) < 0.05
