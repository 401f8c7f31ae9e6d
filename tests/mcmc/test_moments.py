"""Multipliers of observables against known laws; their errors against repeated measurements."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import i0, i1

from energeia.energies import ObservableEnergy
from energeia.errors import InputError
from energeia.mcmc import MomentChains, fit_moments
from energeia.physics import Ising
from energeia.physics.lattice.observables import IsingEnergy
from energeia.support import Binary, Circle, Integer, Interval, Real, Support

DICE = Support.of([Integer(1, 6)])
FACES = np.arange(1.0, 7.0)
SPINS = Support.of([Binary((-1.0, 1.0))] * 9)
ISING = Ising(3, 0.4)
PER_SITE = IsingEnergy(ising=ISING)
SHORT = MomentChains(count=32, draws=60, final=200, rounds=12)


def face(x):
    return x[0]


def square(x):
    return x[0] ** 2


def test_the_dice_of_jaynes():
    found = fit_moments([face], [4.5], DICE)
    p = np.exp(-found.multipliers[0] * FACES - found.log_partition.value)
    # Jaynes 1978, "Where do we stand on maximum entropy?".
    known = [0.05435, 0.07877, 0.11416, 0.16545, 0.23977, 0.34749]
    np.testing.assert_allclose(p, known, atol=1e-5)
    assert np.isclose(found.entropy.value, -np.sum(p * np.log(p)))
    assert np.isclose(float(found.energy.energy(jnp.array([2.0]))), 2 * found.multipliers[0])


def test_a_lattice_gives_its_temperature_and_its_log_z():
    found = fit_moments([PER_SITE], [ISING.solution.energy], SPINS, errors=[0.01], shape=(3, 3))
    np.testing.assert_allclose(found.multipliers / 9, 0.4, rtol=1e-6)
    assert np.isclose(found.log_partition.value, ISING.solution.log_partition)
    # d lambda / d o = -1 / variance of the observable, here by a difference.
    near = fit_moments([PER_SITE], [ISING.solution.energy + 1e-4], SPINS, shape=(3, 3))
    slope = (near.multipliers - found.multipliers) / 1e-4
    np.testing.assert_allclose(found.errors, 0.01 * np.abs(slope), rtol=1e-2)


def test_densities_of_real_bounded_and_periodic_columns():
    mean, sigma = 100.0, 1.5
    normal = fit_moments(
        [face, square], [mean, mean**2 + sigma**2], Support.of([Real()]), location=90.0, scale=4.0
    )
    np.testing.assert_allclose(normal.multipliers, [-mean / sigma**2, 0.5 / sigma**2], rtol=1e-5)
    known = np.log(sigma * np.sqrt(2 * np.pi * np.e))
    assert np.isclose(normal.entropy.value, known, atol=1e-3)
    kappa = 1.7
    mises = fit_moments(
        [lambda x: jnp.cos(x[0])], [i1(kappa) / i0(kappa)], Support.of([Circle(0.0, 2 * np.pi)])
    )
    np.testing.assert_allclose(mises.multipliers, [-kappa], rtol=1e-6)
    uniform = fit_moments([face], [1.0], Support.of([Interval(0.0, 2.0)]))
    assert abs(uniform.multipliers[0]) < 1e-6
    assert np.isclose(uniform.entropy.value, np.log(2.0))


def test_errors_are_the_scatter_of_repeated_measurements():
    truth = np.array([0.4, -0.1])
    p = np.exp(-truth[0] * FACES - truth[1] * FACES**2)
    p /= p.sum()
    scaled = []
    for seed in range(60):
        x = np.random.default_rng(seed).choice(FACES, 2000, p=p)
        values = np.stack([x, x**2], axis=1)
        found = fit_moments([face, square], values.mean(axis=0), DICE,
                            errors=np.cov(values, rowvar=False) / len(x))  # fmt: skip
        scaled.append((found.multipliers - truth) / found.errors)
    chi = np.sum(np.square(scaled), axis=0) / 60
    # The mean of 60 squares has a deviation of sqrt(2 / 60) = .18.
    assert np.all(np.abs(chi - 1) < 4 * 0.18)
    # The control: errors of the two means taken as independent.
    separate = fit_moments([face, square], values.mean(axis=0), DICE,
                           errors=values.std(axis=0) / len(x) ** 0.5)  # fmt: skip
    assert np.all(separate.errors > 3 * found.errors)


def test_chains_find_the_temperature_within_their_errors():
    known = ISING.solution.energy
    found = [
        fit_moments([PER_SITE], [known], SPINS, shape=(3, 3), method="chains", seed=seed,
                    chains=SHORT)
        for seed in range(6)
    ]  # fmt: skip
    scaled = np.array([(f.multipliers[0] / 9 - 0.4) / (f.errors[0] / 9) for f in found])
    assert np.all(np.abs(scaled) < 4)
    assert np.any(np.abs(scaled) > 0.1)
    assert all(f.errors[0] / 9 < 0.02 for f in found)
    # The control: the means of another temperature are many errors away.
    other = fit_moments([PER_SITE], [Ising(3, 0.3).solution.energy], SPINS, shape=(3, 3),
                        method="chains", chains=SHORT)  # fmt: skip
    assert abs(other.multipliers[0] / 9 - 0.4) > 4 * other.errors[0] / 9
    assert abs(other.multipliers[0] / 9 - 0.3) < 4 * other.errors[0] / 9


def parity(x):
    return jnp.where(x[0] < 4, 1.0, 0.0)


REFUSED = {
    "beyond a value": ([face], [6.5], DICE, "lies between 1 and 6"),
    "at a value": ([face], [6.0], DICE, "lies between 1 and 6"),
    "outside the hull": ([face, square], [3.0, 8.0], DICE, "convex hull"),
    "on a face": ([face, parity], [2.2, 1 - 1e-15], DICE, "convex hull"),
    "dependent": ([face, lambda x: 1 + 2 * x[0]], [3.0, 7.0], DICE, "linearly dependent"),
    "constant": ([face, lambda x: 0 * x[0] + 2], [3.0, 2.0], DICE, "value 2 everywhere"),
    "no bound": ([face], [0.0], Support.of([Real()]), "does not vanish"),
    "means missing": ([face, square], [3.0], DICE, "for 2 observables"),
    "no start": ([square], [1.0], Support.of([Real()] * 4), "give start"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_answer_is_refused(name):
    observables, means, support, words = REFUSED[name]
    with pytest.raises(InputError, match=words):
        fit_moments(observables, means, support)


def test_an_energy_needs_a_multiplier_for_each_observable():
    with pytest.raises(InputError, match="one for each"):
        ObservableEnergy(jnp.zeros(2), (face,), (1,))
