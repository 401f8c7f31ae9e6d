"""Open data by name or by file. Needs no JAX until a source that computes is opened."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from energeia import support as supports
from energeia._core.errors import InputError
from energeia.conditions import infer_condition
from energeia.data import checks, inference
from energeia.data.arrays import as_table, name_of
from energeia.data.dataset import Dataset, duplicate_warning
from energeia.data.errors import require_real
from energeia.data.findings import Finding, applied, find
from energeia.data.gather import DataRequest, LoadedRows, gather
from energeia.data.words import Words, categories, refuse_unrepeated
from energeia.support import Support, describe
from energeia.support.declaration import columns_in
from energeia.support.product import join


def open_data(
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
) -> Dataset:
    """Open a file, a named source or rows in memory, check them, and say what each column is.

    ``data`` is the name of a file or a source, a data frame, or anything that ``np.asarray`` takes.

    ``support`` overrides the inferred support, as text (``"0:positive; phase:circle(-3.2,3.2)"``,
    by name or by number after columns are taken away, conditions by name) or as a ``Support`` of
    the modeled columns. ``rows`` keeps a random choice of that many rows of a file, in order, or
    draws that many from a source. ``seed`` is that of the draw or of the choice. ``weight_column``
    is not modeled: it says how much each row counts. ``errors`` names columns that were measured
    with errors, and the columns of their standard errors, as ``["x:x_err"]``. With ``findings``,
    bounds and periods that the values of a file or of rows in memory show clearly are applied to
    columns that ``support`` does not give: see ``Dataset.findings``.

    Raises:
        InputError: for data that cannot be modeled; the message says what to change.

    >>> data = open_data("digits")
    >>> data.rows.shape, data.layout, str(data.support)
    ((1797, 64), (8, 8), '0-63: integer(0,16)')
    >>> str(open_data([[0.5, 1], [0.7, -1], [0.1, 1]]).support)
    '0: real, 1: binary(-1,1)'
    >>> t = np.random.default_rng(0).exponential(size=(500, 1))
    >>> str(open_data(t).support), str(open_data(t, findings=False).support)
    ('0: positive', '0: real')
    """
    spec, table = name_of(data), as_table(data)
    request = DataRequest(
        spec, drop_bad_rows, drop_columns, condition_columns, seed, rows, table, weight_column,
        errors,
    )  # fmt: skip
    found = gather(request)
    if len(found.rows) < 2:
        raise InputError(
            f"{spec} has one row where a sample was wanted: the first axis counts rows, so "
            "reshape the array or add rows"
        )
    refuse_unrepeated(len(found.rows), found.words, spec)
    summary = inference.summarize(found.rows)
    declared = declare(support, found, summary, findings=findings)
    warnings = [*found.notes, *inference.refuse_unfit(summary, declared.support, found.names, spec)]
    warnings += inference.value_warnings(summary, declared.support, found.names)
    if found.source is None:
        warnings += row_warnings(compare_rows(found.rows), found, declared.support)
    return _dataset(found, declared, tuple(warnings))


def open_like(
    data: Any,
    support: Support,
    layout: tuple[int, ...],
    *,
    drop_bad_rows: bool = False,
    drop_columns: Sequence[int | str] = (),
    condition_columns: Sequence[int | str] = (),
    weight_column: int | str = "",
    errors: Sequence[str] = (),
    seed: int = 0,
    rows: int | None = None,
    words: Words = (),
) -> Dataset:
    """Open rows for a trained model: checked against its support, nothing inferred.

    Columns of weights and of errors are used where the rows have them; with no more columns than
    the model's and the conditions they have none.

    Raises:
        InputError: if the rows do not have the model's shape or support.
    """
    spec, table = name_of(data), as_table(data)
    request = DataRequest(
        spec, drop_bad_rows, drop_columns, condition_columns, seed, rows, table, weight_column,
        errors, support.dimension, words,
    )  # fmt: skip
    found = gather(request)
    if found.rows.shape[1] != support.width:
        raise InputError(
            f"{spec} has rows of shape {found.layout} where the model was trained on rows of "
            f"shape {tuple(layout)}: bring rows of that shape"
        )
    _check(found, support)
    return _dataset(found._replace(layout=tuple(layout)), Declared(support), found.notes)


class Declared(NamedTuple):
    """What the columns of opened rows are."""

    support: Support
    conditions: Support | None = None
    """That of the conditions, where there are some."""
    findings: tuple[Finding, ...] = ()
    """What was found from values and applied."""
    suggestions: tuple[str, ...] = ()
    """Declarations worth considering."""


def declare(
    given: str | Support | None, found: LoadedRows, summary: inference.Summary, *, findings: bool
) -> Declared:
    """The support of the modeled columns, and that of the conditions where there are some.

    Each is the given one, or that of the source, or the found one, or the inferred one; checked.

    Raises:
        InputError: if a declaration cannot be read, or a value lies outside it.
    """
    names = (*found.names, *found.condition_names)
    fixed = set(range(len(found.names)))
    if isinstance(given, str):
        fixed = columns_in(given, names, len(found.names))
    elif given is None:
        fixed = set()
    plain = _inferred(found, summary)
    # Values measured with normal errors leave any bounds, so they are real.
    noisy = {found.names.index(name) for name, _ in found.error_names}
    plain = applied(plain, {i: supports.Real() for i in noisy})
    factors, said = {}, ()
    if findings and found.tabular:
        factors, said = find(found.rows, summary, plain, found.names, but=fixed | noisy)
    support, conditions = _overridden(given, found, applied(plain, factors))
    require_real(support, found.names, [name for name, _ in found.error_names])
    suggested = ()
    if found.source is None:
        suggested = inference.suggest(summary, support, found.names, but=fixed | noisy)
    return Declared(support, conditions, said, suggested)


def _inferred(found: LoadedRows, summary: inference.Summary) -> Support:
    if found.source is not None:
        return found.source.support
    return categories(inference.infer(summary, found.alike), found.names, found.words)


def _overridden(
    declared: str | Support | None, found: LoadedRows, inferred: Support
) -> tuple[Support, Support | None]:
    """Supports of columns and of conditions with what was declared, checked."""
    given = None if found.condition is None else _infer_conditions(found.condition)
    support, width = declared, inferred.width
    if support is None:
        return inferred, given
    if isinstance(support, str):
        every = inferred if given is None else join([*inferred.cells, *given.cells])
        names = (*found.names, *found.condition_names)
        every = supports.parse(support, every, names, modeled=width)
        support = every.select(range(width))
        given = None if given is None else every.select(range(width, every.width))
    if support.width != width:
        raise InputError(
            f"a support of {support.width} columns was declared where the data have "
            f"{inferred.width}: declare one for each column"
        )
    _check(found, support)
    if given is not None:
        _check_conditions(found, given)
    return support, given


def _infer_conditions(rows: np.ndarray) -> Support:
    return Support.of([infer_condition(column) for column in rows.T])


def _check_conditions(found: LoadedRows, given: Support) -> None:
    """Refuse conditions outside their declared support, by name."""
    assert found.condition is not None
    for name, factor, values in zip(
        found.condition_names, given.columns, found.condition.T, strict=True
    ):
        outside = values[~np.asarray(factor.contains(values))]
        if outside.size:
            raise InputError(
                f"condition {name} holds {outside[0]:g} where {describe(factor)} was declared "
                f"({outside.size} rows in all): remove the rows or declare a wider --support"
            )


class RowCheck(NamedTuple):
    """Repetitions and correlations among rows."""

    repeats: int
    """Rows equal to an earlier one."""
    autocorrelation_time: float
    ordered: bool
    counting: tuple[int, ...]
    """Columns of consecutive row numbers."""


def compare_rows(rows: np.ndarray) -> RowCheck:
    """Count repeats, estimate the autocorrelation time, find columns of row numbers."""
    tau, ordered = checks.row_autocorrelation(rows)
    counting = tuple(checks.counting_columns(rows))
    return RowCheck(checks.repeated_rows(rows), tau, ordered, counting)


def row_warnings(check: RowCheck, found: LoadedRows, support: Support) -> tuple[str, ...]:
    """Warnings of repeated rows, correlated neighbors and columns of row numbers."""
    if found.source is not None:
        return ()  # Independent draws may repeat, and are not correlated.
    numbered = tuple(
        f"column {i} ({found.names[i]}) only numbers the rows: drop it with --drop-columns {i}"
        for i in check.counting
    )
    ordered = _order_warning(check) if check.ordered and not check.counting else ()
    return numbered + duplicate_warning(check.repeats, len(found.rows), support) + ordered


def _order_warning(check: RowCheck) -> tuple[str, ...]:
    tau = check.autocorrelation_time
    return (
        f"neighboring rows are alike (autocorrelation time {tau:.1f} rows, 0.5 if independent): "
        "if they are one chain or a time series, split them with --blocks and count one row in "
        f"{2 * tau:.0f} as independent; if they are merely sorted, all is well",
    )


def _check(found: LoadedRows, support: Support) -> None:
    """``Support.check`` in blocks; after a failure on all rows, for correct row numbers."""
    for block in checks.blocks(found.rows):
        try:
            support.check(block)
        except InputError:
            support.check(found.rows)
            raise


def _dataset(
    found: LoadedRows,
    declared: "Declared",
    warnings: tuple[str, ...],
) -> Dataset:
    return Dataset(
        rows=found.rows,
        layout=found.layout,
        support=declared.support,
        columns=found.names,
        condition=found.condition,
        condition_columns=found.condition_names,
        condition_support=declared.conditions,
        weight=found.weight,
        weight_column=found.weight_name,
        noise=found.noise,
        error_columns=found.error_names,
        words=found.words,
        provenance=found.provenance,
        warnings=warnings,
        findings=declared.findings,
        suggestions=declared.suggestions if found.tabular else (),
        source=found.source,
    )
