"""Initial arrays of a run from those that another run kept, by name and shape."""

from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from energeia._core.errors import CorruptRun, InputError
from energeia._core.trees import leaf_names
from energeia.contracts import Modules
from energeia.recipes.assembly import Assembly
from energeia.runs.storage import checkpoint
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.storage.files import write_whole

INITIAL_FILE = "initial.safetensors"
"""The arrays of the other run, beside the new one: it is not needed again."""
_NAMED = 4
"""Arrays that a sentence names one by one."""


class Borrowed(NamedTuple):
    """The arrays of another run that fit a new one, and what is said of the rest."""

    arrays: dict[str, np.ndarray]
    sentence: str


def borrow(path: str, recipe: str, modules: Modules) -> Borrowed:
    """The arrays that the run in a folder kept, of the names and shapes of abstract ``modules``.

    Raises:
        InputError: if there is no run, it has no checkpoint yet, or no array of it fits.
    """
    directory = RunDirectory.open(path)
    try:
        saved = checkpoint.load_last(directory.checkpoints)
    except CorruptRun as problem:
        raise InputError(f"--init {path}: {problem}") from None
    kept, wanted = saved.kept, _shapes(modules)
    fitting = {n: a for n, a in kept.items() if n in wanted and a.shape == wanted[n]}
    other = directory.config().recipe
    if not _learned(fitting):
        raise InputError(
            f"no array of {path} ({other}) has the name and shape of one of this {recipe}: choose "
            "a run of the same recipe and options"
        )
    return Borrowed(fitting, _sentence(path, other, recipe, wanted, kept, fitting))


def _learned(arrays: dict[str, np.ndarray]) -> bool:
    """Whether there is any array of real numbers: scales and masks alone start nothing."""
    return any(np.issubdtype(a.dtype, np.floating) and a.ndim > 1 for a in arrays.values())


def _shapes(modules: Modules) -> dict[str, tuple[int, ...]]:
    """The shape of each array of abstract modules, by name; random keys are a run's own."""
    arrays = eqx.filter(modules, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct | jax.Array))
    named = zip(leaf_names(arrays), jax.tree.leaves(arrays), strict=True)
    return {
        name: tuple(leaf.shape)
        for name, leaf in named
        if not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    }


def _sentence(
    path: str, other: str, recipe: str, wanted: dict[str, tuple[int, ...]],
    kept: dict[str, np.ndarray], fitting: dict[str, np.ndarray],
) -> str:  # fmt: skip
    """What was copied, and what was not."""
    reshaped = [
        f"{name} {wanted[name]} for {kept[name].shape}"
        for name in wanted
        if name in kept and name not in fitting
    ]
    missing = [name for name in wanted if name not in kept]
    unused = [name for name in kept if name not in wanted]
    rest = [
        f"{what}: {_listed(names)}"
        for what, names in (
            ("of another shape", reshaped), ("not there", missing), ("not used", unused),
        )
        if names
    ]  # fmt: skip
    of = "" if other == recipe else f" by another recipe, {other}"
    ending = "; ".join(rest) or "none is left"
    return f"{len(fitting)} of {len(wanted)} arrays start as those of {path}{of}; {ending}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def keep_initial(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the arrays that a run starts from into its folder."""
    ordered = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_whole(folder / INITIAL_FILE, save_tensors(ordered))


def with_initial(assembly: Assembly, folder: Path) -> Assembly:
    """An assembly whose arrays are those kept in the folder of its run, where it has some.

    Raises:
        CorruptRun: if the file cannot be read.
    """
    path = folder / INITIAL_FILE
    try:
        arrays = load_tensors(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise CorruptRun(f"{path} cannot be read ({problem}): start the run again") from None

    def filled(name: str, leaf: Any) -> Any:
        return jnp.asarray(arrays[name], leaf.dtype) if name in arrays else leaf

    traced, static = eqx.partition(assembly.modules, eqx.is_array)
    leaves, structure = jax.tree.flatten(traced)
    named = zip(leaf_names(traced), leaves, strict=True)
    found = jax.tree.unflatten(structure, [filled(name, leaf) for name, leaf in named])
    return assembly._replace(modules=eqx.combine(found, static))
