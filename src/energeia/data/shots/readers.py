"""Readers of shots in the formats of laboratories and simulators. Needs no JAX.

A form is detected where it is unambiguous, and must be given otherwise.
"""

import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np

from energeia._core.errors import InputError
from energeia.data import readers
from energeia.data.shots.counts import BitOrder, read_counts, read_strings
from energeia.data.shots.measurements import Shots, alphabet_of

Form = Literal["auto", "integers", "one-hot", "raw", "pennylane"]


def read_shots(
    spec: str | Path, povm: str | None = None, *, alphabet: int | None = None, form: Form = "auto",
    first: Literal[0, 1] | None = None, bit_order: BitOrder | None = None,
) -> Shots:  # fmt: skip
    """Read shots from a file of any of these forms.

    ==============  ==============================================================================
    integers        rows ``(n, N)`` of outcome codes that start at 0 or at 1
    one-hot         ``(n, N, A)``, or flattened to ``(n, N A)``
    raw             ``(n, N, 2)`` of (basis, sign), or arrays ``bases`` and ``bits`` (or ``signs``)
    pennylane       arrays ``bits`` and ``recipes``, or ``(2, n, N)`` of both
    counts          ``.json``: dictionaries of strings and counts, see ``data.counts``
    strings         ``.txt``: one line of digits a shot
    ==============  ==============================================================================

    Arrays come as CSV, npy, npz or HDF5 (``file.npz:key`` names one). Bases are 0, 1, 2 for X, Y,
    Z; signs are +1 and -1, bits 0 for +1 and 1 for -1. Raw records are kept whatever ``povm`` is;
    for ``"pauli-4"`` the outcomes are their merged view.

    Args:
        spec: the file.
        povm: the measurement that was made, a name of ``measurements.ALPHABETS`` or the user's;
            None for that of the file (raw records are Pauli-6).
        alphabet: outcomes of one qubit, for a measurement of the user's.
        form: the form of an array where it is ambiguous.
        first: the first code of integer rows, where it is ambiguous.
        bit_order: of counts, where the file does not state it.

    Raises:
        InputError: for a file that cannot be read, outcomes outside the measurement's range,
            strings of mixed length, fewer shots than outcomes, or a measurement, a form, a first
            code or an order of bits that is ambiguous and was not given.
    """
    path, key = readers.locate(str(spec))
    options = _Options(str(spec), povm, alphabet, form, first)
    if path.suffix.lower() == ".json":
        shots = read_counts(path, povm, alphabet, bit_order)
    else:
        shots = _from_names(path, options) if key is None else None
        shots = _from_values(path, options) if shots is None else shots
    shots = shots.pauli_4() if povm == "pauli-4" and shots.bases is not None else shots
    if povm not in (None, shots.povm):
        raise InputError(
            f"{spec} holds {shots.povm} shots where {povm} was expected: name what was measured"
        )
    if len(shots) < shots.alphabet:
        raise InputError(
            f"{spec} holds {len(shots)} shots of a measurement with {shots.alphabet} outcomes: "
            "bring many more shots than outcomes"
        )
    return shots


class _Options(NamedTuple):
    spec: str
    povm: str | None
    alphabet: int | None
    form: Form
    first: int | None

    def size(self) -> int:
        """The number of outcomes, of a measurement that must have been named."""
        return alphabet_of(self.povm, self.alphabet)


def _from_names(path: Path, options: _Options) -> Shots | None:
    """Shots of an archive whose arrays have known names."""
    named = _named_arrays(path)
    if "bits" in named and "recipes" in named:
        return Shots.from_raw(named["recipes"], named["bits"], ("bits and recipes",))
    if "bases" in named and "bits" in named:
        raw = Shots.from_raw(named["bases"], named["bits"])
        merged = options.povm is None and str(named.get("povm")) == "pauli-4"
        return raw.pauli_4() if merged else raw
    if "bases" in named and "signs" in named:
        return Shots.from_raw(named["bases"], _bits_of_signs(named["signs"]))
    if "outcomes" not in named:
        return None
    if "povm" in named:
        stored = int(named["alphabet"]) if "alphabet" in named else options.alphabet
        return Shots.from_outcomes(named["outcomes"], str(named["povm"]), stored)
    return _from_array(named["outcomes"], options)


