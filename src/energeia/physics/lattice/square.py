"""The periodic square lattice: its bonds, and colors of its sites for updates of many at once."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from energeia._core.errors import InputError


def require_width(what: str, L: int) -> None:
    """Raise for a lattice without neighbors.

    Raises:
        InputError: for L below 2.
    """
    if L < 2:
        raise InputError(f"{what} of width {L} was asked for: the least is 2")


def lattice_bonds(L: int) -> Int[np.ndarray, "bonds 2"]:
    """The flat sites of both ends of each bond, to the lower and to the right neighbor.

    Of width 2 every pair of neighbors has two bonds.

    >>> lattice_bonds(2)[:2].tolist()
    [[0, 2], [1, 3]]
    """
    sites = np.arange(L * L).reshape(L, L)
    ends = [np.roll(sites, -1, axis).ravel() for axis in (0, 1)]
    return np.stack([np.tile(sites.ravel(), 2), np.concatenate(ends)], axis=1)


def ring_colors(L: int) -> Int[np.ndarray, " L"]:
    """Colors of the sites of a ring, none shared by neighbors: two, or three where L is odd.

    >>> ring_colors(5).tolist()
    [0, 1, 0, 1, 2]
    """
    colors = np.arange(L) % 2
    if L % 2:
        colors[-1] = 2
    return colors


def site_colors(L: int) -> Int[np.ndarray, "L L"]:
    """Colors of the sites, none shared by neighbors: two for even L, three for odd.

    The sum of the colors of two rings, modulo their number: it differs between neighbors, since
    those of one ring do.

    >>> site_colors(3).tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    ring = ring_colors(L)
    return np.add.outer(ring, ring) % (2 + L % 2)


def neighbor_sum(x: Array) -> Array:
    """The sum over the four neighbors, of an array whose last two axes are those of the lattice."""
    return sum((jnp.roll(x, shift, axis) for shift in (-1, 1) for axis in (-2, -1)), 0 * x)
