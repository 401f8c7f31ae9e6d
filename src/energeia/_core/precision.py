"""How many bits a number has on the device."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Literal, TypeAlias, TypeVar

import jax

Precision: TypeAlias = Literal[32, 64]
_T = TypeVar("_T")


def use_precision(bits: Precision) -> AbstractContextManager:
    """A context in which arrays are made and programs compiled in 32 or in 64 bits.

    >>> import jax.numpy as jnp
    >>> with use_precision(64):
    ...     jnp.zeros(1).dtype
    dtype('float64')
    """
    return jax.enable_x64(bits == 64)


def each_in_precision(bits: Precision, items: Iterator[_T]) -> Iterator[_T]:
    """The same items, each made in that context, which is left while the caller holds an item."""
    while True:
        with use_precision(bits):
            try:
                item = next(items)
            except StopIteration:
                return
        yield item
