"""The exact Ising lattice against enumeration, Kaufman's formula and published values."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.transfer_matrix import kaufman

CRITICAL = 0.44068679350977


def enumerate_lattice(L, beta, J, h):
    """Energies in units of J, probabilities and configurations of every state."""
    x = np.array(list(itertools.product([-1.0, 1.0], repeat=L * L))).reshape(-1, L, L)
    bonds = x * (np.roll(x, -1, 1) + np.roll(x, -1, 2))
    energy = -J * bonds.sum((1, 2)) - h * x.sum((1, 2))
    weight = np.exp(-beta * energy)
    return x, energy, weight / weight.sum(), np.log(weight.sum())


@pytest.mark.parametrize(
    ("beta", "value"),
    [(0.2, 0.73453355), (0.4, 0.88436545), (CRITICAL, 0.93971532), (0.6, 1.22096326)],
)
def test_known_partition_functions(beta, value):
    assert abs(Ising(8, beta).log_partition / 64 - value) < 6e-9
    assert abs(kaufman(8, beta) / 64 - value) < 6e-9


def test_known_averages_at_the_critical_point():
    solution = Ising(4, CRITICAL).solution
    assert abs(solution.energy + 1.56562379) < 6e-9
    assert abs(solution.abs_magnetization - 0.84386044) < 6e-9
    assert abs(kaufman(32, CRITICAL) / 32**2 - 0.93032039) < 6e-9


@pytest.mark.parametrize(
    ("L", "beta", "J", "h"), [(3, 0.7, 1.0, 0.3), (4, 0.4, -0.8, 0.2), (2, 0.5, 1.0, 0.0)]
)
def test_every_average_against_enumeration(L, beta, J, h):
    x, energy, p, log_z = enumerate_lattice(L, beta, J, h)
    solution, sites, m = Ising(L, beta, J, h).solution, L * L, x.mean((1, 2))
    mean = np.sum(p * energy)
    truth = {
        "log_partition": log_z,
        "energy": mean / sites,
        "specific_heat": beta**2 * (np.sum(p * energy**2) - mean**2) / sites,
        "abs_magnetization": np.sum(p * np.abs(m)),
        "magnetization": np.sum(p * m),
        "magnetization_2": np.sum(p * m**2),
        "magnetization_4": np.sum(p * m**4),
        "susceptibility": beta * sites * (np.sum(p * m**2) - np.sum(p * np.abs(m)) ** 2),
        "entropy": -np.sum(p * np.log(p)),
    }
    for name, value in truth.items():
        np.testing.assert_allclose(getattr(solution, name), value, atol=1e-10, err_msg=name)


def test_log_prob_is_normalized():
    x, _, p, _ = enumerate_lattice(3, 0.7, 1.0, 0.3)
    ours = jax.jit(jax.vmap(Ising(3, 0.7, 1.0, 0.3).log_prob))(jnp.asarray(x))
    np.testing.assert_allclose(np.exp(ours), p, rtol=2e-5)


def distance_to_truth(samples, p, L):
    """Chi-square of counts over states against p, in standard deviations."""
    bits = (samples.reshape(len(samples), -1) > 0).astype(int)
    counts = np.bincount(bits @ 2 ** np.arange(L * L)[::-1], minlength=2 ** (L * L))
    expected = len(samples) * p
    chi = np.sum((counts - expected) ** 2 / expected)
    # Variance of Pearson's statistic, small cells included.
    variance = 2 * (len(p) - 1) + (np.sum(1 / p) - len(p) ** 2 - 2 * len(p) + 2) / len(samples)
    return (chi - (len(p) - 1)) / np.sqrt(variance)


def test_perfect_samples_have_the_right_probabilities():
    _, _, p, _ = enumerate_lattice(3, 0.3, 1.0, 0.1)
    samples = Ising(3, 0.3, 1.0, 0.1).draw(0, 20_000)
    assert abs(distance_to_truth(samples, p, 3)) < 4
    wrong = Ising(3, 0.33, 1.0, 0.1).draw(0, 20_000)
    assert distance_to_truth(wrong, p, 3) > 10


def test_perfect_samples_of_a_larger_lattice():
    ising = Ising(8, CRITICAL)
    x = ising.draw(1, 20_000)
    energy = np.asarray(jax.jit(jax.vmap(ising.energy))(jnp.asarray(x))) / ising.beta / 64
    m = np.abs(x.mean((1, 2)))
    for values, truth in [(energy, ising.solution.energy), (m, ising.solution.abs_magnetization)]:
        assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values))


def test_heat_bath_leaves_the_lattice_invariant_and_a_wrong_temperature_does_not():
    ising = Ising(4, CRITICAL, 1.0, 0.05)
    start = jnp.asarray(ising.draw(2, 20_000))

    def energies(kernel):
        x = start
        for block, key in enumerate(jax.random.split(jax.random.key(0), 6)):
            keys = jax.random.split(key, len(x))
            x = jax.jit(jax.vmap(lambda k, s, b=block % 2: kernel.draw_block(k, b, s)))(keys, x)
        return np.asarray(jax.jit(jax.vmap(ising.energy))(x)) / ising.beta / 16

    after = energies(ising)
    error = after.std() / np.sqrt(len(after))
    assert abs(after.mean() - ising.solution.energy) < 4 * error
    wrong = energies(Ising(4, 0.9 * CRITICAL, 1.0, 0.05))
    assert abs(wrong.mean() - ising.solution.energy) > 8 * error


def test_odd_lattices_have_no_checkerboard():
    with pytest.raises(InputError, match="even width"):
        _ = Ising(3, 0.4).blocks
    with pytest.raises(InputError, match="least is 2"):
        Ising(1, 0.4)
    with pytest.raises(InputError, match="transfer matrix"):
        Ising(12, 0.4).draw(0, 1)
