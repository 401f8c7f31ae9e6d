"""Masks of coupling layers on fields: which sites each layer changes."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from energeia._core.errors import InputError, nearest
from energeia._core.types import PRNGKey

MASKS = ("checkerboard", "nested", "stripes", "halves", "channels", "random")


def coupling_masks(
    kind: str, shape: tuple[int, ...], layers: int, *, key: PRNGKey | None = None
) -> Bool[Array, "layers *shape"]:
    """True at the sites that a layer changes; of two successive layers, each changes the others.

    ``checkerboard`` colors the sites of the first two axes alternately. ``nested`` does so in the
    first pair of layers; the next pair takes apart each of the two colors, which is a lattice of
    its own, then each half of those, and so on to the whole field: once the neighbors of a site
    explain it, layers that alternate between the same two colors see nothing new. ``stripes`` color
    along one axis and ``halves`` take its first half, along another axis in every pair of layers;
    ``channels`` takes the first half of the last axis; ``random`` takes a random half of all
    sites, a new one in every pair.

    Raises:
        InputError: for an unknown kind, a shape on which it leaves nothing to change or nothing
            to keep, or ``random`` without a key.

    >>> coupling_masks("checkerboard", (2, 4), 2).astype(int).tolist()
    [[[0, 1, 0, 1], [1, 0, 1, 0]], [[1, 0, 1, 0], [0, 1, 0, 1]]]
    """
    if kind not in MASKS:
        raise InputError(f"mask {kind!r} is not known: {nearest(kind, MASKS)}")
    if kind == "random":
        return _random(shape, layers, key)
    pairs = [_pattern(kind, shape, pair) for pair in range((layers + 1) // 2)]
    if any(np.all(half == half.flat[0]) for half in pairs):
        raise InputError(
            f"a {kind} mask on sites of shape {shape} changes all of them or none: choose another "
            "mask"
        )
    both = [side for half in pairs for side in (half, ~half)]
    return jnp.asarray(np.stack(both)[:layers])


def _pattern(kind: str, shape: tuple[int, ...], pair: int) -> np.ndarray:
    """The mask of the first layer of a pair."""
    sites = np.indices(shape)
    if kind == "channels":
        return sites[-1] < shape[-1] // 2
    if kind == "checkerboard":
        return np.sum(sites[:2], axis=0) % 2 == 1
    if kind == "nested":
        return _nested(sites[:2], min(shape[:2]), pair)
    axis = pair % min(len(shape), 2)
    return sites[axis] % 2 == 1 if kind == "stripes" else sites[axis] < shape[axis] // 2


def _nested(sites: np.ndarray, width: int, pair: int) -> np.ndarray:
    """Blocks of 1, 2, 4, ... sites, colored as a checkerboard, then in stripes."""
    scales = max(int(np.log2(width)), 1)
    cycle, step = divmod(pair, 2 * scales)
    blocks = sites // 2 ** (step // 2)
    both = np.sum(blocks, axis=0) if step % 2 == 0 else blocks[cycle % len(blocks)]
    return both % 2 == 1


def _random(shape: tuple[int, ...], layers: int, key: PRNGKey | None) -> Array:
    count = int(np.prod(shape))
    if key is None or count < 2:
        raise InputError(f"a random mask of {count} sites was asked for: give a key and two sites")
    keys = jax.random.split(key, (layers + 1) // 2)
    orders = jax.vmap(lambda k: jax.random.permutation(k, count))(keys)
    half = (orders < count // 2).reshape(-1, *shape)
    return jnp.stack([half, ~half], axis=1).reshape(-1, *shape)[:layers]
