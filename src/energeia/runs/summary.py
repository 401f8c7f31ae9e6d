"""A run as a small table, for notebooks."""

from typing import Any

from energeia._core.html import html_table


def summary(run: Any) -> str:
    """Recipe, data, progress and evaluation."""
    status, found = run.directory.status, run.directory.evaluation
    rows: list[tuple[str, object]] = [
        ("recipe", run.config.recipe),
        ("target" if run.config.target else "data", run.config.spec),
        ("columns", run.problem.support),
        ("state", f"{status.state}, {status.round} of {status.rounds} rounds"),
        ("parameters", f"{status.parameters:,}"),
    ]
    if found is not None:
        rows += [(name, f"{value} ({value.kind})") for name, value in found.measures()[:4]]
    return html_table(str(run.path), rows)
