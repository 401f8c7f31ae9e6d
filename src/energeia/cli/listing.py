"""The command ``list``: the runs in a folder."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from energeia._core.errors import EnergeiaError, InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.runs.leaderboard import row
from energeia.runs.storage.directory import RunDirectory, find_runs

_SHOWN: tuple[str, ...] = ("recipe", "data", "state", "round", "log_likelihood")


def list_runs(given: arguments.ListArguments) -> Answer:
    """One line per run."""
    if not Path(given.root).is_dir():
        raise InputError(f"folder {given.root} is not there: name a folder that holds runs")
    rows = [_line(directory) for directory in find_runs(given.root)]
    return {"runs": rows}, lambda: _show(given.root, rows)


def _line(directory: RunDirectory) -> dict[str, str]:
    """Recipe, data and progress of one run; a damaged run is listed with the reason."""
    line: dict[str, str] = dict.fromkeys(["run", *_SHOWN, "caution", "message"], "")
    line |= {"run": str(directory.path), "state": "damaged"}
    try:
        config = directory.config()
        line |= {"recipe": config.recipe, "data": config.spec}
        status = directory.status
        score = row(directory)
        line |= {
            "log_likelihood": str(score.log_likelihood),
            "caution": score.caution,
            "round": f"{status.round}/{status.rounds}",
            "state": status.state,
            "message": status.message,
        }
    except EnergeiaError as problem:
        line["message"] = str(problem)
    return line


def _show(root: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        print(f"no run in {root}")
        return
    table = Table("run", *(name.replace("_", "-") for name in _SHOWN), box=None)
    for line in rows:
        mark = " !" if line["caution"] and line["log_likelihood"] != "none" else ""
        table.add_row(line["run"], *(line[name] for name in _SHOWN[:-1]), line[_SHOWN[-1]] + mark)
    Console().print(table)
    for line in rows:
        if line["caution"]:
            print(f"{line['run']}: {line['caution']}", file=sys.stderr)
        if line["message"]:
            print(f"{line['run']}: {line['message']}", file=sys.stderr)
