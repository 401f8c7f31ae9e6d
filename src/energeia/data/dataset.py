"""Rows with their support, layout, condition, provenance and warnings. Needs no JAX.

A ``Dataset`` is immutable; splits and selections are new data sets with their provenance.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.data.findings import Finding
from energeia.data.weights import summary
from energeia.data.words import Words
from energeia.records import WeightSummary
from energeia.support import Support

FEWEST_ROWS = 10
"""Least number of rows, below which none can be held out."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of rows, sufficient to load them again."""

    spec: str
    """The file or named source, as the user wrote it."""
    sha256: str
    """Hash of the file, or of the drawn rows for a named source."""
    shape: tuple[int, ...]
    """The shape as stored, before any row or column was dropped."""
    dtype: str
    dropped_rows: int = 0
    dropped_columns: tuple[int, ...] = ()
    seed: int | None = None
    """The seed of a drawn sample or of a random choice of rows."""
    part: str = ""
    """Which part of which split, such as ``train of 0.8/0.1/0.1, seed 0``."""


class Selection:
    """Some rows of an array too large to copy, read on access. It supports ``shape``, ``dtype``,
    ``len`` and row indexing like the array.

    >>> rows = Selection(np.arange(10.0).reshape(5, 2), np.array([4, 0]))
    >>> rows.shape, rows[0:1].tolist()
    ((2, 2), [[8.0, 9.0]])
    """

    def __init__(self, base: "np.ndarray | Selection", indices: np.ndarray) -> None:
        self.base, self.indices = base, indices

    @property
    def shape(self) -> tuple[int, ...]:
        """``(rows, d)``."""
        return (len(self.indices), *self.base.shape[1:])

    @property
    def dtype(self) -> np.dtype:
        """The type of one number."""
        return self.base.dtype

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, rows: Any) -> np.ndarray:
        if isinstance(rows, tuple):
            return self[rows[0]][(slice(None), *rows[1:])]
        return np.asarray(self.base[self.indices[rows]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.base[self.indices], dtype=dtype)


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Rows of data in the user's units.

    ``rows`` has shape ``(n, d)``; each row is one configuration of shape ``layout``, flattened.
    ``condition`` has shape ``(n, c)`` or is None, ``weight`` shape ``(n,)`` or is None. ``source``
    is the distribution of the rows, where it can be sampled (see ``data.sources.Source``).
    """

    rows: Any
    layout: tuple[int, ...]
    support: Support
    columns: tuple[str, ...]
    provenance: Provenance
    condition: np.ndarray | None = None
    condition_columns: tuple[str, ...] = ()
    condition_support: Support | None = None
    """What each condition is; None where there are none, or where a run has said so before."""
    weight: np.ndarray | None = None
    """The weight of each row as it was given, negative ones included; None where all are one."""
    weight_column: str = ""
    noise: np.ndarray | None = None
    """Standard errors of the modeled columns, shape ``(n, d)``; None where none has any."""
    error_columns: tuple[tuple[str, str], ...] = ()
    """Each column that was measured with errors, and the column of these."""
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What the values of columns showed and was applied to their support."""
    suggestions: tuple[str, ...] = ()
    """Declarations worth considering, in the syntax of ``support``."""
    words: Words = ()
    """Columns and conditions of words, whose rows are codes: the words in the order of these."""
    source: Any = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def dimension(self) -> int:
        """The number of modeled columns."""
        return int(self.rows.shape[1])

    @property
    def condition_dimension(self) -> int:
        """The number of condition columns; 0 for none."""
        return 0 if self.condition is None else int(self.condition.shape[1])

    @property
    def weight_summary(self) -> WeightSummary | None:
        """What the weights are worth; None for rows without."""
        return None if self.weight is None else summary(self.weight, self.weight_column)

    @property
    def symmetries(self) -> tuple[str, ...]:
        """The symmetries that the source declares; none for a file."""
        return () if self.source is None else tuple(self.source.symmetries)

    @property
    def periodic_layout(self) -> bool:
        """Whether the source says that its layout is a periodic lattice."""
        return self.source is not None and self.source.periodic_layout

    def take(self, indices: Sequence[int] | np.ndarray, part: str = "") -> "Dataset":
        """Some rows as a data set of their own; ``part`` is written in the provenance."""
        indices = np.asarray(indices)
        lazy = isinstance(self.rows, np.memmap | Selection)
        provenance = self.provenance
        if part:
            provenance = msgspec.structs.replace(provenance, part=part)
        return dataclasses.replace(
            self,
            rows=Selection(self.rows, indices) if lazy else self.rows[indices],
            condition=None if self.condition is None else self.condition[indices],
            weight=None if self.weight is None else self.weight[indices],
            noise=None if self.noise is None else self.noise[indices],
            provenance=provenance,
        )


class Split(NamedTuple):
    """Three disjoint parts of one data set, and the row numbers that each holds."""

    train: Dataset
    valid: Dataset
    test: Dataset
    indices: tuple[np.ndarray, np.ndarray, np.ndarray]


def split(
    dataset: Dataset,
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    *,
    blocks: bool = False,
) -> Split:
    """Split rows into training, validation and test parts; the same seed gives the same rows.

    With ``blocks=True`` the parts are contiguous in the order train, valid, test, as rows of one
    long chain or of a time series need: after shuffling, correlated neighbors would be in different
    parts.

    Raises:
        InputError: if the fractions are not three positive numbers of sum one, or there are too
            few rows to give each part one.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise InputError(
            f"fractions {fractions} were given where three positive numbers of sum 1 were wanted: "
            "for example 0.8, 0.1, 0.1"
        )
    count = len(dataset)
    if count < FEWEST_ROWS:
        raise InputError(
            f"{dataset.provenance.spec} has {count} row{'s' * (count != 1)} where at least "
            f"{FEWEST_ROWS} are needed to train on some and hold out others: bring more rows"
        )
    held = [max(1, round(count * f)) for f in fractions[1:]]
    order = np.arange(count) if blocks else np.random.default_rng(seed).permutation(count)
    cuts = (count - sum(held), count - held[1])
    parts = tuple(np.sort(piece) for piece in np.split(order, cuts))
    shares = "/".join(f"{f:g}" for f in fractions)
    how = "in blocks" if blocks else f"seed {seed}"
    train, valid, test = (
        dataset.take(piece, f"{name} of {shares}, {how}")
        for name, piece in zip(("train", "valid", "test"), parts, strict=True)
    )
    return Split(train, valid, test, (parts[0], parts[1], parts[2]))


def duplicate_warning(count: int, total: int, support: Support) -> tuple[str, ...]:
    """Warn of ``count`` rows that repeat: held-out copies of training rows bias held-out scores."""
    if count == 0:
        return ()
    text = f"{count:,} of {total:,} rows repeat an earlier row"
    log_states = sum(np.log(size) for size in support.sizes) if support.all_discrete else np.inf
    if log_states < 2 * np.log(total):
        states = f"{np.exp(log_states):,.0f}" if log_states < 30 else f"e^{log_states:.0f}"
        return (f"{text}; with {states} possible configurations that is to be expected",)
    return (
        f"{text}: held-out copies of training rows make held-out "
        "scores too high; remove copies unless the rows are independent draws",
    )
