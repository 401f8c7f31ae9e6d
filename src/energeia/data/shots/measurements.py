"""Shots: strings of outcomes of a product measurement, one outcome a qubit. Needs no JAX."""

import dataclasses
from pathlib import Path
from typing import IO

import numpy as np

from energeia._core.errors import InputError

ALPHABETS = {"pauli-4": 4, "pauli-6": 6, "tetrahedral": 4, "trine": 3}
"""The named measurements, with their numbers of outcomes on one qubit."""
BASES = "XYZ"
"""Basis 0, 1, 2; bit 0 is the eigenvalue +1. The Pauli-6 outcome is 2 * basis + bit."""
MERGED = np.array([1, 3, 2, 3, 0, 3], dtype=np.uint8)
"""Pauli-4 outcome (Z+, X+, Y+, any other) of each Pauli-6 outcome (Carrasquilla et al. 2019)."""


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class Shots:
    """``n`` shots of ``N`` qubits, as codes 0 .. A-1 of a named measurement.

    Raw bases and signs are kept where they are known, since merging them loses information:
    ``pauli_4`` and ``pauli_6`` are views of them.

    >>> shots = Shots.from_raw([[2, 0], [1, 2]], [[0, 1], [0, 1]])
    >>> shots.outcomes.tolist(), shots.pauli_4().outcomes.tolist()
    ([[4, 1], [2, 5]], [[0, 3], [2, 3]])
    """

    outcomes: np.ndarray
    """uint8, shape ``(n, N)``."""
    povm: str
    """A name of ``ALPHABETS``, or the user's own."""
    alphabet: int
    """The number A of outcomes of one qubit."""
    bases: np.ndarray | None = None
    """uint8, shape ``(n, N)``, 0, 1, 2 for X, Y, Z; None where only outcomes are known."""
    bits: np.ndarray | None = None
    """uint8, shape ``(n, N)``, 0 for eigenvalue +1 and 1 for -1."""
    notes: tuple[str, ...] = ()
    """Choices of the reader, for the record."""

    @classmethod
    def from_outcomes(
        cls, outcomes: np.ndarray, povm: str, alphabet: int | None = None, notes: tuple = ()
    ) -> "Shots":
        """Shots from checked codes; Pauli-6 codes are raw bases and signs, too.

        Raises:
            InputError: if they are not whole numbers 0 .. A-1 in rows of shots.
        """
        size = alphabet_of(povm, alphabet)
        codes = _codes(outcomes, size, f"outcomes of {povm}")
        raw = (codes // 2, codes % 2) if povm == "pauli-6" else (None, None)
        return cls(outcomes=codes, povm=povm, alphabet=size, bases=raw[0], bits=raw[1], notes=notes)

    @classmethod
    def from_raw(cls, bases: np.ndarray, bits: np.ndarray, notes: tuple = ()) -> "Shots":
        """Pauli-6 shots of bases (0, 1, 2 for X, Y, Z) and bits (0 for +1, 1 for -1).

        Raises:
            InputError: if the two differ in shape or hold other values.
        """
        bases, bits = _codes(bases, 3, "bases"), _codes(bits, 2, "bits")
        if bases.shape != bits.shape:
            raise InputError(
                f"bases of shape {bases.shape} came with bits of shape {bits.shape}: "
                "give one basis and one bit for each qubit of each shot"
            )
        codes = (2 * bases + bits).astype(np.uint8)
        return cls(outcomes=codes, povm="pauli-6", alphabet=6, bases=bases, bits=bits, notes=notes)

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def qubits(self) -> int:
        """The number N of qubits."""
        return self.outcomes.shape[1]

    def raw(self) -> tuple[np.ndarray, np.ndarray]:
        """Bases and bits.

        Raises:
            InputError: if only outcomes are known.
        """
        if self.bases is None or self.bits is None:
            raise InputError(
                f"these {self.povm} shots come without bases and signs, which merged outcomes do "
                "not determine: read the raw measurement record"
            )
        return self.bases, self.bits

    def pauli_6(self) -> "Shots":
        """The shots as 2 * basis + bit.

        Raises:
            InputError: if bases and bits are not known.
        """
        return Shots.from_raw(*self.raw(), notes=self.notes)

    def pauli_4(self) -> "Shots":
        """The shots merged to Z+, X+, Y+ and the rest; the raw record is kept.

        Raises:
            InputError: if they are outcomes of another measurement without bases and bits.
        """
        if self.povm == "pauli-4":
            return self
        bases, bits = self.raw()
        return dataclasses.replace(
            self, outcomes=MERGED[2 * bases + bits], povm="pauli-4", alphabet=4
        )


def alphabet_of(povm: str | None, alphabet: int | None = None) -> int:
    """The number of outcomes of a measurement.

    Raises:
        InputError: if its name is not known and no number is given, or the two disagree.

    >>> alphabet_of("pauli-6")
    6
    """
    if povm is None:
        raise InputError(
            f"the measurement of these outcomes is not known: name one of "
            f"{', '.join(ALPHABETS)}, or your own"
        )
    known = ALPHABETS.get(povm)
    if known is None and alphabet is None:
        raise InputError(
            f"the measurement {povm!r} is none of {', '.join(ALPHABETS)}: "
            "say how many outcomes it has"
        )
    if known is not None and alphabet not in (None, known):
        raise InputError(
            f"{povm} has {known} outcomes where {alphabet} were given: drop the number"
        )
    return known or int(alphabet or 0)


def save_shots(path: str | Path | IO[bytes], shots: Shots) -> None:
    """Write an ``.npz`` file with ``outcomes``, ``povm`` and, where known, ``bases`` and ``bits``.

    Raises:
        InputError: if the path does not end in ``.npz``.
    """
    if isinstance(path, str | Path) and Path(path).suffix != ".npz":
        raise InputError(f"shots were to be written to {path}: name a file that ends in .npz")
    raw = {} if shots.bases is None else {"bases": shots.bases, "bits": shots.bits}
    known = {"outcomes": shots.outcomes, "alphabet": np.array(shots.alphabet), **raw}
    np.savez_compressed(path, povm=np.array(shots.povm), **known)  # pyright: ignore[reportArgumentType]


def _codes(values: np.ndarray, size: int, what: str) -> np.ndarray:
    """Codes as uint8; the error names the first value out of range."""
    values = np.asarray(values)
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(
            f"{what} of shape {values.shape} were given where shape (shots, qubits) was wanted: "
            "one row a shot"
        )
    if values.dtype.kind not in "buif":
        raise InputError(f"{what} of type {values.dtype} were given: give whole numbers")
    good = (values >= 0) & (values < size) & (values == np.floor(values))
    if not np.all(good):
        row, column = np.argwhere(~good)[0]
        raise InputError(
            f"{what} hold {values[row, column]:g} in shot {row}, qubit {column}, where whole "
            f"numbers 0 to {size - 1} were wanted ({int(np.sum(~good))} values in all): name the "
            "measurement that was made, or say that the numbers start at 1"
        )
    return values.astype(np.uint8)
