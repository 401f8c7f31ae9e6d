"""One process at a time trains a run. The kernel frees a lock when its holder ends, however."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from energeia._core.errors import InputError
from energeia.runs.storage.files import saying_why

NAME = ".lock"
_TRIES, _PAUSE = 5, 0.02


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from training the run in a folder.

    The file stays when the lock is freed: removing it would let a third process lock a new file
    of that name while a second one waits on the old one. A file system without locks is trusted.

    Raises:
        InputError: if another process holds the lock, or the folder cannot be written.
    """
    path = folder / NAME
    with saying_why(path):
        stream = open(path, "a+b")  # noqa: SIM115 (the context below closes it)
    with stream:
        if not _taken(stream.fileno()):
            stream.seek(0)
            holder = stream.read().decode(errors="replace").strip()
            raise InputError(
                f"{folder} is being trained by another process (pid {holder or 'unknown'}): "
                "wait until it ends, or stop it first"
            )
        stream.truncate(0)
        stream.write(f"{os.getpid()}\n".encode())
        stream.flush()
        yield


def is_locked(folder: Path) -> bool:
    """Whether some process trains the run in a folder at this moment."""
    try:
        with open(folder / NAME, "rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _taken(handle: int) -> bool:
    """Take the lock; ``is_locked`` of another process may hold it for a moment."""
    for attempt in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE if attempt + 1 < _TRIES else 0.0)
        except OSError:
            return True
        else:
            return True
    return False
