"""Compilation without optimization, for programs that run once."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax


def run_unoptimized(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` as one program compiled without optimization; not inside ``jit``.

    For a program that runs once, compiling costs more than running: without optimization it
    compiles in half the time, and in far less than the many small programs of eager calls.

    >>> import jax.numpy as jnp
    >>> float(run_unoptimized(lambda x: jnp.sum(x**2), jnp.arange(3.0)))
    5.0
    """
    arrays, rest = eqx.partition(arguments, eqx.is_array)

    def program(arrays: Any) -> Any:
        return function(*eqx.combine(arrays, rest))

    return jax.jit(program, compiler_options={"xla_backend_optimization_level": 0})(arrays)
