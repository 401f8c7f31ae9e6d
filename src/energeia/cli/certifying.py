"""The command ``certify``: check the log-probability of a run."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.records import Certificate
from energeia.runs.loading import load

_WIDE = 200
_COLORS = {"passed": "green", "failed": "bold red", "not applicable": "bright_black"}


def certify(given: arguments.CertifyArguments) -> Answer:
    """Certify a run; the exit status is 1 if a line failed."""
    found = load(given.run).certify(given.common.seed)
    return found, lambda: print_certificate(found)


def print_certificate(found: Certificate, console: Console | None = None) -> None:
    """Print a line for each check: measured number, limit, where and why."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)  # A file has no width.
    table = Table("check", "status", "measured", "limit", "note", box=None, pad_edge=False)
    for line in found.lines:
        numbers = ("" if n is None else f"{n:.2g}" for n in (line.measured, line.limit))
        status = Text(line.status, _COLORS[line.status])
        table.add_row(line.name, status, *numbers, Text(line.note, "bright_black"))
    console.print(table)
    failed = len(found.failures)
    passed = sum(line.status == "passed" for line in found.lines)
    console.print(f"log-likelihood: {found.kind}; {passed} passed, {failed} failed")
