"""The Potts model against enumeration and the Ising model; Gibbs sweeps and clusters have its law.

Each law is tested on a lattice of 3 x 3, whose odd width needs three colors, and by a control.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2

from energeia.energies import BondEnergy, PairSpins
from energeia.errors import InputError, NoSuchCapability
from energeia.mcmc import Gibbs, SwendsenWang, Wolff, run_chains
from energeia.mcmc.cluster import cluster_labels
from energeia.physics import Ising, Potts, PottsOrder
from energeia.physics.lattice.rows import draw_rows, row_powers
from energeia.physics.lattice.square import lattice_bonds, site_colors

CASES = {
    "three colors": Potts(3, 3, 0.7),
    "four colors": Potts(2, 4, 0.9, h=0.3),
    "antiferromagnet in a field": Potts(3, 3, 0.8, J=-0.7, h=0.4),
}


def enumerated(L, values):
    """Every state, shape (states, L, L)."""
    return np.array(list(itertools.product(values, repeat=L * L))).reshape(-1, L, L)


def law_of(potts):
    """Every state with its energy in units of J and its probability, from the definition."""
    s = enumerated(potts.L, range(potts.q))
    bonds = sum((s == np.roll(s, -1, axis)).sum((1, 2)) for axis in (1, 2))
    energy = -potts.J * bonds - potts.h * (s == 0).sum((1, 2))
    weight = np.exp(-potts.beta * energy)
    return s, energy, weight / weight.sum(), np.log(weight.sum())


@pytest.mark.parametrize("name", CASES)
def test_every_average_against_enumeration(name):
    potts = CASES[name]
    s, energy, p, log_z = law_of(potts)
    shares = np.stack([(s == a).mean((1, 2)) for a in range(potts.q)])
    mean, sites = p @ energy, potts.L**2
    truth = {
        "log_partition": log_z,
        "energy": mean / sites,
        "specific_heat": potts.beta**2 * (p @ energy**2 - mean**2) / sites,
        "order_2": p @ (potts.q * (shares**2).sum(0) - 1) / (potts.q - 1),
        "share": p @ shares[0],
        "entropy": -p @ np.log(p),
    }
    for key, value in truth.items():
        np.testing.assert_allclose(getattr(potts.solution, key), value, atol=1e-10, err_msg=key)
    few = jnp.asarray(s[:: len(s) // 97], float)
    ours = jax.jit(jax.vmap(potts.log_prob))(few)
    np.testing.assert_allclose(np.exp(ours), p[:: len(s) // 97], rtol=2e-4)
    order = jax.jit(jax.vmap(PottsOrder(potts.q).value))(few)
    by_hand = (potts.q * (shares**2).sum(0) - 1) / (potts.q - 1)
    np.testing.assert_allclose(order, by_hand[:: len(s) // 97], atol=1e-5)


@pytest.mark.parametrize(("L", "h"), [(3, 0.0), (4, 0.2)])
def test_two_colors_are_the_ising_model(L, h):
    """[s = s'] = (1 + x x') / 2: beta and the energy differ by a factor of two and a constant."""
    potts, ising = Potts(L, 2, 0.8, h=h).solution, Ising(L, 0.4, h=h).solution
    assert abs(potts.log_partition - ising.log_partition - 0.4 * (2 + h) * L * L) < 1e-10
    assert abs(2 * potts.energy - ising.energy + 2 + h) < 1e-10
    assert abs(potts.specific_heat - ising.specific_heat) < 1e-10
    assert abs(potts.order_2 - ising.magnetization_2) < 1e-10


def classes(energies, law, count=24):
    """States of similar energy together, in classes of about equal probability."""
    label = np.empty(len(law), int)
    order = np.argsort(energies, kind="stable")
    label[order] = np.minimum((np.cumsum(law[order]) * count).astype(int), count - 1)
    return label


def p_value(which, energies, law):
    """Of a chi-squared test that states were drawn with that law."""
    label = classes(energies, law)
    expected = np.bincount(label, law, minlength=24) * len(which)
    seen = np.bincount(label[which], minlength=24)
    used = expected > 5
    statistic = np.sum((seen - expected)[used] ** 2 / expected[used])
    return chi2.sf(statistic, used.sum() - 1)


def state_numbers(x, values):
    """The place of each configuration in ``enumerated``."""
    codes = np.searchsorted(values, np.asarray(x).reshape(len(x), -1))
    return codes @ len(values) ** np.arange(codes.shape[1])[::-1]


def test_exact_draws_have_the_law():
    potts = Potts(3, 3, 0.7, h=0.2)
    _, energy, p, _ = law_of(potts)
    which = state_numbers(potts.draw(0, 20_000), np.arange(3.0))
    assert p_value(which, energy, p) > 1e-4
    other = np.exp(-1.1 * potts.beta * energy)
    assert p_value(which, energy, other / other.sum()) < 1e-8
    # Within classes too: every color of every site.
    rows = np.eye(3)[potts.draw(1, 20_000).astype(int)].mean(0)
    share = potts.solution.share
    truth = np.array([share, (1 - share) / 2, (1 - share) / 2])
    assert np.abs((rows - truth) / np.sqrt(truth * (1 - truth) / 20_000)).max() < 4.5


ISING = Ising(3, 0.25, h=0.15)
POTTS = Potts(3, 3, 0.6, h=0.2)
CHAINS = 4_000


def chains(kernel, target, draw, values):
    """State numbers after 40 steps from exact draws of another temperature."""
    starts = jnp.asarray(draw(0, CHAINS), float)
    starts = starts.reshape(CHAINS, *target.shape)
    found = run_chains(jax.random.key(1), kernel, target, starts, 1, burn=40)
    return state_numbers(found.positions[:, 0], values)


@pytest.mark.parametrize(
    "kernel", [SwendsenWang(), Wolff(), Gibbs()], ids=lambda k: type(k).__name__
)
@pytest.mark.parametrize("model", ["ising", "potts"])
def test_kernels_have_the_law_of_the_energy(kernel, model):
    if model == "ising":
        target, values, cold = ISING, np.array([-1.0, 1.0]), Ising(3, 0.6)
        s = enumerated(3, values)
        bonds = sum((s * np.roll(s, -1, axis)).sum((1, 2)) for axis in (1, 2))
        energy = -ISING.beta * (bonds + ISING.h * s.sum((1, 2)))
    else:
        target, values, cold = POTTS, np.arange(3.0), Potts(3, 3, 1.2)
        _, energy, _, _ = law_of(POTTS)
        energy = energy * POTTS.beta
    if isinstance(kernel, Gibbs) and model == "ising":
        target = ISING.pairs
        assert isinstance(target, PairSpins)
    which = chains(kernel, target, cold.draw, values)
    law = np.exp(-energy)
    assert p_value(which, energy, law / law.sum()) > 1e-4
    # The control: bonds or draws of a temperature off by a quarter would have this law.
    off = np.exp(-1.25 * energy)
    assert p_value(which, energy, off / off.sum()) < 1e-6


class Doubled(BondEnergy):
    """The control of a kernel: bonds that are active too often."""

    inner: Potts
    shape: tuple[int, int] = (3, 3)
    condition_shape: None = None

    def energy(self, x, condition=None):
        return self.inner.energy(x)

    bonds = property(lambda self: self.inner.bonds)
    bond_strengths = property(lambda self: 1.3 * self.inner.bond_strengths)
    alphabet = property(lambda self: self.inner.alphabet)
    value_weights = property(lambda self: self.inner.value_weights)


def test_wrong_bonds_are_found():
    _, energy, p, _ = law_of(POTTS)
    which = chains(SwendsenWang(), Doubled(POTTS), POTTS.draw, np.arange(3.0))
    assert p_value(which, POTTS.beta * energy, p) < 1e-6


def test_clusters_are_those_of_a_search():
    rng, ends = np.random.default_rng(0), lattice_bonds(7)
    labels = jax.jit(lambda active: cluster_labels(49, ends, active))
    for share in (0.3, 0.5, 0.7):
        active = rng.random(len(ends)) < share
        joined = np.eye(49, dtype=bool)
        joined[tuple(ends[active].T)] = joined[tuple(ends[active].T[::-1])] = True
        reach = np.linalg.matrix_power(joined.astype(float), 64) > 0
        assert np.array_equal(labels(jnp.asarray(active)), np.argmax(reach, axis=1))


@pytest.mark.parametrize("L", [2, 3, 4, 5, 8, 9])
def test_neighbors_have_other_colors(L):
    colors = site_colors(L)
    assert all(np.all(colors != np.roll(colors, 1, axis)) for axis in (0, 1))
    assert colors.max() + 1 == 2 + L % 2


def test_pairs_are_the_same_energy():
    x = jax.random.rademacher(jax.random.key(0), (20, 9), float)
    ours, pairs = (jax.jit(jax.vmap(e.energy))(x) for e in (ISING, ISING.pairs))
    np.testing.assert_allclose(ours, pairs, atol=1e-5)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Potts(1, 3, 1.0), InputError, "least is 2"),
        (lambda: Potts(3, 1, 1.0), InputError, "least is 2"),
        (lambda: Potts(7, 3, 1.0).log_partition, InputError, "2187 rows"),
        (lambda: SwendsenWang().step(None, Ising(3, 0.4, -1.0), None), InputError, "negative"),
        (lambda: Wolff().step(None, ISING.pairs, None), NoSuchCapability, "PairSpins"),
    ],
)
def test_what_cannot_be_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_rows_without_a_coupling_are_uniform():
    found = row_powers(np.zeros((5, 5)), 4)
    assert abs(found.log_partition - 4 * np.log(5)) < 1e-12
    drawn = draw_rows(np.random.default_rng(0), 1000, found)
    assert drawn.shape == (1000, 4)
    assert set(np.unique(drawn)) == set(range(5))
