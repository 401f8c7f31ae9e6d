"""Energies of which some coordinates are known: the conditional distribution of the others."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition, Energy, Wrapper


class Masked(Wrapper, Energy):
    """E(x) with known coordinates taken from ``values``: that of p(unknown | known).

    Known coordinates have no force, and kernels leave them where they are (``put_back``). Mask and
    values are arrays, so one compiled program serves every mask; ``values`` may be NaN where
    nothing is known. Put it around other compositions, such as ``Tempered``. Made by ``masked``.
    """

    inner: Energy
    known: Bool[Array, " *shape"]
    values: Float[Array, " *shape"]

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The energy with the known values in place, in nats."""
        return self.inner.energy(self.put_back(x), condition)

    @override
    def put_back(self, x: Array) -> Array:
        return jnp.where(self.known, self.values.astype(x.dtype), x)


class MaskedBlocks(Wrapper, BlockEnergy):
    """``Masked`` of an energy with blocks, which keeps its Gibbs sweeps.

    Known variables are put back after each draw of a block. Since those of one block are
    independent given the rest, what remains is a draw from the conditional distribution.
    """

    inner: BlockEnergy
    known: Bool[Array, " *shape"]
    values: Float[Array, " *shape"]

    @property
    @override
    def blocks(self) -> int:
        return self.inner.blocks

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The energy with the known values in place, in nats."""
        return self.inner.energy(self.put_back(x), condition)

    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """A block drawn given the rest, its known variables put back."""
        return self.put_back(self.inner.draw_block(key, block, self.put_back(x), condition))

    @override
    def put_back(self, x: Array) -> Array:
        return jnp.where(self.known, self.values.astype(x.dtype), x)


def masked(energy: Energy, x: Float[Array, " *shape"], known: Bool[Array, " *shape"]) -> Energy:
    """The energy of the coordinates that are not known, given those of ``x`` that are.

    Args:
        energy: of all coordinates; blocks that can be drawn still can.
        x: one configuration; anything, such as NaN, where ``known`` is False.
        known: which coordinates have the values of ``x``.

    Raises:
        InputError: for values or a mask of another shape.

    >>> from energeia.energies import Normal
    >>> from energeia.mcmc import Mala
    >>> import jax
    >>> pair = Normal(jnp.zeros(2), jnp.eye(2))
    >>> target = masked(pair, jnp.array([3.0, jnp.nan]), jnp.array([True, False]))
    >>> state, _ = Mala(0.5).step(jax.random.key(0), target, Mala(0.5).init(target, jnp.zeros(2)))
    >>> float(target.put_back(jnp.zeros(2))[0]), abs(float(target.force(jnp.ones(2))[0]))
    (3.0, 0.0)
    """
    x, known = jnp.asarray(x, float), jnp.asarray(known)
    if x.shape != tuple(energy.shape) or known.shape != tuple(energy.shape):
        raise InputError(
            f"values of shape {x.shape} with a mask of shape {known.shape} were given for "
            f"configurations of shape {tuple(energy.shape)}: give both that shape"
        )
    if isinstance(energy, BlockEnergy):
        return MaskedBlocks(energy, known, x)
    return Masked(energy, known, x)


def has_known(energy: Energy | None) -> bool:
    """Whether an energy, or one that it wraps, holds coordinates at known values.

    >>> from energeia.energies import Normal
    >>> pair = Normal(jnp.zeros(2), jnp.eye(2))
    >>> has_known(pair), has_known(masked(pair, jnp.zeros(2), jnp.array([True, False])))
    (False, True)
    """
    while energy is not None:
        if isinstance(energy, Masked | MaskedBlocks):
            return True
        energy = getattr(energy, "inner", None)
    return False
