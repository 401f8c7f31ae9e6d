"""Associative memories: what they store, how they recall it, and how much is too much."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies import ContinuousMemory, DenseMemory, hopfield, overlap, recall
from energeia.errors import InputError

N = 400


def patterns(count, n=N):
    return np.random.default_rng([count, n]).choice([-1.0, 1.0], size=(count, n))


def recalled(xi, rule, flips=0.0):
    """Mean overlap of what is recalled from each pattern, some of its spins flipped."""
    network = hopfield(xi, rule)
    noise = np.where(np.random.default_rng(1).random(xi.shape) < flips, -1.0, 1.0)
    ends = jax.vmap(lambda s: recall(network, s))(jnp.asarray(xi * noise))
    return float(np.mean(np.sum(np.asarray(ends) * xi, axis=1) / xi.shape[1]))


def test_hebb_recalls_below_its_capacity_and_not_beyond():
    assert recalled(patterns(20), "hebb", 0.15) > 0.995
    assert recalled(patterns(120), "hebb") < 0.6


def test_the_other_rules_store_more():
    xi = patterns(80)
    assert recalled(xi, "hebb") < 0.85
    assert recalled(xi, "storkey") > 0.97
    assert recalled(patterns(160), "pseudo-inverse") > 0.999


def test_storkey_is_its_sum_over_spins():
    """The rule written with loops, on five spins."""
    xi, n = patterns(3, 5), 5
    w = np.zeros((n, n))
    for s in xi:
        new = w.copy()
        for i in range(n):
            for j in range(n):
                f = sum(w[i, k] * s[k] for k in range(n) if k not in (i, j))
                g = sum(w[j, k] * s[k] for k in range(n) if k not in (i, j))
                new[i, j] += (s[i] * s[j] - s[i] * g - f * s[j]) / n
        w = new
    np.fill_diagonal(w, 0.0)
    assert np.allclose(hopfield(xi, "storkey").couplings, w, atol=1e-6)


def test_recall_lowers_the_energy_to_a_fixed_point():
    xi = patterns(30)
    network = hopfield(xi)
    start = jnp.asarray(patterns(1)[0])
    end = recall(network, start)
    assert network.energy(end) < network.energy(start)
    assert jnp.all(recall(network, end, sweeps=1) == end)
    assert float(jnp.max(jnp.abs(overlap(xi, xi[3]))) - 1) == pytest.approx(0.0, abs=1e-6)


def test_synchronous_spins_may_alternate():
    """Two spins with a negative coupling, both up, turn together for ever."""
    pair = hopfield(np.array([[1.0, -1.0]]))
    both = jnp.ones(2)
    assert jnp.all(recall(pair, both, sweeps=3, synchronous=True) == -both)
    assert jnp.all(recall(pair, both, sweeps=4, synchronous=True) == both)
    assert float(jnp.sum(recall(pair, both))) == 0.0


@pytest.mark.parametrize(
    ("power", "count", "stable"), [(2, 200, False), (3, 200, True), (0, 4000, True)]
)
def test_steeper_energies_keep_more_patterns(power, count, stable):
    """No single flip lowers the energy at a pattern."""
    xi = jnp.asarray(patterns(count, 64))
    memory = DenseMemory(xi, power)

    def least(s):
        flipped = s * (1 - 2 * jnp.eye(len(s)))
        return jnp.min(jax.vmap(memory.energy)(flipped)) - memory.energy(s)

    share = float(jnp.mean(jax.vmap(least)(xi[:50]) > 0))
    assert (share > 0.95) == stable


def test_recall_of_a_continuous_memory_is_a_step_down_its_gradient():
    rng = np.random.default_rng(0)
    memory = ContinuousMemory(jnp.asarray(rng.normal(size=(6, 5))), beta=3.0)
    x = jnp.asarray(rng.normal(size=5))
    assert np.allclose(memory.recall(x, 1), x - jax.grad(memory.energy)(x), atol=1e-5)
    assert memory.energy(memory.recall(x)) < memory.energy(x)


def test_patterns_that_are_none_are_refused():
    with pytest.raises(InputError, match="-1 and"):
        hopfield(np.array([[0.0, 1.0]]))
    with pytest.raises(InputError, match="rule 'hebbian' is not known"):
        hopfield(patterns(2), "hebbian")
