"""A disk that fails at its n-th operation: the write is torn in half, and nothing is done after.

    python -m studies.faults N COMMAND ...

runs one command of energeia on such a disk; the process ends at once, as by SIGKILL, without any
clean-up. Without a failure the number of operations is that of the files a run writes, and the
same in every repetition.
"""

import os
import sys
from typing import Any, NamedTuple

from energeia.cli.main import main
from energeia.runs.storage import files

KILLED = 137


class PowerCut(BaseException):
    """The machine stops here: no handler of errors may go on."""


class Operation(NamedTuple):
    """A write to a file, or the move that gives a written file its name."""

    kind: str
    name: str


class FailingDisk:
    """Counts operations, tears the n-th one in half and then calls ``fail``; never by default."""

    def __init__(self, at=None, fail=None):
        self.at, self.fail, self.operations, self.dead = at, fail, [], False

    def disk(self):
        """The calls to put in the place of those that ``files`` makes."""
        return files.Disk(self._open, self._move, self._remove)

    def _open(self, path, mode):
        self._require_power()
        return _Stream(self, path, open(path, mode))

    def _move(self, source, target):
        # A move is whole or not at all: it fails before anything has happened.
        if self.fails("move", target.name):
            self._stop()
        os.replace(source, target)

    def _remove(self, path):
        self._require_power()
        os.unlink(path)

    def fails(self, kind, name):
        """Count an operation; whether it is the one that fails."""
        self._require_power()
        self.operations.append(Operation(kind, name))
        return len(self.operations) == self.at

    def _require_power(self):
        if self.dead:
            raise PowerCut

    def _stop(self):
        self.dead = True
        self.fail()

    def tear(self, stream, content):
        """Write the first half only, and fail."""
        stream.write(content[: len(content) // 2])
        stream.flush()
        self._stop()


class _Stream:
    """A file on a failing disk."""

    def __init__(self, disk: FailingDisk, path: Any, stream: Any) -> None:
        self.disk, self.name, self.stream = disk, named(path.name), stream

    def write(self, content):
        content = bytes(content)
        if self.disk.fails("write", self.name):
            self.disk.tear(self.stream, content)
        return self.stream.write(content)

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.stream.close()


def named(part):
    """The name of the file that a part will become: ``.status.json.123.part`` is one."""
    return part[1:].rsplit(".", 2)[0] if part.endswith(".part") else part


def power_cut():
    raise PowerCut


def run_on_failing_disk(at, words):
    """Run one command of energeia that is killed at an operation; it never returns."""

    def die():
        os.write(2, "KILLED {0.kind} {0.name}\n".format(disk.operations[-1]).encode())
        os._exit(KILLED)

    disk = FailingDisk(at, die)
    files.disk = disk.disk()
    main(words)


if __name__ == "__main__":
    run_on_failing_disk(int(sys.argv[1]), sys.argv[2:])
