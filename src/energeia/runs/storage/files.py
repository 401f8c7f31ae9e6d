"""Atomic writing of files: to a temporary file, synced, renamed. Needs no JAX."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from energeia._core.errors import InputError


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for atomic writing: it appears under its name only when complete.

    Raises:
        InputError: if the disk is full or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as problem:
        raise InputError(
            f"{path} could not be written ({problem.strerror or problem}): "
            "free some space or choose another folder"
        ) from problem
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a small file atomically."""
    with whole(path) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
