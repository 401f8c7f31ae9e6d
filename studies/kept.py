"""Lines of a study that are kept as they are measured, so that an interrupted one goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def read(path: Path) -> list[Line]:
    """What was measured before, oldest first."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def each(
    path: Path, plan: list[Line], measure: Callable[..., Line], page: Callable[[list[Line]], str]
) -> None:
    """Measure every member of the plan that is not kept, and write the page after each.

    A member is the arguments of ``measure``, and its line begins with them.
    """
    lines = read(path)
    for member in plan:
        if any(member.items() <= line.items() for line in lines):
            continue
        line = member | measure(**member)
        lines.append(line)
        with path.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        print(line, flush=True)
        path.with_suffix(".md").write_text(page(lines), encoding="utf-8")
