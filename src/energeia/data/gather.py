"""Rows of a file or a named source: loading, selection of rows and of columns. Needs no JAX."""

import hashlib
import importlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from energeia._core.errors import InputError, nearest
from energeia.data import checks, readers
from energeia.data.dataset import Provenance
from energeia.data.errors import noise_of
from energeia.data.named.catalog import NAMED, Source, parse_spec, refuse_unknown
from energeia.data.weights import checked_weights, weight_warnings
from energeia.data.words import Words, recoded
from energeia.standardization import LARGEST

MOST_CELLS = 32
"""An array of more numbers a row holds cells of one thing, such as pixels, not quantities."""
IN_MEMORY = 1 << 29
"""Files of up to this many bytes are read into memory; larger maps stay on disk."""


class DataRequest(NamedTuple):
    """What is asked of a file, a named source or rows in memory."""

    spec: str
    drop_bad_rows: bool = False
    drop_columns: Sequence[int | str] = ()
    condition_columns: Sequence[int | str] = ()
    seed: int = 0
    rows: int | None = None
    table: readers.Table | None = None
    """Rows in memory, in the place of what ``spec`` names."""
    weight_column: int | str = ""
    """The column of weights; empty for none."""
    errors: Sequence[str] = ()
    """Columns that were measured with errors, as ``column:column of its standard errors``."""
    modeled: int | None = None
    """Columns of a trained model, for which rows may come without their weights and errors."""
    words: Words = ()
    """Of a trained model: the words of columns in the order of their codes."""
    holes: bool = False
    """Whether NaN stands for what is not known, and may stay."""


class LoadedRows(NamedTuple):
    """Rows of shape ``(n, d)`` with the metadata of the file or the source."""

    rows: np.ndarray
    names: tuple[str, ...]
    layout: tuple[int, ...]
    condition: np.ndarray | None
    condition_names: tuple[str, ...]
    alike: bool
    source: Any
    """The source of the rows, if all its columns are kept; else None."""
    provenance: Provenance
    bad: np.ndarray
    """Numbers of the rows that held NaN or infinity and were dropped."""
    weight: np.ndarray | None = None
    """The weight of each row, in float64."""
    weight_name: str = ""
    noise: np.ndarray | None = None
    """Standard errors of the modeled columns, in float64; zero where a column has none."""
    error_names: tuple[tuple[str, str], ...] = ()
    """Each column with errors, and the column of these."""
    words: Words = ()
    """Columns of words among the modeled ones and the conditions."""
    tabular: bool = False
    """Whether it is a table of the user's: separate quantities, whose bounds are worth finding."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings on rows that were dropped and on weights."""
        weights = () if self.weight is None else weight_warnings(self.weight)
        if not self.bad.size:
            return weights
        total = len(self.rows) + self.bad.size
        text = f"{self.bad.size:,} of {total:,} rows held NaN or infinity and were dropped"
        return (text, *weights)


def gather(request: DataRequest) -> LoadedRows:
    """Load rows, and select rows and columns.

    Raises:
        InputError: for a file that cannot be read, an unknown source or column, rows that are not
            finite and were not to be dropped, or none left.
    """
    if request.table is None:
        table, source, provenance = _load(request.spec, request.seed, request.rows)
    else:
        table, source = request.table, None
        provenance = _provenance(request.spec, _digest_rows(table.values), table, None)
    width = int(np.prod(table.values.shape[1:], dtype=int))
    names = table.names or tuple(f"x{i}" for i in range(width))
    dropped = _columns(request.spec, request.drop_columns, names)
    given = _columns(request.spec, request.condition_columns, names)
    weighing = _weight_column(request, names, len(dropped) + len(given))
    measured = _error_columns(request, names, len(dropped) + len(given))
    of_errors = tuple(measured.values())
    layout, drawn = tuple(table.values.shape[1:]) or (1,), source is not None
    values, kept = table.values.reshape(len(table.values), -1), list(range(width))
    unused = {names[i] for i in dropped}
    words = tuple(pair for pair in table.words if pair[0] not in unused)
    if request.modeled is not None:
        values, words = recoded(values, names, words, request.words, request.spec), request.words
    if dropped or given or weighing or of_errors:
        uses = {"dropped": dropped, "a condition": given, "the weight": weighing}
        kept = _kept(request.spec, width, uses | {"the error of another": of_errors})
        lost = [names[i] for i in measured if i not in kept]
        if lost:
            raise InputError(f"column {lost[0]} has errors and is not modeled: leave them out")
        layout, source = (len(kept),), None
        # Dropped columns may hold anything, so they are removed before rows are checked.
        values = values[:, [*kept, *given, *of_errors, *weighing]]
    values, bad = _finite_rows(values, request)
    values, provenance = _choose_rows(values, provenance, request, drawn)
    sizes = (len(kept), len(given), len(of_errors))
    values, condition, errors, weight = _taken_apart(values, sizes, request.spec)
    noise = noise_of(errors, [kept.index(i) for i in measured], len(kept), request.spec)
    weight_name = names[weighing[0]] if weighing else ""
    if weight is not None:
        weight = checked_weights(weight, weight_name, request.spec)
    return LoadedRows(
        rows=_in_memory(values),
        names=tuple(names[i] for i in kept),
        layout=layout,
        condition=condition,
        condition_names=tuple(names[i] for i in given),
        alike=table.alike,
        source=source,
        provenance=msgspec.structs.replace(
            provenance, dropped_columns=dropped, dropped_rows=int(bad.size)
        ),
        bad=bad,
        weight=weight,
        weight_name=weight_name,
        noise=noise,
        error_names=tuple((names[i], names[j]) for i, j in measured.items()),
        words=words,
        tabular=_is_tabular(table, request),
    )


