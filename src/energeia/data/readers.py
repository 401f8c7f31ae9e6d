"""Files of numbers: .npy, .npz, text tables, HDF5 and IDX. Pickles are never loaded. Needs no JAX.

Every reader returns rows along the first axis, as they are stored; errors say in one sentence what
was found, what was wanted and the repair.
"""

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from numpy.lib import recfunctions

from energeia._core.errors import InputError, nearest
from energeia._core.paths import refuse_special_file
from energeia.data.text import TextTable, read_text
from energeia.data.words import Words


class Table(NamedTuple):
    """Rows as they are stored, before any inference of supports."""

    values: np.ndarray
    """Shape ``(rows, ...)``; a memory map for ``.npy``."""
    names: tuple[str, ...] | None
    """Names of the columns, where the file has them."""
    alike: bool
    """Whether the columns are cells of one array, so that they share one range of values."""
    words: Words = ()
    """Columns of words, of which ``values`` holds the codes."""


def read(spec: str) -> Table:
    """Read ``file.npy``, ``file.npz:key``, ``file.csv``, ``file.h5:/group/dataset`` or IDX.

    A file of several one-dimensional arrays of equal length is a table with one column for each.

    Raises:
        InputError: if the file is missing, empty, truncated, of an unknown kind, holds objects or
            complex numbers, or holds several arrays that are not columns and none was named.
    """
    path, key = locate(spec)
    reader = _reader(path)
    try:
        values, names, *words = reader(path, key)
    except PermissionError:
        raise InputError(f"{path} may not be read by this user: change its permissions") from None
    except MemoryError:
        raise InputError(
            f"{path} does not fit in memory: convert it to .npy, which is read piece by piece"
        ) from None
    alike = reader is not read_table and names is None
    return checked_table(values, names, spec, alike=alike, words=words[0] if words else ())


def locate(spec: str) -> tuple[Path, str | None]:
    """Split ``file:key`` into an existing file and the array named in it.

    Raises:
        InputError: if there is no such file, or it is a folder or has no bytes.
    """
    path, key = Path(spec), None
    if not is_there(path) and ":" in spec:
        front, _, back = spec.rpartition(":")
        # HDF5 paths have no colon of their own; a drive letter is not followed by a file.
        if is_there(Path(front)):
            path, key = Path(front), back
    if not is_there(path):
        _refuse_dangling(path)
        neighbors = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        advice = (
            nearest(path.name, neighbors) if len(neighbors) in range(1, 200) else "check the path"
        )
        advice = advice if advice.startswith("did") else "check the path"
        raise InputError(f"{spec} does not exist where a file of samples was wanted: {advice}")
    if path.is_dir():
        raise InputError(f"{path} is a folder where a file of samples was wanted: name the file")
    refuse_special_file(path)
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes) where rows of numbers were wanted: rewrite it")
    return path, key


def _refuse_dangling(path: Path) -> None:
    try:
        target = path.readlink()
    except (OSError, ValueError):  # not a link
        return
    raise InputError(
        f"{path} is a link to {target}, which cannot be opened: correct the link or name the file"
    )


