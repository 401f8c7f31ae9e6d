"""Modules of a run from the arrays of a checkpoint."""

from typing import Any

import equinox as eqx
import jax

from energeia._core.errors import CorruptRun
from energeia.contracts import Modules
from energeia.runs.storage import checkpoint


def restored_modules(empty: Modules, saved: checkpoint.Saved) -> Modules:
    """Fill abstract modules with the best arrays of a checkpoint, or the averaged, or the last."""
    arrays, static = eqx.partition(empty, is_shape)
    best = saved.header.best_loss is not None
    filled = checkpoint.restore(arrays, saved, "best." if best else "state.arrays.")
    return eqx.combine(checkpoint.replace(filled, {} if best else saved.averaged), static)


def is_shape(leaf: Any) -> bool:
    """Whether a leaf of abstract modules is to be filled with an array."""
    return isinstance(leaf, jax.ShapeDtypeStruct)


def require_arrays(model: Any, path: Any) -> None:
    """Raise for a recipe with arrays outside its modules, which cannot be loaded."""
    if any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in jax.tree.leaves(model)):
        raise CorruptRun(f"the recipe of {path} keeps arrays outside its modules: that is a defect")