def _is_tabular(table: readers.Table, request: DataRequest) -> bool:
    """Whether rows of a file or from memory, not of a named source, are no fields or images."""
    if request.table is None and parse_spec(request.spec) is not None:
        return False
    return table.values.ndim <= 2 and (not table.alike or table.values[0].size <= MOST_CELLS)


def _taken_apart(
    values: np.ndarray, sizes: tuple[int, int, int], spec: str
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    """The modeled columns, conditions, errors and the weights, which come in this order."""
    modeled, last, end = np.cumsum(sizes)
    if values.shape[1] == modeled:
        return values, None, None, None
    condition = np.asarray(values[:, modeled:last], dtype=np.float64) if sizes[1] else None
    if condition is not None and np.abs(condition).max(initial=0.0) > LARGEST:
        raise InputError(
            f"{spec} has conditions beyond {LARGEST:.3g}, where float64 overflows: divide "
            "them by a unit"
        )
    errors = np.asarray(values[:, last:end], dtype=np.float64) if sizes[2] else None
    weight = np.asarray(values[:, end], dtype=np.float64) if values.shape[1] > end else None
    return values[:, :modeled], condition, errors, weight


def _weight_column(request: DataRequest, names: tuple[str, ...], others: int) -> tuple[int, ...]:
    """The column of weights; none where it is not asked for, or new rows come without it."""
    if request.weight_column == "":
        return ()
    if _left_out(request, request.weight_column, names, others):
        return ()
    return (_column(request.spec, request.weight_column, names),)


def _error_columns(request: DataRequest, names: tuple[str, ...], others: int) -> dict[int, int]:
    """The column of the errors of each column that has some; empty where none are asked for, or new
    rows come without them.

    Raises:
        InputError: for text of another form, an unknown column, or one that is named twice.
    """
    found: dict[int, int] = {}
    for pair in request.errors:
        column, separator, errors = pair.partition(":")
        if not separator:
            raise InputError(
                f"errors {pair!r} were given where a column and that of its standard errors were "
                "wanted: write COLUMN:ERRORS, such as x:x_err"
            )
        if _left_out(request, errors.strip(), names, others):
            continue
        place = _column(request.spec, column.strip(), names)
        if place in found:
            raise InputError(f"column {names[place]} was given errors twice: name it once")
        found[place] = _column(request.spec, errors.strip(), names)
    return found


def _left_out(request: DataRequest, column: int | str, names: tuple[str, ...], others: int) -> bool:
    """Whether new rows for a trained model come without a column of weights or errors."""
    if request.modeled is None:
        return False
    columns = (request.weight_column, *(pair.partition(":")[2].strip() for pair in request.errors))
    others_left = len(names) - request.modeled - others
    there = sum(each in names for each in dict.fromkeys(columns))
    return column not in names and others_left == there


def _load(spec: str, seed: int, rows: int | None) -> tuple[readers.Table, Any, Provenance]:
    """The table behind a name or a file, the source if it can draw more, the provenance."""
    named = parse_spec(spec)
    if named is None:
        refuse_unknown(spec)
        table = readers.read(spec)
        digest = _digest_file(readers.locate(spec)[0])
        return table, None, _provenance(spec, digest, table, None)
    name, parameters = named
    if rows is not None and "n" in parameters:
        parameters["n"] = rows
    if parameters.get("n", 2) < 1:
        raise InputError(f"{parameters['n']} rows were requested of {name!r}: request at least 1")
    module, _, function = NAMED[name].loader.partition(":")
    given = {**parameters, "seed": seed} if NAMED[name].seeded else parameters
    loaded = getattr(importlib.import_module(module), function)(name, **given)
    if isinstance(loaded, readers.Table):
        used = seed if NAMED[name].seeded else None
        return loaded, None, _provenance(spec, _digest_rows(loaded.values), loaded, used)
    checks.require_memory(name, parameters["n"], loaded.layout)
    drawn = loaded.draw(seed, parameters["n"])
    _require_symmetries(spec, loaded, drawn)
    table = readers.Table(drawn.reshape(len(drawn), *loaded.layout), None, alike=True)
    return table, loaded, _provenance(spec, _digest_rows(drawn), table, seed)


def _require_symmetries(spec: str, source: Source, drawn: np.ndarray) -> None:
    """Check what a source declares on its own draws; this needs JAX."""
    if source.symmetries:
        from energeia.physics.invariance import require_invariance

        require_invariance(
            spec, source.symmetries, source.layout, source.support, source.log_prob, drawn
        )


def _choose_rows(
    values: np.ndarray, provenance: Provenance, request: DataRequest, drawn: bool
) -> tuple[np.ndarray, Provenance]:
    rows, seed = request.rows, request.seed
    if rows is not None and rows < 1:
        raise InputError(f"{rows} rows were asked for: ask for at least 1")
    if rows is None or drawn or rows >= len(values):
        return values, provenance
    chosen = np.sort(np.random.default_rng(seed).choice(len(values), rows, replace=False))
    part = f"{rows} rows at random, seed {seed}"
    return values[chosen], msgspec.structs.replace(provenance, part=part, seed=seed)


def _finite_rows(values: np.ndarray, request: DataRequest) -> tuple[np.ndarray, np.ndarray]:
    bad = np.zeros(0, int) if request.holes else checks.bad_rows(values)
    if bad.size == 0:
        return values, bad
    if not request.drop_bad_rows:
        checks.refuse_bad_rows(request.spec, bad, len(values))
    if bad.size == len(values):
        raise InputError(
            f"{request.spec} holds NaN or infinity in every one of its {bad.size:,} rows where "
            "finite numbers are modelled: repair it"
        )
    return np.delete(values, bad, axis=0), bad


def _in_memory(values: np.ndarray) -> np.ndarray:
    """Small data as float arrays; a large map as it is, read when needed.

    Whole numbers of at most 16 bits and 32-bit floats are exact in float32; the rest is float64.
    """
    if isinstance(values, np.memmap) and values.nbytes > IN_MEMORY:
        return values
    exact = np.can_cast(values.dtype, np.float32)
    return np.asarray(values).astype(np.float32 if exact else np.float64)


def _kept(spec: str, width: int, uses: dict[str, tuple[int, ...]]) -> list[int]:
    for (first, ours), (second, theirs) in itertools.combinations(uses.items(), 2):
        both = sorted(set(ours) & set(theirs))
        if both:
            raise InputError(f"column {both[0]} of {spec} is both {first} and {second}: choose one")
    kept = [i for i in range(width) if not any(i in used for used in uses.values())]
    if not kept:
        raise InputError(f"no column of {spec} is left to model: drop or condition on fewer")
    return kept


def _columns(spec: str, wanted: Sequence[int | str], names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_column(spec, each, names) for each in wanted))


def _column(spec: str, which: int | str, names: tuple[str, ...]) -> int:
    if isinstance(which, str) and which in names:
        return names.index(which)
    try:
        index = int(which)
    except ValueError:
        raise InputError(f"{spec} has no column {which!r}: {nearest(str(which), names)}") from None
    if not 0 <= index < len(names):
        raise InputError(
            f"{spec} has no column {index}, only 0 to {len(names) - 1}: choose one of those"
        )
    return index


def _provenance(spec: str, digest: str, table: readers.Table, seed: int | None) -> Provenance:
    shape, dtype = tuple(table.values.shape), str(table.values.dtype)
    return Provenance(spec=spec, sha256=digest, shape=shape, dtype=dtype, seed=seed)


def _digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_rows(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
