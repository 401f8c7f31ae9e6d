"""Energies made of energies, at the ends of their range and at hard walls."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.contracts import Energy
from energeia.energies.algebra import GeometricPath, Interpolated
from energeia.energies.analytic import Normal
from energeia.mcmc.annealed import forward, schedule
from energeia.mcmc.mala import Mala
from energeia.physics.lattice.ising import Ising

BASE = Normal(jnp.zeros(1), jnp.eye(1))


class HalfLine(Energy):
    """E = x for x > 0 and infinite beyond, by a logarithm whose gradient there is no number."""

    shape: tuple[int, ...] = (1,)
    condition_shape: None = None

    def energy(self, x, condition=None):
        return jnp.where(x[0] > 0, x[0] + 0.0 * jnp.log(x[0]), jnp.inf)


OUTSIDE, INSIDE = jnp.array([-1.0]), jnp.array([0.5])


@pytest.mark.parametrize(("start", "end", "beta"), [(BASE, HalfLine(), 0.0), (HalfLine(), BASE, 1)])
def test_an_end_of_weight_zero_is_ignored_beyond_its_wall(start, end, beta):
    path = Interpolated(start=start, end=end, beta=jnp.asarray(float(beta)))
    for x in (OUTSIDE, INSIDE):
        np.testing.assert_allclose(path.energy(x), BASE.energy(x), rtol=1e-6)
        np.testing.assert_allclose(path.force(x), BASE.force(x), rtol=1e-6)
    # The twin: between the ends the wall stands.
    between = Interpolated(start=start, end=end, beta=jnp.asarray(0.5))
    assert np.isposinf(between.energy(OUTSIDE))
    assert np.isfinite(between.energy(INSIDE))


def test_annealing_to_a_wall_counts_what_starts_beyond_it_as_nothing():
    """log Z of exp(-x) on x > 0 is 0, and half of the base's draws weigh nothing."""
    path = GeometricPath(base=BASE, target=HalfLine())
    betas = jnp.asarray(schedule(40), float)
    run = forward(jax.random.key(0), path, Mala(0.5), betas, jnp.full(40, -0.5), 4000)
    w = np.exp(np.asarray(run.log_weights, np.float64))
    assert np.all(np.isfinite(w))
    assert abs(w.mean() - 1) < 4 * w.std() / np.sqrt(len(w))
    assert 0.4 < np.mean(w == 0) < 0.6


def test_a_path_from_an_energy_without_draws_is_refused():
    hot, cold = Ising(4, 0.1), Ising(4, 0.4)
    with pytest.raises(InputError, match=r"from a base Ising .* give a Density"):
        GeometricPath(base=hot, target=cold)
    with pytest.raises(InputError, match=r"shape \(1,\) to a target of shape \(4, 4\)"):
        GeometricPath(base=BASE, target=cold)
