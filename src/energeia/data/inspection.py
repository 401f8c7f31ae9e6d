"""Inspection of a file or a source before fitting. Needs no JAX for files."""

from collections.abc import Sequence
from typing import Any

import msgspec

from energeia._core.errors import InputError
from energeia.data import checks, inference
from energeia.data.arrays import as_table, name_of
from energeia.data.column_tails import ColumnTail, column_tails
from energeia.data.dataset import FEWEST_ROWS
from energeia.data.findings import Finding
from energeia.data.gather import DataRequest, LoadedRows, gather
from energeia.data.sources import compare_rows, declare, row_warnings
from energeia.data.weights import summary as weight_summary
from energeia.data.weights import weight_warnings
from energeia.data.words import Words
from energeia.records import WeightSummary
from energeia.support import Support, describe


class ColumnRange(msgspec.Struct, frozen=True, kw_only=True):
    """Neighboring columns of one kind."""

    first: int
    last: int
    support: str
    """As it would be declared, such as ``integer(0,16)``."""
    low: float
    high: float


class RecipeApplicability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a recipe can model these data, and why not."""

    recipe: str
    family: str
    applies: bool
    reason: str = ""


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that ``energeia inspect`` prints; one JSON object."""

    spec: str
    sha256: str
    shape: tuple[int, ...]
    """As stored."""
    dtype: str
    rows: int
    """Rows that can be used."""
    layout: tuple[int, ...]
    dimension: int
    columns: tuple[str, ...]
    condition_columns: tuple[str, ...]
    condition_support: tuple[str, ...]
    """What each condition is, as it would be declared."""
    support: tuple[ColumnRange, ...]
    suggestions: tuple[str, ...]
    """Declarations worth considering, in the syntax of ``--support``."""
    findings: tuple[Finding, ...]
    """What the values of columns show so clearly that it is applied."""
    words: Words
    """Columns of words, and the words in the order of their codes."""
    bad_rows: int
    first_bad_rows: tuple[int, ...]
    duplicates: int
    constant_columns: tuple[int, ...]
    autocorrelation_time: float
    """Largest over some columns, in rows: 1/2 + sum of rho, 0.5 for independent rows."""
    ordered: bool
    """Whether neighboring rows are significantly correlated."""
    symmetries: tuple[str, ...]
    entropy: float | None
    """Exact, in nats, where it is known."""
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]
    """Problems that prevent fitting, each with its repair."""
    weight: WeightSummary | None = None
    """What the weights are worth, where a column of them was named."""
    error_columns: tuple[tuple[str, str], ...] = ()
    """Each column that was measured with errors, and the column of these."""
    tails: tuple[ColumnTail, ...] = ()
    """Continuous columns whose tails are a power law."""
    recipes: tuple[RecipeApplicability, ...] = ()
    """Which recipes apply; filled in by ``recipes.catalogue``."""


def inspect(
    data: Any,
    *,
    support: str | Support | None = None,
    drop_bad_rows: bool = False,
    drop_columns: Sequence[int | str] = (),
    condition_columns: Sequence[int | str] = (),
    weight_column: int | str = "",
    errors: Sequence[str] = (),
    seed: int = 0,
    rows: int | None = None,
    findings: bool = True,
) -> Inspection:
    """Inspect data; problems that prevent fitting are listed, not raised.

    The arguments are those of ``open_data``.

    Raises:
        InputError: for a file that cannot be read, an unknown source or column, or values outside a
        declared support.

    >>> found = inspect("digits")
    >>> found.shape, found.support[0].support, found.constant_columns, found.refusals
    ((1797, 8, 8), 'integer(0,16)', (0, 32, 39), ())
    """
    spec, table = name_of(data), as_table(data)
    request = DataRequest(
        spec, True, drop_columns, condition_columns, seed, rows, table, weight_column,
        errors,
    )  # fmt: skip
    found = gather(request)
    summary = inference.summarize(found.rows)
    said = declare(support, found, summary, findings=findings)
    declared, conditions = said.support, said.conditions
    seen = compare_rows(found.rows)
    warnings = inference.value_warnings(summary, declared, found.names)
    if drop_bad_rows:
        warnings = found.notes + warnings
    elif found.weight is not None:
        warnings = weight_warnings(found.weight) + warnings
    warnings += row_warnings(seen, found, declared)
    refusals, notes = _refusals(found, summary, declared, drop_bad_rows)
    return Inspection(
        spec=spec,
        sha256=found.provenance.sha256,
        shape=found.provenance.shape,
        dtype=found.provenance.dtype,
        rows=len(found.rows),
        layout=found.layout,
        dimension=found.rows.shape[1],
        columns=found.names,
        condition_columns=found.condition_names,
        condition_support=() if conditions is None else tuple(map(describe, conditions.columns)),
        support=_runs(declared, summary),
        suggestions=said.suggestions,
        findings=said.findings,
        words=found.words,
        bad_rows=int(found.bad.size),
        first_bad_rows=tuple(int(i) for i in found.bad[:5]),
        duplicates=seen.repeats,
        constant_columns=tuple(int(i) for i in summary.constant),
        autocorrelation_time=round(seen.autocorrelation_time, 3),
        ordered=seen.ordered,
        symmetries=tuple(found.source.symmetries) if found.source is not None else (),
        entropy=found.source.entropy if found.source is not None else None,
        warnings=warnings + notes,
        refusals=refusals,
        weight=None if found.weight is None else weight_summary(found.weight, found.weight_name),
        error_columns=found.error_names,
        tails=column_tails(found.rows, declared, found.names),
    )


def _refusals(
    found: LoadedRows, summary: inference.Summary, support: Support, drop_bad_rows: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The errors that a fit would raise, and warnings of constant columns."""
    spec, problems, notes = found.provenance.spec, [], ()
    if not drop_bad_rows:
        try:
            checks.refuse_bad_rows(spec, found.bad, len(found.rows) + found.bad.size)
        except InputError as error:
            problems.append(str(error))
    try:
        notes = inference.refuse_unfit(summary, support, found.names, spec)
    except InputError as error:
        problems.append(str(error))
    if len(found.rows) < FEWEST_ROWS:
        problems.append(
            f"{spec} has {len(found.rows)} rows where at least {FEWEST_ROWS} are needed to train "
            "on some and hold out others: bring more rows"
        )
    return tuple(problems), notes


def _runs(support: Support, summary: inference.Summary) -> tuple[ColumnRange, ...]:
    return tuple(
        ColumnRange(
            first=a,
            last=b - 1,
            support=describe(factor),
            low=float(summary.low[a:b].min()),
            high=float(summary.high[a:b].max()),
        )
        for a, b, factor, _ in support.blocks
    )