def _named_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an archive that have known names; none if it cannot be opened."""
    known = ("outcomes", "povm", "alphabet", "bases", "bits", "signs", "recipes")
    try:
        if path.suffix.lower() == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                return {name: archive[name] for name in known if name in archive.files}
        if path.suffix.lower() in (".h5", ".hdf5", ".hdf"):
            with h5py.File(path, "r") as file:
                found = {name: np.asarray(file[name]) for name in known if name in file}
            if "povm" in found:
                found["povm"] = np.array(found["povm"].item().decode())
            return found
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}  # The general reader raises the error.
    return {}


def _from_values(path: Path, options: _Options) -> Shots:
    """Shots of one array, or of lines of digits."""
    codes = read_strings(path) if path.suffix.lower() == ".txt" else None
    return _from_array(readers.read(options.spec).values if codes is None else codes, options)


def _from_array(values: np.ndarray, options: _Options) -> Shots:
    values, spec = np.asarray(values), options.spec
    form = _detect_form(values, options) if options.form == "auto" else options.form
    if form == "raw":
        pairs = values.reshape(len(values), -1, 2)
        return Shots.from_raw(pairs[..., 0], _bits_of_signs(pairs[..., 1]), ("raw",))
    if form == "pennylane":
        if values.ndim != 3 or len(values) != 2:
            raise InputError(
                f"{spec} has shape {values.shape} where bits and recipes were wanted: "
                "stack them to shape (2, shots, qubits)"
            )
        return Shots.from_raw(values[1], values[0], ("bits and recipes",))
    size = options.size()
    if form == "one-hot":
        codes, note = _from_one_hot(values, size, spec), "one-hot"
    else:
        codes, note = _from_first(values, size, options.first, spec)
    return Shots.from_outcomes(codes, str(options.povm), size, (note,))


def _detect_form(values: np.ndarray, options: _Options) -> Form:
    """The form of an array, where it is unambiguous."""
    if values.ndim == 2:
        size = options.size()
        return (
            "one-hot" if values.shape[1] % size == 0 and _is_one_hot(values, size) else "integers"
        )
    fits: dict[Form, bool] = {
        "raw": values.ndim == 3 and values.shape[-1] == 2,
        "pennylane": values.ndim == 3 and len(values) == 2,
    }
    if not any(fits.values()) and values.ndim == 3:
        fits["one-hot"] = values.shape[-1] == options.size()
    found: list[Form] = [name for name, fit in fits.items() if fit]
    if len(found) != 1:
        raise InputError(
            f"{options.spec} has shape {values.shape}, which is {' or '.join(found) or 'no form'} "
            "of shots with certainty: say which of integers (shots, qubits), one-hot "
            "(shots, qubits, outcomes), raw (shots, qubits, 2) and pennylane (2, shots, qubits) "
            "it is"
        )
    return found[0]


def _is_one_hot(values: np.ndarray, size: int) -> bool:
    groups = values.reshape(len(values), -1, size)
    return bool(np.all((groups == 0) | (groups == 1)) and np.all(groups.sum(axis=-1) == 1))


def _from_one_hot(values: np.ndarray, size: int, spec: str) -> np.ndarray:
    if int(np.prod(values.shape[1:])) % size or not _is_one_hot(values, size):
        raise InputError(
            f"{spec} is not one-hot in groups of {size}: each qubit needs one 1 among zeros"
        )
    return np.argmax(values.reshape(len(values), -1, size), axis=-1)


def _from_first(
    values: np.ndarray, size: int, first: int | None, spec: str
) -> tuple[np.ndarray, str]:
    """Codes from 0, where numbers start at ``first`` or at what the extremes show."""
    low, high = float(np.min(values)), float(np.max(values))
    if first is None and low >= 1 and high < size:
        raise InputError(
            f"{spec} holds outcomes {low:g} to {high:g} of {size}, which may start at 0 or at 1: "
            "say which (first=0 or first=1)"
        )
    start = (1 if low >= 1 and high == size else 0) if first is None else first
    return np.asarray(values) - start, f"outcomes start at {start}"


def _bits_of_signs(signs: Any) -> np.ndarray:
    """Bits of signs +1 and -1; bits are returned unchanged."""
    signs = np.asarray(signs)
    return np.where(signs == 1, 0, np.where(signs == -1, 1, signs)) if np.any(signs < 0) else signs
