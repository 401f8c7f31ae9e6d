"""The command ``log-z``: the normalization of an energy."""

from rich.console import Console
from rich.table import Table

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.estimate import Estimate
from energeia.evaluation.partition import LogZ
from energeia.runs.partition import log_z
from energeia.runs.storage.config import TargetConfig


def log_partition(given: arguments.LogZArguments) -> Answer:
    """log Z of a target, its sides and its warnings."""
    reading = TargetConfig(
        spec=given.target, support=given.support, location=given.location, scale=given.scale,
        allow_import=given.allow_import,
    )  # fmt: skip
    found = log_z(
        reading, given.method, condition=given.condition or None, seed=given.common.seed,
        settings=given.settings,
    )  # fmt: skip
    return found, lambda: _show(found)


def _show(found: LogZ) -> None:
    console = Console()
    table = Table("log Z, nats", "kind", "how", box=None, pad_edge=False)
    lines: list[Estimate | None] = [found.value]
    lines += [side for side in (found.lower, found.upper) if side != found.value]
    for line in lines:
        if line is not None:
            table.add_row(str(line), line.kind, line.note)
    if found.certificate is not None:
        table.add_row(f"above {found.certificate.value:.5g}", "certified", found.certificate.note)
    if found.exact is not None:
        table.add_row(f"{found.exact:.7g}", "exact", "solved")
    console.print(table)
    for warning in found.warnings:
        console.print(f"warning: {warning}")
