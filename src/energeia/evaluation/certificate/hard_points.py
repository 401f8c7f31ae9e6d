"""Values and gradients where formulas overflow, divide by zero or change their branch."""

from collections.abc import Iterator

import jax
import numpy as np
from jaxtyping import Array, Float

from energeia._core.precision import Precision, use_precision
from energeia.contracts import Density
from energeia.evaluation.certificate.lines import compared
from energeia.evaluation.certificate.subject import Subject, computed, in_bits
from energeia.records import CertificateLine
from energeia.support import Above, Alphabet, Circle, Factor, Interval, Positive, Real

_ROWS, _CODES = 2, 8
_FAR, _NEAR = 1e6, 1e-6
_SUBNORMAL = {32: 1e-45, 64: 5e-324}


def hard_point_lines(subject: Subject) -> list[CertificateLine]:
    """The number of points with a value that is wrong; each column of a row is replaced in turn.

    Inside the support log p and its gradient must be finite, outside log p must be -inf. At
    subnormal numbers, which a device may take for zero and whose reciprocals overflow, no NaN is
    asked for.
    """
    return [_line(subject, bits) for bits in (64, 32)]


def _line(subject: Subject, bits: Precision) -> CertificateLine:
    points, where = _points(subject, bits)
    given = [np.asarray(c, points.dtype) for c in subject.at_each(len(points))]
    with use_precision(bits):
        model = in_bits(subject.model, bits)
        values, gradients = computed(_value_and_gradient, model, points, *given)
    wrong = _wrong(subject, points, values, gradients)
    name = f"values at hard points, {bits} bits"
    note = f"of {len(points)} points"
    if wrong.any():
        first = int(np.argmax(wrong))
        shown = np.array2string(gradients[first], precision=3, threshold=4)
        note += f"; the first: log p = {values[first]:.4g}, gradient {shown} at {where[first]}"
    return compared(name, float(np.sum(wrong)), 0.0, note)


def _wrong(
    subject: Subject, points: np.ndarray, values: np.ndarray, gradients: np.ndarray
) -> np.ndarray:
    inside = subject.support.contains(points)
    tiny = np.any(np.abs(points) < np.finfo(points.dtype).tiny ** 0.5, axis=1)
    gradients = gradients[:, ~subject.support.discrete]
    steep = np.where(tiny, np.any(np.isnan(gradients), axis=1), ~np.isfinite(gradients).all(axis=1))
    nowhere = np.isnan(values) | (values == np.inf)
    # A code may have probability zero.
    zero = np.isneginf(values) & (not subject.support.discrete.any())
    zero &= ~tiny  # what a device takes for zero lies outside
    steep &= np.isfinite(values)
    return nowhere | np.where(inside, zero | steep, ~np.isneginf(values))


def _points(subject: Subject, bits: Precision) -> tuple[np.ndarray, list[str]]:
    """Rows with one factor replaced by a hard value, and where each is."""
    found, where = [], []
    for block in subject.support.blocks:
        for start in range(block.start, block.stop, block.factor.width):
            columns = slice(start, start + block.factor.width)
            for value in hard_values(block.factor, subject.rows[:, columns], _SUBNORMAL[bits]):
                for row in subject.rows[:_ROWS]:
                    found.append(row.copy())
                    found[-1][columns] = value
                    where.append(f"column {start} = {np.ravel(value)[0]:.6g}")
    with np.errstate(over="ignore", under="ignore"):
        return np.array(found).astype(f"float{bits}"), where


def hard_values(
    factor: Factor, values: Float[np.ndarray, "n w"], subnormal: float
) -> Iterator[float | np.ndarray]:
    """Ends of a factor, next to them, far from its values, and outside it.

    >>> [float(v) for v in hard_values(Positive(), np.array([[1.0], [3.0]]), 5e-324)][:3]
    [5e-324, 0.0, -1.0]
    """
    scale = float(np.std(values)) or 1.0
    match factor:
        case Real():
            yield from (0.0, subnormal, -_FAR * scale, _FAR * scale)
        case Positive():
            yield from (subnormal, 0.0, -scale, _NEAR * scale, _FAR * scale)
        case Above(low=low):
            yield from (low, low - scale, low + _NEAR * scale, low + _FAR * scale)
        case Interval(low=low, high=high) | Circle(low=low, high=high):
            width = high - low
            yield from (low, high, low + _NEAR * width, high - _NEAR * width, low - width)
            yield from (high + width, np.nextafter(low, high), np.nextafter(high, low))
        case Alphabet():
            yield from factor.values[:_CODES]
            yield max(factor.values) + 0.5
        case _:
            yield from (values[0], 2.0 * values[0], np.eye(factor.width)[0])


def _value_and_gradient(model: Density, x: Array, *condition: Array) -> tuple[Array, Array]:
    return jax.vmap(jax.value_and_grad(model.log_prob))(x, *condition)
