"""Cluster updates of energies with bonds: Swendsen-Wang and Wolff."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from typing_extensions import override

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, Kernel, KernelInfo
from energeia.energies.bonds import BondEnergy


class ClusterState(NamedTuple):
    """The state of one chain."""

    position: Float[Array, " *shape"]


class SwendsenWang(Kernel):
    """Each cluster of active bonds gets a value drawn given its sites; every draw is accepted.

    Bonds with equal ends are active with probability 1 - exp(-K); a cluster gets the value a with
    weight exp(F(a)) of each of its sites, so that fields are exact (Swendsen and Wang 1987; a
    field is a bond to a ghost spin that is summed out). One step updates every variable.

    Raises:
        NoSuchCapability: for a target that is no ``BondEnergy``.
        InputError: for bonds that favor different values, K < 0.

    >>> from energeia.physics import Potts
    >>> kernel, potts = SwendsenWang(), Potts(4, 3, 1.0)
    >>> state, _ = kernel.step(jax.random.key(0), potts, kernel.init(potts, jnp.zeros((4, 4))))
    >>> state.position.shape, bool(jnp.all(state.position < 3))
    ((4, 4), True)
    """

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> ClusterState:
        return ClusterState(x)

    def step(
        self, key: PRNGKey, target: Energy, state: ClusterState, condition: Condition = None
    ) -> tuple[ClusterState, KernelInfo]:
        """New bonds, then a new value of every cluster."""
        target = _checked(target)
        bond_key, value_key = jax.random.split(key)
        x = state.position.reshape(-1)
        labels = _clusters(bond_key, target, x)
        sizes = jnp.zeros(x.shape, float).at[labels].add(1.0)
        logits = sizes[:, None] * jnp.asarray(target.value_weights, float)
        drawn = jax.random.categorical(value_key, logits, axis=-1)
        new = jnp.asarray(target.alphabet, x.dtype)[drawn][labels]
        position = new.reshape(state.position.shape)
        return ClusterState(position), KernelInfo(jnp.ones(()), jnp.asarray(True))


class Wolff(Kernel):
    """The cluster of a random site gets one of the other values, accepted with min(1, exp(dF)).

    dF is the change of the fields' terms, zero without a field, where every step is accepted (Wolff
    1989). The cluster is that of ``SwendsenWang`` around the site, so a step here costs about as
    much as one there and updates larger clusters more often.

    Raises:
        NoSuchCapability: for a target that is no ``BondEnergy``.
        InputError: for bonds that favor different values, K < 0.

    >>> from energeia.physics import Ising
    >>> kernel, ising = Wolff(), Ising(4, 0.4)
    >>> state, info = kernel.step(jax.random.key(0), ising, kernel.init(ising, jnp.ones((4, 4))))
    >>> bool(jnp.any(state.position == -1)), float(info.acceptance)
    (True, 1.0)
    """

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> ClusterState:
        return ClusterState(x)

    def step(
        self, key: PRNGKey, target: Energy, state: ClusterState, condition: Condition = None
    ) -> tuple[ClusterState, KernelInfo]:
        """One cluster, with another value or the same."""
        target = _checked(target)
        bond_key, site_key, value_key, accept_key = jax.random.split(key, 4)
        x, alphabet = state.position.reshape(-1), jnp.asarray(target.alphabet)
        labels, seed = _clusters(bond_key, target, x), jax.random.randint(site_key, (), 0, x.size)
        cluster = labels == labels[seed]
        old = jnp.argmin(jnp.abs(alphabet - x[seed]))
        new = (old + jax.random.randint(value_key, (), 1, alphabet.size)) % alphabet.size
        weights = jnp.asarray(target.value_weights, float)
        change = jnp.sum(cluster) * (weights[new] - weights[old])
        accepted = jnp.log(jax.random.uniform(accept_key)) < change
        moved = jnp.where(cluster & accepted, alphabet[new].astype(x.dtype), x)
        info = KernelInfo(jnp.exp(jnp.minimum(change, 0.0)), accepted)
        return ClusterState(moved.reshape(state.position.shape)), info


def _checked(target: Energy) -> BondEnergy:
    if not isinstance(target, BondEnergy):
        raise NoSuchCapability(
            f"cluster updates were requested of a {type(target).__name__}, whose bonds are not "
            "known: use them for a BondEnergy, such as Ising or Potts, and Gibbs or HeatBath else"
        )
    weakest = float(np.min(target.bond_strengths))
    if weakest < 0:
        raise InputError(
            f"cluster updates were requested of bonds of strength {weakest:g}, which favor "
            "different values: give couplings that are not negative, or use Gibbs or HeatBath"
        )
    return target


def _clusters(key: PRNGKey, target: BondEnergy, x: Float[Array, " n"]) -> Int[Array, " n"]:
    """A site of its cluster for each site, the same for all of one cluster."""
    ends = target.bonds
    inactive = np.exp(-target.bond_strengths)
    drawn = jax.random.uniform(key, inactive.shape) >= inactive
    return cluster_labels(x.size, ends, drawn & (x[ends[:, 0]] == x[ends[:, 1]]))


def cluster_labels(
    sites: int, ends: Int[np.ndarray, "bonds 2"], active: Bool[Array, " bonds"]
) -> Int[Array, " sites"]:
    """The least site of the cluster of each site.

    Each round takes the least label over active bonds, then the label of the site that the label
    names, which reaches across long clusters in few rounds.

    >>> cluster_labels(4, np.array([[0, 3], [3, 1], [1, 2]]), jnp.array([True, True, False]))
    Array([0, 0, 2, 0], dtype=int32)
    """
    first, second = ends[:, 0], ends[:, 1]

    def spread(state: tuple[Array, Array]) -> tuple[Array, Array]:
        labels, _ = state
        least = jnp.where(active, jnp.minimum(labels[first], labels[second]), sites)
        new = labels.at[first].min(least).at[second].min(least)
        new = jnp.minimum(new, new[new])
        return new, jnp.any(new != labels)

    start = (jnp.arange(sites), jnp.asarray(True))
    return jax.lax.while_loop(lambda state: state[1], spread, start)[0]
