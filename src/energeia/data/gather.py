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
    modeled: int | None = None
    """Columns of a trained model, for which rows may come without their weights."""
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
    layout, drawn = tuple(table.values.shape[1:]) or (1,), source is not None
    values, kept = table.values.reshape(len(table.values), -1), list(range(width))
    unused = {names[i] for i in dropped}
    words = tuple(pair for pair in table.words if pair[0] not in unused)
    if request.modeled is not None:
        values, words = recoded(values, names, words, request.words, request.spec), request.words
    if dropped or given or weighing:
        kept = _kept(request.spec, width, dropped, given, weighing)
        layout, source = (len(kept),), None
        # Dropped columns may hold anything, so they are removed before rows are checked.
        values = values[:, [*kept, *given, *weighing]]
    values, bad = _finite_rows(values, request)
    values, provenance = _choose_rows(values, provenance, request, drawn)
    values, condition, weight = _taken_apart(values, len(kept), len(given), request.spec)
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
        words=words,
        tabular=_is_tabular(table, request),
    )


def _is_tabular(table: readers.Table, request: DataRequest) -> bool:
    """Whether rows of a file or from memory, not of a named source, are no fields or images."""
    if request.table is None and parse_spec(request.spec) is not None:
        return False
    return table.values.ndim <= 2 and (not table.alike or table.values[0].size <= MOST_CELLS)


def _taken_apart(
    values: np.ndarray, modeled: int, given: int, spec: str
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """The modeled columns, the conditions and the weights, which come in this order."""
    width = values.shape[1]
    if width == modeled:
        return values, None, None
    last = modeled + given
    condition = np.asarray(values[:, modeled:last], dtype=np.float64) if given else None
    if condition is not None and np.abs(condition).max(initial=0.0) > LARGEST:
        raise InputError(
            f"{spec} has conditions beyond {LARGEST:.3g}, where float64 overflows: divide "
            "them by a unit"
        )
    weight = np.asarray(values[:, last], dtype=np.float64) if width > last else None
    return values[:, :modeled], condition, weight


def _weight_column(request: DataRequest, names: tuple[str, ...], others: int) -> tuple[int, ...]:
    """The column of weights; none where it is not asked for, or new rows come without it."""
    if request.weight_column == "":
        return ()
    if request.modeled is not None and len(names) == request.modeled + others:
        return ()
    return (_column(request.spec, request.weight_column, names),)


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


def _kept(
    spec: str, width: int, dropped: tuple[int, ...], given: tuple[int, ...],
    weighing: tuple[int, ...],
) -> list[int]:  # fmt: skip
    uses = {"dropped": dropped, "a condition": given, "the weight": weighing}
    for (first, ours), (second, theirs) in itertools.combinations(uses.items(), 2):
        both = sorted(set(ours) & set(theirs))
        if both:
            raise InputError(f"column {both[0]} of {spec} is both {first} and {second}: choose one")
    kept = [i for i in range(width) if i not in {*dropped, *given, *weighing}]
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
