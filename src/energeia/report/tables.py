"""The leaderboard in a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from energeia.estimate import Estimate
from energeia.records import LeaderboardRow, TwoSample
from energeia.report.numbers import amount, headline_tests, number, over_seeds, place

_WIDE = 120
"""Width of the full table in characters."""

_COLORS = {
    "exact": "green",
    "lower bound": "blue",
    "upper bound": "magenta",
    "estimate": "yellow",
    "none": "bright_black",
}


def leaderboard_table(
    rows: Sequence[LeaderboardRow],
    reference: dict[str, TwoSample] | None = None,
    entropy: Estimate | None = None,
    *,
    narrow: bool = False,
) -> Table:
    """The rows, exact values and lower bounds first, with the baseline of training data below.

    ``reference`` holds the tests between two halves of the data by name; ``entropy`` is the exact
    entropy of the source where it is known. A ``narrow`` table fits in 80 characters: it leaves
    out the family and all tests but the first.
    """
    tests = headline_tests(rows)[: 1 if narrow else None]
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=None)
    table.add_column("model", no_wrap=True)
    if not narrow:
        table.add_column("family", style="bright_black", no_wrap=True)
    table.add_column("log-likelihood\nnats per row", justify="right", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    for name in tests:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("fit\nseconds", justify="right")
    table.add_column("samples\na second", justify="right")
    for row in sorted(rows, key=place):
        score = row.log_likelihood
        cells = [number(row.two_sample.get(name)) for name in tests]
        family = () if narrow else (row.family,)
        table.add_row(
            f"{row.recipe} *" if row.recommended else row.recipe, *family,
            _cautioned(row), Text(score.kind, _COLORS[score.kind]), *cells,
            amount(row.seconds), amount(row.samples_per_second),
        )  # fmt: skip
    if reference or entropy is not None:
        best = ("", Text("")) if entropy is None else (
            number(-1.0 * entropy), Text(entropy.kind, _COLORS[entropy.kind]))  # fmt: skip
        known = reference or {}
        cells = [number(known[n].reference) if n in known else "" for n in tests]
        table.add_section()
        blank = () if narrow else ("",)
        table.add_row("data against data", *blank, *best, *cells, "", "", style="dim")
    return table


def _cautioned(row: LeaderboardRow) -> str:
    """The log-likelihood, marked where it or its error is not to be trusted, and its spread."""
    mark = " !" if row.caution and row.log_likelihood.value is not None else ""
    # The spread is on a line of its own: beside the value, it would push other columns out.
    return number(row.log_likelihood) + mark + over_seeds(row).replace(", ", ",\n")


def print_leaderboard(
    rows: Sequence[LeaderboardRow],
    reference: dict[str, TwoSample] | None = None,
    entropy: Estimate | None = None,
    console: Console | None = None,
) -> None:
    """Print the leaderboard and, below it, what to use and which likelihoods not to trust."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)  # A file has no width.
    narrow = console.width < _WIDE
    console.print(leaderboard_table(rows, reference, entropy, narrow=narrow))
    if any(row.recommended for row in rows):
        console.print(Text("* best exact model by validation rows", "bright_black"))
    for row in rows:
        text = row.caution or row.log_likelihood.note
        if row.caution or row.log_likelihood.kind == "none":
            console.print(Text(f"{row.recipe}: {text}", "bright_black"))
