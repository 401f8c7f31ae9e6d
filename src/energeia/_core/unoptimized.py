"""Compilation without optimization, for programs that run once."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax


def run_unoptimized(function: Callable[..., Any], *arguments: Any) -> Any:
    """``function(*arguments)`` as one program compiled without optimization; not inside ``jit``.

    For a program that runs once, compiling costs more than running: without optimization it
    compiles in half the time, and in far less than the many small programs of eager calls. Results
    other than arrays are those of its one trace.

    >>> import jax.numpy as jnp
    >>> float(run_unoptimized(lambda x: jnp.sum(x**2), jnp.arange(3.0)))
    5.0
    """
    arrays, rest = eqx.partition(arguments, eqx.is_array)
    others: list[Any] = []

    def program(arrays: Any) -> Any:
        results, other = eqx.partition(function(*eqx.combine(arrays, rest)), eqx.is_array)
        others.append(other)
        return results

    options = {"xla_backend_optimization_level": 0}
    return eqx.combine(jax.jit(program, compiler_options=options)(arrays), others[0])