def is_there(path: Path) -> bool:
    """Whether a file exists; False for invalid names."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def _reader(path: Path) -> Callable[[Path, str | None], tuple[Any, ...]]:
    name = path.name.lower()
    if name.endswith(("-ubyte", "-ubyte.gz", ".idx", ".idx.gz")):
        return read_idx
    if path.suffix.lower() in READERS:
        return READERS[path.suffix.lower()]
    if path.suffix.lower() in (".pkl", ".pickle", ".pt", ".pth", ".joblib"):
        raise InputError(
            f"{path} is a pickle, which can run code when opened and is never loaded: "
            "save the array with numpy.save(..., allow_pickle=False)"
        )
    raise InputError(
        f"{path} is of a kind that is not read: convert it to .npy, .npz, .csv, .h5 or IDX "
        f"({', '.join(sorted(READERS))}, -ubyte.gz)"
    )


def read_npy(path: Path, key: str | None) -> tuple[np.ndarray, None]:
    """Map a ``.npy`` file into memory."""
    _no_key(path, key)
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False), None
    except PermissionError:
        raise
    except (ValueError, OverflowError, EOFError, OSError, SyntaxError, TypeError) as error:
        raise _damaged(path, error, "a whole .npy array") from None


_BAD_NPZ = (
    ValueError, OverflowError, EOFError, OSError, TypeError, SyntaxError, RuntimeError,
    zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip


def read_npz(path: Path, key: str | None) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read one array of a ``.npz`` archive, or all of them as the columns of a table."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            found = list(archive.files)
            if key is None and len(found) > 1:
                arrays = [archive[name] for name in found]
                if _are_columns(arrays):
                    return np.column_stack(arrays), tuple(found)
            return archive[_choose(path, key, found, "arrays")], None
    except (InputError, PermissionError):
        raise
    except _BAD_NPZ as error:
        raise _damaged(path, error, "a whole .npz archive") from None


def _are_columns(arrays: Sequence[Any]) -> bool:
    """Whether arrays can be the columns of one table: numbers on one axis of one length."""
    return len({a.shape for a in arrays}) == 1 and all(
        len(a.shape) == 1 and a.dtype.kind in "buif" for a in arrays
    )


def read_hdf5(path: Path, key: str | None) -> tuple[np.ndarray, tuple[str, ...] | None]:
    """Read one dataset of an HDF5 file, or all of them as the columns of a table."""
    try:
        with h5py.File(path, "r") as file:
            found: list[str] = []
            file.visititems(
                lambda name, item: (
                    found.append(f"/{name}") if isinstance(item, h5py.Dataset) else None
                )
            )
            columns: Any = [file[name] for name in found]
            if key is None and len(found) > 1 and _are_columns(columns):
                table = np.column_stack([column[...] for column in columns])
                return table, tuple(name.lstrip("/") for name in found)
            chosen = _choose(path, key and f"/{key.lstrip('/')}", found, "datasets")
            dataset = file[chosen]
            assert isinstance(dataset, h5py.Dataset)  # ``_choose`` gave a name from the list above
            if dataset.dtype.hasobject:
                raise InputError(_no_objects(f"{path}:{chosen}"))
            return dataset[...], None
    except (InputError, PermissionError):
        raise
    except (OSError, RuntimeError, KeyError) as error:
        raise _damaged(path, error, "a whole HDF5 file") from None


def read_table(path: Path, key: str | None) -> TextTable:
    """Read a table of numbers as text, with or without a line of names."""
    _no_key(path, key)
    return read_text(path)


_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Path, key: str | None) -> tuple[np.ndarray, None]:
    """Read an IDX file, the format of MNIST, compressed or not."""
    _no_key(path, key)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        kind, axes = content[2], content[3]
        shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
        dtype = np.dtype(_IDX_TYPES[kind])
        array = np.frombuffer(content, dtype, offset=4 + 4 * axes)
        return array.reshape(shape), None
    except PermissionError:
        raise
    except (OSError, EOFError, zlib.error, struct.error, KeyError, IndexError, ValueError) as error:
        raise _damaged(path, error, "a whole IDX file") from None


READERS = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_table,
    ".tsv": read_table,
    ".txt": read_table,
    ".dat": read_table,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".hdf": read_hdf5,
}


def checked_table(
    values: np.ndarray, names: tuple[str, ...] | None, spec: str, *, alike: bool, words: Words = ()
) -> Table:
    """A table of real numbers, or a refusal.

    Raises:
        InputError: for objects, complex numbers, text, or an array without rows.
    """
    if values.dtype.names is not None:
        names, alike = values.dtype.names, False
        if not all(values.dtype[name].kind in "biufc" for name in names):
            raise InputError(
                f"{spec} has fields ({', '.join(names)}) that are not all numbers: "
                "save the numeric ones alone"
            )
        values = recfunctions.structured_to_unstructured(np.asarray(values))
    if values.dtype.hasobject:
        raise InputError(_no_objects(spec))
    if values.dtype.kind == "c":
        raise InputError(
            f"{spec} holds complex numbers where real ones are modelled: "
            "save the real and imaginary parts as two columns"
        )
    if values.dtype.kind not in "buif":
        raise InputError(
            f"{spec} holds {values.dtype} where numbers were wanted: save an array of numbers"
        )
    if values.ndim == 0 or values.size == 0:
        raise InputError(
            f"{spec} has shape {values.shape} where rows of numbers were wanted: "
            "the first axis counts rows and no axis may be zero"
        )
    return Table(values, names, alike, words)


def _choose(path: Path, key: str | None, found: list[str], what: str) -> str:
    if not found:
        raise InputError(f"{path} holds no {what} where rows of numbers were wanted: rewrite it")
    if key is None and len(found) == 1:
        return found[0]
    listed = ", ".join(found)
    if key is None:
        raise InputError(
            f"{path} holds {len(found)} {what} ({listed}) where one was wanted: "
            f"name it, as in {path.name}:{found[0]}"
        )
    if key not in found:
        raise InputError(
            f"{path} holds no {key!r}, only {listed}: name one of them, as in "
            f"{path.name}:{found[0]}"
        )
    return key


def _no_key(path: Path, key: str | None) -> None:
    if key is not None:
        raise InputError(f"{path} holds one array, yet {key!r} was requested: leave out :{key}")


def _no_objects(spec: str) -> str:
    return (
        f"{spec} holds Python objects, which can run code when opened and are never loaded: "
        "save an array of numbers, such as array.astype(float)"
    )


def _damaged(path: Path, error: Exception, wanted: str) -> InputError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "object" in text.lower() or "pickle" in text.lower():
        with path.open("rb") as file:
            if file.read(6) in (b"\x93NUMPY", b"PK\x03\x04" + b"\x14\x00", b"PK\x03\x04\x2d\x00"):
                return InputError(_no_objects(str(path)))
        text = "the first bytes are those of another kind of file"
    return InputError(
        f"{path} is truncated or damaged ({text}) where {wanted} was wanted: write or copy it again"
    )
