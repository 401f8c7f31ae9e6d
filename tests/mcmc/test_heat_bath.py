"""Heat baths from energies alone sample and anneal any discrete energy as enumeration says."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError, NoSuchCapability
from energeia.contracts import Energy
from energeia.distributions.finite import FiniteProduct, product_of_marginals, uniform_product
from energeia.energies.algebra import GeometricPath, Interpolated
from energeia.energies.mask import masked
from energeia.energies.rbm import Rbm
from energeia.mcmc.annealed import log_partition
from energeia.mcmc.chain import run_chains
from energeia.mcmc.choice import default_kernel
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.heat_bath import HeatBath
from energeia.mcmc.mala import Mala
from energeia.physics.lattice.ising import Ising
from energeia.support import Binary, Integer, Real, Support

ALPHABETS = ((0.0, 1.0, 2.0), (-1.0, 1.0), (0.0, 0.5, 2.0))
ROWS = np.array(list(itertools.product(*ALPHABETS)), np.float32)


class Walled(Energy):
    """Three coupled variables; configurations with x_0 + x_2 > 3 lie behind a hard wall."""

    shape: tuple[int, ...] = (3,)
    condition_shape: None = None

    def energy(self, x, condition=None):
        bonds = 0.9 * x[0] * x[1] - 0.7 * x[1] * x[2] + 0.3 * x[0] * x[2] - 0.4 * x[2]
        return jnp.where(x[0] + x[2] > 3, jnp.inf, bonds)


def enumerated(energy, rows=ROWS):
    minus = -np.asarray(jax.jit(jax.vmap(energy.energy))(rows), float)
    log_z = np.logaddexp.reduce(minus)
    return np.exp(minus - log_z), log_z


def deviations(drawn, p, rows=ROWS):
    """(found - truth) / error of each configuration, errors between chains."""
    hit = np.all(drawn[:, :, None] == rows, axis=-1).mean(axis=1)
    error = np.hypot(hit.std(0, ddof=1) / np.sqrt(len(hit)), 1e-4)
    assert error.max() < 0.02
    return (hit.mean(0) - p) / error


def test_an_energy_of_several_alphabets_and_a_wall_is_sampled():
    p, _ = enumerated(Walled())
    begin = jnp.tile(jnp.array([0.0, 1.0, 0.0]), (400, 1))
    found = run_chains(jax.random.key(0), HeatBath(ALPHABETS), Walled(), begin, 60, 2, 20)
    drawn = np.asarray(found.positions)
    assert np.all(np.abs(deviations(drawn, p)) < 4)
    # The control: the same energy without its couplings.
    weights = np.where(p > 0, np.exp(0.4 * ROWS[:, 2]), 0.0)
    assert np.abs(deviations(drawn, weights / weights.sum())).max() > 10


def test_known_variables_stay_and_one_program_serves_every_mask():
    p, _ = enumerated(Walled())
    traced = []

    @jax.jit
    def run(key, x, known):
        traced.append(None)
        target = masked(Walled(), x, known)
        begin = jnp.tile(jnp.array([0.0, 1.0, 0.0]), (400, 1))
        return run_chains(key, HeatBath(ALPHABETS), target, begin, 60, 2, 20).positions

    for known in (np.array([False, True, False]), np.array([True, False, True])):
        x = jnp.where(known, jnp.array([1.0, -1.0, 0.5]), jnp.nan)
        drawn = np.asarray(run(jax.random.key(1), x, jnp.asarray(known)))
        fits = np.all(ROWS[:, known] == np.asarray(x)[known], axis=1)
        assert np.all(np.abs(deviations(drawn, p * fits / p[fits].sum())) < 4)
        assert np.abs(deviations(drawn, p)).max() > 10  # The control.
    assert len(traced) == 1


@pytest.mark.parametrize("base", ["uniform", "marginals"])
def test_a_discrete_energy_is_annealed_to_its_log_z(base):
    """An Ising lattice in a field, from independent spins, against enumeration."""
    ising = Ising(3, 0.3, 1.0, 0.2)
    rows = np.array(list(itertools.product((-1.0, 1.0), repeat=9)), np.float32).reshape(-1, 3, 3)
    _, log_z = enumerated(ising, rows)
    start = uniform_product((3, 3), (-1.0, 1.0))
    if base == "marginals":
        start = product_of_marginals(rows[-64:], (-1.0, 1.0))
    path = GeometricPath(base=start, target=ising)
    found = log_partition(
        jax.random.key(2), path, HeatBath((-1.0, 1.0)), chains=128, temperatures=60,
        exact=jnp.asarray(ising.draw(0, 128), float),
    )  # fmt: skip
    for side in (found.lower, found.upper):
        assert abs(side.value - log_z) < 4 * side.stderr
        assert side.stderr < 0.05
    assert abs(9 * np.log(2) - log_z) > 20 * found.lower.stderr  # The control: the base's own.


def test_annealing_a_discrete_energy_with_a_wall():
    """Half of the base lies behind the wall, where 0 times infinity would be no number."""
    _, log_z = enumerated(Walled())
    values = HeatBath(ALPHABETS).values
    logs = jnp.where(jnp.isnan(values), -jnp.inf, -jnp.log(jnp.array([[3.0], [2.0], [3.0]])))
    base = FiniteProduct(values, logs, (3,))
    path = GeometricPath(base=base, target=Walled())
    found = log_partition(jax.random.key(3), path, HeatBath(ALPHABETS), chains=512, temperatures=40)
    weights = np.asarray(found.forward.log_weights)
    assert np.any(np.isneginf(weights))
    assert not np.any(np.isnan(weights))
    assert abs(found.lower.value - log_z) < 4 * found.lower.stderr
    assert found.lower.stderr < 0.1


def test_a_path_between_two_machines_with_blocks_is_sampled():
    first, second = (Rbm(jax.random.key(k), (2,) * 4, 3, jnp.full(4, 0.5), 0, 2.0) for k in (0, 1))
    between = Interpolated(start=first, end=second, beta=jnp.asarray(0.6))
    rows = np.array(list(itertools.product((0.0, 1.0), repeat=4)), np.float32)
    p, _ = enumerated(between, rows)
    found = run_chains(
        jax.random.key(0), HeatBath((0.0, 1.0)), between, jnp.zeros((400, 4)), 50, 2, 20
    )
    assert np.all(np.abs(deviations(np.asarray(found.positions), p, rows)) < 4)
    other, _ = enumerated(second, rows)
    assert np.abs(deviations(np.asarray(found.positions), other, rows)).max() > 10
    with pytest.raises(NoSuchCapability, match="use HeatBath"):
        Gibbs().step(jax.random.key(0), between, Gibbs().init(between, jnp.zeros(4)))


def test_the_default_kernel_suits_the_energy():
    machine = Rbm(jax.random.key(0), (2,) * 4, 3, jnp.full(4, 0.5))
    codes = Support.of([Integer(0, 2), Binary(), Binary((-1.0, 1.0))])
    assert isinstance(default_kernel(machine), Gibbs)
    assert isinstance(default_kernel(Walled()), Mala)
    kernel = default_kernel(Walled(), codes)
    assert isinstance(kernel, HeatBath)
    np.testing.assert_array_equal(kernel.values, [[0, 1, 2], [0, 1, np.nan], [-1, 1, np.nan]])
    with pytest.raises(InputError, match="no kernel moves all of these columns"):
        default_kernel(Walled(), Support.of([Binary(), Real(), Real()]))


@pytest.mark.parametrize("values", [[], [[0.0], []], [0.0, np.nan]])
def test_alphabets_without_finite_values_are_refused(values):
    with pytest.raises(InputError, match="give one or more finite values"):
        HeatBath(values)


def test_a_row_outside_the_alphabet_is_refused():
    with pytest.raises(InputError, match="the rows hold 2, which is none of"):
        product_of_marginals(np.array([[0.0, 2.0]]), [0.0, 1.0])
