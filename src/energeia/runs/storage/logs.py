"""Logs: one line of JSON per check of the training; the last line may be incomplete."""

import json
import logging
from pathlib import Path
from typing import Any

from energeia._core.errors import CorruptRun
from energeia.runs.storage.files import append_line, write_whole

_log = logging.getLogger("energeia")


def append(path: Path, entry: dict[str, Any]) -> None:
    """Add one entry."""
    append_line(path, json.dumps(entry))


def entries(path: Path) -> list[dict[str, Any]]:
    """Every entry; an incomplete last line is left out.

    Raises:
        CorruptRun: if a line before the last one is damaged.
    """
    if not path.is_file():
        return []
    *lines, last = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None:
            raise CorruptRun(
                f"line {number} of {path} is damaged: bring the file back from a copy, or train "
                "the run again in another folder"
            )
        found.append(entry)
    complete = _entry(last)
    return found if complete is None else [*found, complete]


def rewind(path: Path, last_round: int) -> None:
    """Remove the entries after a round, and an incomplete last line.

    Raises:
        CorruptRun: if a line before the last one is damaged.
    """
    if not path.is_file():
        return
    kept = [entry for entry in entries(path) if entry["round"] <= last_round]
    reached = kept[-1]["round"] if kept else 0
    if reached < last_round:
        _log.warning(
            "%s ends at round %d but the checkpoint is of round %d: metrics in between are lost",
            path, reached, last_round,
        )  # fmt: skip
    write_whole(path, "".join(json.dumps(entry) + "\n" for entry in kept))


def _entry(line: bytes) -> dict[str, Any] | None:
    """The entry of a line, or None where it is damaged."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("round"), int) else None
