"""Atomic writing of files: to a temporary file, synced, renamed. Needs no JAX."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from energeia._core.errors import EnergeiaError, InputError

_REPAIRS = {
    errno.ENOSPC: "free some space or choose another folder",
    errno.EDQUOT: "free some space or choose another folder",
    errno.EFBIG: "choose a file system that takes files of this size",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EISDIR: "choose the name of a file",
    errno.ENOTDIR: "choose a folder that is there",
    errno.ENOENT: "choose a folder that is there and takes files",
}


class Disk(NamedTuple):
    """The calls by which files are written."""

    open: Callable[..., IO[bytes]] = open
    move: Callable[[Path, Path], None] = os.replace
    remove: Callable[[Path], None] = os.unlink


disk = Disk()
"""Every file of a run is written through it; tests of crashes put a failing one in its place."""


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for atomic writing: it appears under its name only when complete.

    Raises:
        InputError: if it cannot be written; the message says why.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with saying_why(path):
        try:
            with disk.open(part, "wb") as stream:
                yield stream
                sync(stream)
            disk.move(part, path)
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                disk.remove(part)
            raise


@contextlib.contextmanager
def saying_why(path: Path) -> Iterator[None]:
    """Turn an error of the disk into one sentence with its repair.

    Raises:
        InputError: if ``path`` could not be written.
    """
    try:
        yield
    except EnergeiaError:
        raise
    except OSError as problem:
        repair = _REPAIRS.get(problem.errno or 0, "choose a folder that you may write to")
        raise InputError(
            f"{path} could not be written ({problem.strerror or problem}): {repair}"
        ) from problem


def make_folder(path: Path) -> None:
    """Make a folder and those above it; one that is there is left.

    Raises:
        InputError: if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(
            f"folder {path} cannot be made ({problem.strerror}): choose another --out"
        ) from None


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a small file atomically."""
    with whole(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def append_line(path: Path, line: str) -> None:
    """Add a line to a file and wait until it is on the disk.

    Raises:
        InputError: if it cannot be written; the message says why.
    """
    with saying_why(path), disk.open(path, "ab") as stream:
        stream.write(f"{line}\n".encode())
        sync(stream)


def remove_parts(folder: Path) -> None:
    """Remove the partial files of killed writers; no other process may write here meanwhile."""
    for part in folder.glob(".*.part"):
        disk.remove(part)


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(stream: IO[bytes]) -> None:
    """Wait until what was written is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
