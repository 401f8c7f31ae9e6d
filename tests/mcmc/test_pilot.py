"""Which kernel a pilot chooses, on targets where it is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies import Normal, energy
from energeia.errors import ChainsStuck
from energeia.mcmc import Gibbs, Mala, Preconditioned, sample, try_kernels
from energeia.physics import Ising

MALA = {"plain": Mala(0.5), "dense": Preconditioned(Mala(0.5), dense=True)}


def correlated(rho):
    size = 8
    at = np.arange(size)
    return Normal(jnp.zeros(size), jnp.asarray(rho ** np.abs(at[:, None] - at), float))


def test_a_metric_is_chosen_where_columns_are_correlated():
    starts = 2 * jax.random.normal(jax.random.key(1), (32, 8))
    narrow = try_kernels(jax.random.key(0), correlated(0.99), starts, kernels=MALA)
    assert narrow[0].name == "dense"
    assert narrow[0].efficiency > 2 * narrow[1].efficiency
    # The control: where columns are independent it gains nothing.
    wide = {t.name: t.efficiency for t in try_kernels(
        jax.random.key(0), correlated(0.0), starts, kernels=MALA
    )}  # fmt: skip
    assert 0.6 < wide["dense"] / wide["plain"] < 1.6


def test_sampling_without_a_kernel_has_the_moments_of_the_target():
    target, starts = correlated(0.9), jax.random.normal(jax.random.key(1), (32, 8))
    found = sample(jax.random.key(2), target, None, starts, 400)
    assert len(found.trials) == 4
    assert found.trials[0].kernel is found.kernel
    of_chains = np.asarray(found.positions, np.float64)[..., 0] ** 2
    mean, error = of_chains.mean(), of_chains.mean(axis=1).std() / 32**0.5
    assert abs(mean - 1.0) < min(4.5 * error, 0.15)


def test_blocks_are_drawn_where_there_are_some():
    found = sample(jax.random.key(0), Ising(4, 0.3), None, jnp.ones((4, 4, 4)), 10)
    assert isinstance(found.kernel, Gibbs)
    assert found.trials == ()


def test_an_energy_that_no_kernel_moves_on_is_refused():
    wall = energy(lambda x: jnp.where(jnp.max(jnp.abs(x)) > 0, jnp.inf, 0.0), 2)
    with pytest.raises(ChainsStuck, match="look at the energy"):
        try_kernels(
            jax.random.key(0), wall, jnp.zeros((4, 2)), kernels={"Mala": Mala(1.0)}, steps=4
        )
