"""Rows that came from memory, kept beside a run so that it can be resumed and evaluated."""

import logging
from pathlib import Path

import msgspec
import numpy as np
from numpy.lib import recfunctions

from energeia._core.errors import InputError
from energeia.runs.storage.config import DataConfig
from energeia.runs.storage.files import make_folder, whole

KEPT = "kept:"
"""How the spec of kept rows begins; the rest is a path from the folder of the run."""
ROWS_FILE = "data.npy"
_LARGE = 100 * 2**20
_log = logging.getLogger("energeia")


def keep_rows(folder: Path, values: np.ndarray, names: tuple[str, ...] | None) -> Path:
    """Write rows and the names of their columns as one ``.npy`` file, in a folder made for it.

    Raises:
        InputError: if other rows are kept there, or the file cannot be written.
    """
    if names is not None:
        dtype = np.dtype([(name, values.dtype) for name in names])
        values = recfunctions.unstructured_to_structured(np.asarray(values), dtype)
    make_folder(folder)
    path = folder / ROWS_FILE
    if path.is_file():
        if not np.array_equal(np.load(path, mmap_mode="r", allow_pickle=False), values):
            raise InputError(f"{path} holds other rows than were given: choose another folder")
        return path
    if values.nbytes > _LARGE:
        size = values.nbytes / 2**20
        _log.warning("the rows are kept in %s (%.0f MB), so that runs can be resumed", path, size)
    with whole(path) as stream:
        np.save(stream, values, allow_pickle=False)
    return path


def located(config: DataConfig, folder: Path) -> DataConfig:
    """The same with kept rows found from the folder of the run."""
    if not config.spec.startswith(KEPT):
        return config
    return msgspec.structs.replace(config, spec=str(folder / config.spec.removeprefix(KEPT)))


def beside(config: DataConfig) -> DataConfig:
    """The same for a run whose folder is beside the kept rows, not around them."""
    if not config.spec.startswith(KEPT):
        return config
    return msgspec.structs.replace(config, spec=f"{KEPT}../{config.spec.removeprefix(KEPT)}")
