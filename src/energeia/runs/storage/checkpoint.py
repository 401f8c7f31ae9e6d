"""Checkpoints, written atomically: arrays as safetensors, the rest as JSON with the checksum."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from energeia._core.errors import CorruptRun
from energeia._core.trees import leaf_names
from energeia.runs.storage.files import sha256, write_whole

_KEEP = 2
_log = logging.getLogger("energeia")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON file of a checkpoint; a checkpoint exists once this file does."""

    round: int
    sha256: str
    mode: str
    best_loss: float | None
    best_round: int
    misses: int
    keys: tuple[str, ...] = ()
    """Leaves that are typed random keys, stored as their integers."""


class Saved(NamedTuple):
    """A checkpoint read back: the header and its arrays by name."""

    header: Header
    arrays: dict[str, np.ndarray]

    @property
    def kept(self) -> dict[str, np.ndarray]:
        """The arrays of the model: the best held-out ones, or the averaged, or the last."""
        if self.header.best_loss is not None:
            return self._below("best.")
        return {**self._below("state.arrays."), **self.averaged}

    @property
    def averaged(self) -> dict[str, np.ndarray]:
        """The moving averages of the arrays that are trained; empty where there are none."""
        return self._below("state.average.")

    def _below(self, prefix: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(prefix): array
            for name, array in self.arrays.items()
            if name.startswith(prefix)
        }


def save(folder: Path, tree: Any, header: dict[str, Any]) -> Path:
    """Write a checkpoint of a pytree of arrays and drop all but the last two.

    The arrays are written first and the header last, so an interruption leaves earlier checkpoints
    untouched and the new one incomplete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names, leaves = leaf_names(tree), jax.tree.leaves(tree)
    keys = tuple(n for n, leaf in zip(names, leaves, strict=True) if _is_key(leaf))
    host = jax.device_get([jax.random.key_data(x) if _is_key(x) else x for x in leaves])
    arrays = {name: np.asarray(x, order="C") for name, x in zip(names, host, strict=True)}
    stem = folder / f"{header['round']:09d}"
    tensors = stem.with_suffix(".safetensors")
    write_whole(tensors, save_tensors(arrays))
    full = Header(**header, sha256=sha256(tensors), keys=keys)
    write_whole(stem.with_suffix(".json"), msgspec.json.encode(full))
    kept = {path.stem for path in sorted(folder.glob("*.json"))[-_KEEP:]}
    for path in folder.iterdir():
        # Older checkpoints, and the remains of killed sessions: arrays without a header.
        if path.stem not in kept:
            path.unlink()
    return tensors


def load_last(folder: Path) -> Saved:
    """Read the newest complete checkpoint; warn about damaged ones.

    Raises:
        CorruptRun: if there is none.
    """
    broken = []
    for header in sorted(folder.glob("*.json"), reverse=True):
        try:
            saved = _load(header)
        except CorruptRun as problem:
            _log.warning("%s; the previous checkpoint is used", problem)
            broken.append(header.stem)
            continue
        return saved
    found = f"only broken checkpoints ({', '.join(broken)})" if broken else "no checkpoint"
    raise CorruptRun(f"{folder} holds {found}: start the run again in another folder")


def _load(header: Path) -> Saved:
    tensors = header.with_suffix(".safetensors")
    try:
        header_record = msgspec.json.decode(header.read_bytes(), type=Header)
        content = tensors.read_bytes()
    except (OSError, msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise CorruptRun(f"checkpoint {header.stem} cannot be read ({problem})") from None
    if sha256(tensors) != header_record.sha256:
        raise CorruptRun(f"checkpoint {tensors.name} was truncated or altered (its sha256 differs)")
    return Saved(header_record, load_tensors(content))


def restore(template: Any, saved: Saved, prefix: str = "") -> Any:
    """Fill a pytree of arrays, abstract or not, with saved ones of the same names and shapes.

    Raises:
        CorruptRun: if a leaf is missing or has another shape.
    """
    leaves, structure = jax.tree.flatten(template)
    filled = []
    for name, leaf in zip(leaf_names(template), leaves, strict=True):
        array = saved.arrays.get(prefix + name)
        is_key = prefix + name in saved.header.keys
        if array is None or (not is_key and array.shape != leaf.shape):
            found = "is missing" if array is None else f"has shape {array.shape}"
            raise CorruptRun(
                f"array {prefix + name!r} {found} where {leaf.shape} is needed: this run was "
                "written by another version or another recipe"
            )
        value = jax.device_put(array)
        filled.append(jax.random.wrap_key_data(value) if is_key else value)
    return jax.tree.unflatten(structure, filled)


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def replace(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A tree with some of its leaves replaced, by name."""
    leaves, structure = jax.tree.flatten(tree)
    named = zip(leaf_names(tree), leaves, strict=True)
    return jax.tree.unflatten(structure, [jax.device_put(arrays.get(n, leaf)) for n, leaf in named])
