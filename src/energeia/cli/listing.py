"""The command ``list``: the runs in a folder."""

from rich.console import Console
from rich.table import Table

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.runs.leaderboard import row
from energeia.runs.storage.directory import find_runs


def list_runs(given: arguments.ListArguments) -> Answer:
    """One line per run."""
    rows = []
    for directory in find_runs(given.root):
        status, line = directory.status, row(directory)
        rows.append(
            {
                "run": str(directory.path),
                "recipe": line.recipe,
                "data": directory.config().data.spec,
                "state": status.state,
                "round": f"{status.round}/{status.rounds}",
                "log_likelihood": str(line.log_likelihood),
            }
        )
    return {"runs": rows}, lambda: _show(rows)


def _show(rows: list[dict[str, str]]) -> None:
    table = Table("run", "recipe", "data", "state", "round", "log-likelihood", box=None)
    for line in rows:
        table.add_row(*(str(value) for value in line.values()))
    Console().print(table)
