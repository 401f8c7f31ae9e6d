"""The command ``inspect``: description of data, and which recipes apply."""

import msgspec
from rich.console import Console
from rich.text import Text

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.data.findings import flag, sentences
from energeia.data.inspection import ColumnRange, Inspection, RecipeApplicability, inspect
from energeia.recipes.catalogue import RECIPES, applicable
from energeia.records import WeightSummary
from energeia.support import Real, Support, parse

_NAMES = 6
_TAILS = 8


def inspect_data(given: arguments.InspectArguments) -> Answer:
    """Describe data, and list the recipes that fit them and reason the others do not."""
    reading = given.reading
    found = inspect(
        given.data,
        support=reading.support or None,
        findings=not reading.no_findings,
        drop_bad_rows=reading.drop_bad_rows,
        drop_columns=reading.drop_columns,
        condition_columns=reading.condition,
        weight_column=reading.weight,
        errors=reading.errors,
        seed=given.common.seed,
    )
    declared = "; ".join(f"{part.first}-{part.last}:{part.support}" for part in found.support)
    support = parse(declared, Support(((Real(), found.dimension),)))
    fields = ("weight",) * (found.weight is not None) + ("noise",) * bool(found.error_columns)
    reasons = applicable(support, bool(found.condition_columns), fields)
    recipes = tuple(
        RecipeApplicability(
            recipe=name, family=RECIPES[name].family, applies=reason is None, reason=reason or ""
        )
        for name, reason in reasons.items()
    )
    found = msgspec.structs.replace(found, recipes=recipes)
    return found, lambda: _show(found)


def _names(found: Inspection, part: ColumnRange) -> str:
    """The names of neighboring columns in brackets, where they say more than the numbers."""
    names = found.columns[part.first : part.last + 1]
    if all(name == f"x{part.first + i}" for i, name in enumerate(names)):
        return ""
    shown = names if len(names) <= _NAMES else (*names[: _NAMES - 1], "...", names[-1])
    return f" ({', '.join(shown)})"


def tail_lines(found: Inspection) -> list[str]:
    """Columns with heavy tails, each with its index, the heaviest first and at most eight."""
    ordered = sorted(found.tails, key=lambda tail: tail.alpha)
    lines = [
        f"heavy tail in {tail.name}: P(|x| > t) ~ t^-alpha, alpha {tail.alpha:.2g} +- "
        f"{tail.stderr:.1g} (Hill, {tail.k} largest)"
        for tail in ordered[:_TAILS]
    ]
    more = len(ordered) - _TAILS
    return [*lines, f"and {more} more columns with heavy tails"] if more > 0 else lines


def _show_weight(console: Console, weight: WeightSummary) -> None:
    console.print(
        f"  weighted by {weight.column}: {weight.low:g} to {weight.high:g}, "
        f"{weight.negative:,} negative, worth {weight.effective_rows:,.1f} rows of equal weight",
        highlight=False,
        markup=False,
    )


def _show(found: Inspection) -> None:
    console = Console()
    shape = " x ".join(map(str, found.shape))
    console.print(f"[bold]{found.spec}[/]  {shape}  {found.dtype}  sha256 {found.sha256[:12]}")
    console.print(f"{found.rows:,} rows of layout {found.layout}, {found.dimension} columns")
    for part in found.support:
        where = f"{part.first}" if part.first == part.last else f"{part.first}-{part.last}"
        console.print(
            f"  columns {where}{_names(found, part)}: {part.support}  "
            f"values {part.low:g} to {part.high:g}",
            highlight=False,
            markup=False,
        )
    for line in tail_lines(found):
        console.print(f"  {line}", highlight=False, markup=False)
    for name, words in found.words:
        codes = ", ".join(f"{k} {word}" for k, word in enumerate(words))
        console.print(f"  codes of {name}: {codes}", highlight=False, markup=False)
    if found.condition_columns:
        pairs = zip(found.condition_columns, found.condition_support, strict=True)
        given = ", ".join(f"{name}: {kind}" for name, kind in pairs)
        console.print(f"  conditioned on {given}", highlight=False, markup=False)
    if found.weight is not None:
        _show_weight(console, found.weight)
    for column, errors in found.error_columns:
        text = f"  {column} is measured with the standard errors {errors}"
        console.print(text, highlight=False, markup=False)
    order = "rows are ordered" if found.ordered else "rows appear independent"
    console.print(
        f"{found.duplicates:,} duplicate rows, {found.bad_rows:,} with NaN or infinity, "
        f"{len(found.constant_columns)} constant columns; autocorrelation time "
        f"{found.autocorrelation_time:g} rows ({order})",
        highlight=False,
    )
    if found.symmetries:
        console.print(f"declared symmetries: {', '.join(found.symmetries)}")
    if found.entropy is not None:
        console.print(f"exact entropy: {found.entropy:.4f} nats a row")
    for text in found.refusals:
        console.print(f"[red]refused:[/] {text}", highlight=False)
    for text in found.warnings:
        console.print(f"[yellow]warning:[/] {text}", highlight=False)
    for text in sentences(found.findings, found.columns):
        console.print("[blue]found:[/]", Text(text), highlight=False, soft_wrap=True)
    if found.suggestions:
        text = flag("; ".join(found.suggestions))
        console.print("[blue]consider:[/]", Text(text), highlight=False, soft_wrap=True)
    for recipe in found.recipes:
        mark = "[green]fits[/]  " if recipe.applies else "[red]no[/]    "
        console.print(f"  {mark} {recipe.recipe:<14} {recipe.family:<15} {recipe.reason}")
