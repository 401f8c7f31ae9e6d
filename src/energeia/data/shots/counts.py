"""Counts of outcome strings in JSON, and lines of digits. Needs no JAX.

A file of counts is one of

* ``{"0321": 12, ...}``: strings of outcome digits of the measurement, with counts;
* ``{"XZY": {"010": 5, ...}, ...}``: for each setting of bases, bit strings with counts, as a job of
  Qiskit circuits gives them;

either bare or as ``{"bit_order": "right", "counts": {...}}``. The order is that of qubit 0:
``left`` in the first character, ``right`` in the last (Qiskit's order); it holds for bases, too.
"""

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from energeia._core.errors import InputError
from energeia._core.paths import read_utf8
from energeia.data import checks
from energeia.data.shots.measurements import BASES, Shots, alphabet_of

BitOrder = Literal["left", "right"]


def read_counts(
    path: Path, povm: str | None, alphabet: int | None = None, bit_order: str | None = None
) -> Shots:
    """Shots of a file of counts, each string repeated by its count, in random order.

    Raises:
        InputError: if the file is not such JSON, the order of bits is not known, strings differ in
            length, or a count is not a whole number.
    """
    try:
        content = json.loads(read_utf8(path, "a dictionary of counts"))
    except RecursionError:
        raise InputError(
            f"{path} is JSON nested too deeply for counts: write {{string: count, ...}}"
        ) from None
    except (json.JSONDecodeError, OSError) as problem:
        raise InputError(f"{path} is not JSON ({problem}): write counts as JSON again") from None
    if not isinstance(content, dict) or not content:
        raise InputError(f"{path} holds no dictionary of counts: write {{string: count, ...}}")
    inner = content.get("counts", content)
    if not isinstance(inner, dict) or not inner:
        raise InputError(f"{path} holds no dictionary of counts: write {{string: count, ...}}")
    order = _order(bit_order or content.get("bit_order"), path)
    note = (f"qubit 0 is the {'first' if order == 'left' else 'last'} character",)
    rng = np.random.default_rng(0)
    if all(isinstance(counts, dict) for counts in inner.values()):
        bits = [_expanded(counts, order, path) for counts in inner.values()]
        strings = [basis[:: 1 if order == "left" else -1] for basis in inner]
        bases = [_bases(basis, b, path) for basis, b in zip(strings, bits, strict=True)]
        if len({b.shape[1] for b in bits}) > 1:
            raise InputError(f"{path} has settings on different numbers of qubits: split the file")
        rows = rng.permutation(sum(map(len, bits)))
        return Shots.from_raw(np.concatenate(bases)[rows], np.concatenate(bits)[rows], note)
    codes = _expanded(inner, order, path)
    size = alphabet_of(povm, alphabet)
    return Shots.from_outcomes(rng.permutation(codes), str(povm), size, note)


def read_strings(path: Path) -> np.ndarray | None:
    """Codes of a text file with one string of digits a line; None if it is a table.

    Raises:
        InputError: if the strings differ in length.
    """
    lines = [line.strip() for line in read_utf8(path, "strings of digits").splitlines()]
    strings = [line for line in lines if line and not line.startswith("#")]
    if not strings or not all(re.fullmatch(r"\d{2,}", string) for string in strings):
        return None
    return _digits(strings, path)


def _order(order: Any, path: Path) -> str:
    if order not in get_args(BitOrder):
        raise InputError(
            f"{path} does not say the order of bits (found {order!r}): give bit_order 'left' "
            "(qubit 0 is the first character) or 'right' (the last, as Qiskit writes)"
        )
    return order


def _expanded(counts: dict[str, Any], order: str, path: Path) -> np.ndarray:
    """One row of digits for each shot."""
    for string, count in counts.items():
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise InputError(
                f"{path} counts {string!r} {count!r} times: counts are whole numbers from 0 "
                "(probabilities are not counts)"
            )
    total = sum(counts.values())
    if not total:
        raise InputError(f"{path} holds a dictionary without any count: leave that setting out")
    checks.require_memory(f"shots in {path}", total, (len(next(iter(counts))),))
    rows = _digits([string.replace(" ", "") for string in counts], path)
    rows = rows[:, :: 1 if order == "left" else -1]
    return np.repeat(rows, np.array(list(counts.values()), dtype=np.int64), axis=0)


def _digits(strings: list[str], path: Path) -> np.ndarray:
    lengths = sorted({len(string) for string in strings})
    odd = next((s for s in strings if not re.fullmatch(r"[0-9]+", s)), None)
    if odd is not None:
        raise InputError(f"{path} holds the string {odd!r}: write one digit for each qubit")
    if len(lengths) > 1:
        raise InputError(
            f"{path} holds strings of {lengths[0]} to {lengths[-1]} digits where one length was "
            "wanted: write every string in full, leading zeros included"
        )
    return np.array([list(string.encode()) for string in strings], dtype=np.int64) - ord("0")


def _bases(setting: str, bits: np.ndarray, path: Path) -> np.ndarray:
    """The basis of each qubit in each shot of a setting."""
    if len(setting) != bits.shape[1] or not set(setting) <= set(BASES):
        raise InputError(
            f"{path} has the setting {setting!r} for strings of {bits.shape[1]} bits: "
            "write one of X, Y, Z for each"
        )
    return np.tile([BASES.index(letter) for letter in setting], (len(bits), 1))
