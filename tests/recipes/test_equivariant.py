"""The recipe ``equivariant-flow``: it commutes with the lattice and learns one that is solved."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia.bijections.continuous import ContinuousMap
from energeia.bijections.lattice_field import LatticeField, displacement_orbits
from energeia.physics import TopologicalCharge, U1Gauge, gauge_transform
from energeia.physics.lattice.gauge_field import GaugeField
from energeia.physics.lattice.phi_four import PhiFour
from energeia.physics.lattice.symmetry import point_permutations

POINTS = ("transposition", "reflections")
SMALL = {
    "rank": 4, "frequencies": 4, "times": 3, "steps": 4, "fine_steps": 8,
    "training": {"rounds": 150, "check_every": 50},
}  # fmt: skip


def field(*, odd=True, points=POINTS, condition=0):
    """A velocity with random kernels on a lattice of 4 x 4."""
    made = LatticeField(
        displacement_orbits(point_permutations(points, (4, 4)), (4, 4)), (4, 4), rank=3,
        frequencies=4, times=3, key=jax.random.key(0), odd=odd, condition=condition,
    )  # fmt: skip
    noise = 0.3 * jax.random.normal(jax.random.key(1), made.kernels.shape)
    return eqx.tree_at(lambda f: f.kernels, made, noise)


@pytest.mark.parametrize("odd", [True, False])
def test_the_trace_is_that_of_the_jacobian(odd):
    made, x, t = field(odd=odd, condition=1), jnp.linspace(-1.0, 2.0, 16), jnp.array(0.3)
    given = jnp.array([0.7])
    velocity, trace = jax.jit(lambda x: made.velocity_and_trace(t, x, given))(x)
    jacobian = jax.jit(jax.jacfwd(lambda x: made.velocity(t, x, given)))(x)
    assert np.allclose(velocity, made.velocity(t, x, given), atol=1e-5)
    assert np.isclose(trace, jnp.trace(jacobian), atol=1e-4)


def test_the_map_commutes_with_the_symmetries():
    forward = jax.jit(lambda made, x: ContinuousMap(made, steps=4).forward(x))
    x = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    moves = {
        "shift": lambda a: np.roll(a, (1, 3), (0, 1)),
        "transposition": np.transpose,
        "reflection": lambda a: a[::-1],
        "sign": np.negative,
    }

    def moved(made, move):
        (y, log_det), (z, other) = forward(made, x.ravel()), forward(made, move(x).ravel())
        apart = np.abs(move(np.asarray(y).reshape(4, 4)).ravel() - z).max()
        return max(float(apart), abs(float(log_det - other)))

    assert max(moved(field(), move) for move in moves.values()) < 1e-4
    # Controls: neither a velocity that is not odd nor one without point symmetries does.
    assert moved(field(odd=False), moves["sign"]) > 1e-2
    assert moved(field(points=()), moves["transposition"]) > 1e-2


def test_a_solved_field_is_learned(tmp_path):
    run = energeia.fit(
        "phi4:L=2,m2=-4,lam=6.975", "equivariant-flow", subject="target", options=SMALL,
        out=tmp_path / "run", quiet=True,
    )  # fmt: skip
    (row,) = run.evaluate().target
    found, exact = row.log_partition, PhiFour(2, -4.0, 6.975).solution.log_partition
    assert row.effective_fraction > 0.8
    assert abs(found.value - exact) < min(4 * found.stderr, 0.02)
    assert all(
        abs(o.model.value - o.exact.value) < min(4 * o.model.stderr, 0.05) for o in row.observables
    )
    weighed = run.reweight(4000)
    chain = weighed.chain()
    mean = chain.mean(lambda x: jnp.mean(x**2))
    assert chain.acceptance > 0.6
    assert weighed.largest_share < 0.02
    assert abs(mean.value - 0.1956262102) < min(4 * mean.stderr, 0.01)
    # The control: another coupling is many errors away.
    other = PhiFour(2, -4.0, 6.5).solution.log_partition
    assert abs(found.value - other) > 4 * found.stderr


def test_rows_that_are_no_lattice_are_refused(tmp_path):
    rows = np.random.default_rng(0).normal(size=(50, 4))
    with pytest.raises(InputError, match="declare translations"):
        energeia.fit(rows, "equivariant-flow", out=tmp_path / "run", options=SMALL, quiet=True)


def test_the_quadrature_agrees_with_a_plain_sum():
    m2, lam, grid = -1.0, 3.0, np.linspace(-1.9, 1.9, 40)
    rows = np.array(list(itertools.product(grid, repeat=2)))
    within = 2 * (rows[:, 0] - rows[:, 1]) ** 2 + np.sum(m2 * rows**2 + lam * rows**4, axis=1)
    between = np.sum((rows[:, None] - rows) ** 2, axis=2)
    exponent = -(within[:, None] + within + 2 * between)
    plain = np.log(np.exp(exponent).sum()) + 4 * np.log(grid[1] - grid[0])
    found = PhiFour(2, m2, lam).solution
    assert abs(found.log_partition - plain) < 1e-9
    weights, m = np.exp(exponent), (rows.mean(axis=1)[:, None] + rows.mean(axis=1)) / 2
    assert abs(found.susceptibility - 4 * np.sum(weights * m**2) / weights.sum()) < 1e-9


def test_the_quadrature_of_published_couplings():
    # m2 = -4, lam = 6.975, widths 2 and 3, computed independently.
    two, three = (PhiFour(L, -4.0, 6.975).solution for L in (2, 3))
    assert abs(two.log_partition - 1.1731847108) < 1e-9
    assert abs(two.field_2 - 0.1956262102) < 1e-9
    assert abs(three.log_partition - 1.9698242751) < 1e-9
    assert abs(three.field_2 - 0.1761579088) < 1e-9


def test_the_velocity_of_links_is_gauge_invariant_and_its_trace_exact():
    blank = GaugeField(3, times=2, harmonics=2)
    noise = 0.1 * jax.random.normal(jax.random.key(0), blank.kernels.shape)
    made = eqx.tree_at(lambda f: f.kernels, blank, noise)
    rng, t = np.random.default_rng(0), jnp.array(0.4)
    x = rng.uniform(-3, 3, size=18).astype(np.float32)

    @jax.jit
    def both(x):
        velocity, trace = made.velocity_and_trace(t, x)
        jacobian = jax.jacfwd(lambda x: made.velocity(t, x))(x)
        return velocity, trace, jnp.trace(jacobian)

    velocity, trace, exact = both(x)
    assert np.isclose(trace, exact, atol=1e-4)
    phases = jnp.asarray(rng.normal(size=(3, 3)), float)
    turned = gauge_transform(jnp.asarray(x).reshape(2, 3, 3), phases).ravel()
    assert np.allclose(both(turned)[0], velocity, atol=1e-4)
    assert np.allclose(both(-x)[0], -velocity, atol=1e-4)  # charge conjugation
    shifted = np.roll(x.reshape(2, 3, 3), (1, 2), (1, 2))
    moved = np.roll(np.asarray(velocity).reshape(2, 3, 3), (1, 2), (1, 2)).ravel()
    assert np.allclose(both(shifted.ravel())[0], moved, atol=1e-4)
    # The control: another angle of one link is no gauge transformation.
    assert not np.allclose(both(jnp.asarray(x).at[0].add(0.5))[0], velocity, atol=1e-2)


def test_links_are_learned(tmp_path):
    run = energeia.fit(
        "u1:L=3,beta=1", "equivariant-flow", subject="target", quiet=True, out=tmp_path / "run",
        options=SMALL | {"training": {"rounds": 60, "check_every": 30}},
    )  # fmt: skip
    found, exact = run.reweight(4000), U1Gauge(3, 1.0).solution
    assert found.ess > 2000
    assert abs(found.log_partition.value - exact.log_partition) < min(
        4 * found.log_partition.stderr, 0.1
    )
    charge = found.mean(TopologicalCharge((2, 3, 3)))
    assert abs(charge.value - exact.charge_2) < min(4 * charge.stderr, 0.05)
    # The control: another beta.
    other = U1Gauge(3, 1.1).log_partition
    assert abs(found.log_partition.value - other) > 4 * found.log_partition.stderr
