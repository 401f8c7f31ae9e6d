"""Files of rows written block by block, valid at every moment. Needs no JAX."""

import contextlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from energeia._core.errors import InputError
from energeia.data.text import write_text
from energeia.data.words import Words
from energeia.runs.storage import files

_log = logging.getLogger("energeia")


class RowFile:
    """A .npy or .csv file that grows; made by ``growing``."""

    def __init__(
        self, stream: IO[bytes], suffix: str, names: Sequence[str], words: Words = ()
    ) -> None:
        self.stream, self.suffix, self.names, self.words = stream, suffix, names, words
        self.rows = 0

    def write(self, block: np.ndarray) -> None:
        """Add rows, and count them in the header of a .npy file.

        The header is written after the rows that it counts, so that a reader, also after a kill,
        finds a valid file. numpy pads headers so that their length does not depend on the count.
        """
        if self.suffix == ".csv":
            write_text(self.stream, block, self.names, self.words, header=not self.rows)
        else:
            if not self.rows:
                self._write_header(block, 0)
            self.stream.write(np.ascontiguousarray(block).tobytes())
        self.rows += len(block)
        if self.suffix == ".npy":
            self._write_header(block, self.rows)
            self.stream.seek(0, 2)
        self.stream.flush()

    def _write_header(self, block: np.ndarray, rows: int) -> None:
        header: dict[str, Any] = {
            "descr": np.lib.format.dtype_to_descr(block.dtype),
            "fortran_order": False,
            "shape": (rows, *block.shape[1:]),
        }
        self.stream.seek(0)
        np.lib.format.write_array_header_1_0(self.stream, header)


@contextlib.contextmanager
def growing(
    path: Path, rows: int, names: Sequence[str] = (), words: Words = ()
) -> Iterator[RowFile]:
    """Write ``rows`` rows block by block; ``path`` appears once all are there.

    Codes of ``words`` are written as words where the file is text.

    Until then they are in ``partial_path(path)``, a valid file of the rows so far, which is kept
    where writing stops early.

    Raises:
        InputError: if the file cannot be written; the message says why.
    """
    partial = partial_path(path)
    with files.saying_why(path), files.disk.open(partial, "wb") as stream:
        file = RowFile(stream, path.suffix, names, words)
        try:
            yield file
            files.sync(stream)
        except BaseException:
            if file.rows:
                _log.warning("the first %d of %d rows are in %s", file.rows, rows, partial)
            else:
                files.disk.remove(partial)
            raise
        files.disk.move(partial, path)
        files.sync_folder(path.parent)


def partial_path(path: Path) -> Path:
    """Where the rows of an unfinished file are.

    >>> str(partial_path(Path("runs/samples.npy")))
    'runs/samples.partial.npy'
    """
    return path.with_suffix(f".partial{path.suffix}")


def bytes_of(path: Path, rows: int, block: np.ndarray) -> int:
    """About the bytes of ``rows`` rows in a file, from a first block of them."""
    if path.suffix == ".npy":
        return rows * block[0].nbytes
    numbers = block[0].size * rows
    digits = sum(len(str(value)) for value in block[:16].ravel()) / max(block[:16].size, 1)
    return round(numbers * (digits + 1))


def require_room(path: Path, rows: int, block: np.ndarray) -> int:
    """The bytes that a file of rows will take, about.

    Raises:
        InputError: if they are more than the disk has.
    """
    wanted, free = bytes_of(path, rows, block), shutil.disk_usage(path.parent).free
    if wanted > free:
        raise InputError(
            f"{rows} rows take {size(wanted)} where {size(free)} are free in {path.parent}: "
            f"ask for at most {rows * free // wanted} rows or choose another folder"
        )
    return wanted


def size(count: float) -> str:
    """A number of bytes in a few characters.

    >>> size(1234), size(16e9)
    ('1.2 kB', '16 GB')
    """
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            break
        count /= 1000
    return f"{count:.2g} {unit}" if count < 100 else f"{count:.0f} {unit}"
