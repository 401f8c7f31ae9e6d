"""The toy densities: mass one, entropies by quadrature, draws that follow them."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.named.toy import TOYS, toy


def plane(step):
    axis = np.arange(-6, 6, step) + step / 3
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


# The trapezoidal rule converges exponentially here: a step under the blur is exact to rounding.
@pytest.mark.parametrize("name", sorted(set(TOYS) - {"checkerboard"}))
def test_mass_and_entropy(name):
    step = 0.125 if name != "2spirals" else 0.1
    log_p = toy(name).log_prob(plane(step))
    p = np.exp(log_p)
    assert abs(p.sum() * step**2 - 1) < 1e-6
    entropy = -np.sum(p[p > 0] * log_p[p > 0]) * step**2
    assert abs(entropy - toy(name).entropy) < 2e-5


@pytest.mark.parametrize("name", TOYS)
def test_draws_follow_the_density(name):
    law = toy(name)
    log_p = law.log_prob(law.sample(seed=3, n=4000))
    assert abs(-log_p.mean() - law.entropy) <= 4 * log_p.std() / np.sqrt(len(log_p)) + 1e-9


def test_control_draws_of_another_density_do_not():
    log_p = toy("moons").log_prob(1.1 * toy("moons").sample(seed=3, n=4000))
    assert abs(-log_p.mean() - toy("moons").entropy) > 4 * log_p.std() / np.sqrt(len(log_p))


@pytest.mark.parametrize("name", TOYS)
def test_published_entropies(name):
    published = {"8gaussians": 2.832, "checkerboard": 3.466, "moons": 2.394, "circles": 3.268}
    published |= {"2spirals": 2.646, "swissroll": 2.670}
    assert abs(toy(name).entropy - published[name]) < 1e-3


def test_checkerboard_is_uniform_on_half_the_board():
    law = toy("checkerboard")
    inside = np.isfinite(law.log_prob(4 * np.random.default_rng(0).uniform(-1, 1, size=(9000, 2))))
    assert abs(inside.mean() - 0.5) < 4 * 0.5 / np.sqrt(9000)
    assert np.all(law.log_prob(np.array([[9.0, 0.0], [0.0, -4.1]])) == -np.inf)


def test_one_seed_one_sample():
    assert np.array_equal(toy("circles").sample(7, 5), toy("circles").sample(7, 5))
    assert not np.array_equal(toy("circles").sample(7, 5), toy("circles").sample(8, 5))


def test_unknown_name():
    with pytest.raises(InputError, match="did you mean 'moons'"):
        toy("moon")
