"""Vectorization of functions that are written for one configuration."""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.errors import InputError


def batched(function: Callable[..., Any], *shapes: tuple[int, ...] | None) -> Callable[..., Any]:
    """Vectorize a function of single configurations over any leading axes.

    ``shapes`` are the shapes of one argument each, in order; ``None`` marks an argument that is not
    batched. Leading axes of the arguments broadcast against each other.

    Raises:
        InputError: if no argument is given a shape, or if the trailing axes of an argument are not
            its shape.

    >>> import jax.numpy as jnp
    >>> norm = batched(lambda x: jnp.sum(x**2), (3,))
    >>> norm(jnp.ones((5, 2, 3))).shape
    (5, 2)
    """

    if all(core is None for core in shapes):
        name = getattr(function, "__name__", type(function).__name__)
        raise InputError(
            f"batched({name}) was given no shape of one configuration, so nothing would be "
            f"batched: add one for each argument, such as batched({name}, (3,)) for vectors of 3"
        )

    def over_batch(*arguments: Any) -> Any:
        cores: list[tuple[int, ...] | None] = [*shapes, *([None] * (len(arguments) - len(shapes)))]
        mapped = [
            i for i, core in enumerate(cores) if core is not None and arguments[i] is not None
        ]
        leading: tuple[int, ...] = ()
        for i in mapped:
            leading = np.broadcast_shapes(
                leading, _leading(jnp.shape(arguments[i]), cores[i] or ())
            )
        flat = list(arguments)
        for i in mapped:
            full = jnp.broadcast_to(arguments[i], leading + (cores[i] or ()))
            flat[i] = full.reshape((-1, *(cores[i] or ())))
        axes = tuple(0 if i in mapped else None for i in range(len(flat)))
        if not leading:
            return function(*arguments)
        out = jax.vmap(function, in_axes=axes)(*flat)
        return jax.tree.map(lambda leaf: leaf.reshape(leading + leaf.shape[1:]), out)

    return over_batch


def _leading(shape: tuple[int, ...], core: tuple[int, ...]) -> tuple[int, ...]:
    cut = len(shape) - len(core)
    if cut < 0 or shape[cut:] != core:
        raise InputError(
            f"an array of shape {shape} was given where the last axes must be {core}: "
            "reshape it so that each configuration comes last"
        )
    return shape[:cut]


def map_rows(function: Callable[..., Any], *rows: Any, size: int = 4096, carry: Any = None) -> Any:
    """Apply a batch function to rows in compiled blocks of one fixed size; concatenate the results.

    ``function(carry, *block)`` takes and returns arrays whose first axis counts rows. The last
    block is padded by repeating its last row, so one shape is compiled whatever the number of
    rows; memory stays that of one block. Results come back as numpy arrays on the host.
    """
    count = len(rows[0])
    size = min(size, max(count, 1))
    blocks = []
    for start in range(0, count, size):
        block = [np.asarray(r[start : start + size]) for r in rows]
        short = size - len(block[0])
        if short:
            block = [np.concatenate([b, np.repeat(b[-1:], short, axis=0)]) for b in block]
        out = _apply(function, carry, *block)
        blocks.append(jax.tree.map(lambda leaf, n=size - short: np.asarray(leaf)[:n], out))
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *blocks)


@eqx.filter_jit
def _apply(function: Callable[..., Any], carry: Any, *block: Any) -> Any:
    return function(carry, *block)


@partial(jax.jit, static_argnames="count")
def split_keys(key: jax.Array, count: int) -> jax.Array:
    """Make ``count`` independent keys in one compiled call."""
    return jax.random.split(key, count)
