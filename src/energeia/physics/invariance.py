"""A check of declared symmetries: a density or an energy must not change under its maps."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.errors import InputError
from energeia._core.precision import use_precision
from energeia.physics.symmetries import symmetry_group
from energeia.support import Support

ROWS = 8
"""Configurations that are moved."""
_ELEMENTS = 4
_TOLERANCE = 1e-4
"""Largest change, relative to the size and the spread of the log-densities."""
_LARGEST = 256
"""The largest number of columns whose Jacobian is computed."""


def require_invariance(
    what: str,
    symmetries: Sequence[str],
    layout: tuple[int, ...],
    support: Support,
    log_prob: Callable[[np.ndarray], np.ndarray | None],
    rows: np.ndarray,
) -> None:
    """Check each declared symmetry on some configurations, in double precision.

    Its maps must keep volume and the support, and change the log-density (or the energy) by no more
    than rounding. ``log_prob`` takes rows and returns one number each, or None where it is not
    known; ``rows`` are some of the distribution's own draws.

    Raises:
        InputError: naming the symmetry and what it changes.

    >>> from energeia.support import Real
    >>> rows = np.random.default_rng(0).normal(size=(5, 2))
    >>> even = lambda x: -np.sum(x**4, axis=1)
    >>> pair = Support(((Real(), 2),))
    >>> require_invariance("p", ["sign-flip"], (2,), pair, even, rows)
    """
    rows = np.asarray(rows[:ROWS], np.float64)
    for name in symmetries:
        with use_precision(64):
            maps = _maps(name, layout, support)
            moved = np.asarray(maps.move(jnp.asarray(maps.indices), jnp.asarray(rows)))
            _require_volume(what, name, maps, rows[0])
        images = moved.reshape(-1, rows.shape[1])
        _require_support(what, name, support, images)
        every = log_prob(np.concatenate([rows, images]))  # in one call, since each shape compiles
        if every is not None:
            before, after = np.split(np.asarray(every), [len(rows)])
            _require_equal(what, name, np.tile(before, len(moved)), after)


class _Maps(NamedTuple):
    """Some elements of a group, and the compiled functions that apply them."""

    indices: np.ndarray
    move: Callable[..., jax.Array]
    jacobian: Callable[..., jax.Array]


@functools.lru_cache(maxsize=64)
def _maps(name: str, layout: tuple[int, ...], support: Support) -> _Maps:
    """Kept, since the same sources are opened again and again and compiling takes longest."""
    group = symmetry_group([name], layout, support)
    rng = np.random.default_rng(0)
    indices = rng.integers(1, max(group.order, 2), size=_ELEMENTS) % group.order
    move = jax.jit(jax.vmap(jax.vmap(group.apply, (None, 0)), (0, None)))
    return _Maps(indices, move, jax.jit(jax.jacfwd(lambda x: group.apply(int(indices[0]), x))))


def _require_volume(what: str, name: str, maps: _Maps, row: np.ndarray) -> None:
    if len(row) > _LARGEST:
        return
    volume = float(np.linalg.slogdet(np.asarray(maps.jacobian(jnp.asarray(row))))[1])
    if not abs(volume) < _TOLERANCE:
        raise InputError(
            f"{what} declares the symmetry {name!r}, which changes volumes by a factor "
            f"{np.exp(volume):.4g}: declare maps that keep them"
        )


def _require_support(what: str, name: str, support: Support, images: np.ndarray) -> None:
    try:
        support.check(images)
    except InputError as problem:
        raise InputError(
            f"{what} declares the symmetry {name!r}, which leaves its support ({problem}): "
            "leave it out"
        ) from None


def _require_equal(what: str, name: str, before: np.ndarray, after: np.ndarray) -> None:
    size = 1.0 + float(np.max(np.abs(before)))
    change = float(np.max(np.abs(after - before)))
    if not change < _TOLERANCE * size:
        raise InputError(
            f"{what} declares the symmetry {name!r}, under which its log-density changes by "
            f"{change:.3g} nats: leave it out"
        )
