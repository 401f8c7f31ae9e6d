"""Physical observables of samples, of data, and exactly where known, with standard errors."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows
from energeia.contracts import Observable
from energeia.estimate import Estimate
from energeia.physics.lattice.observables import Derived
from energeia.records import ObservableRow
from energeia.stats.autocorrelation import mean_error
from energeia.stats.resampling import jackknife, jackknife_chains


def measure(
    quantity: Observable | Derived,
    x: Float[np.ndarray, "rows ..."],
    chains: bool = False,
    weight: Float[np.ndarray, " rows"] | None = None,
) -> Estimate:
    """The mean of an observable over rows, or a function of several means, with its error.

    With ``chains`` the rows have shape ``(chains, draws, ...)`` and are correlated: the error of a
    mean is sqrt(variance / ESS), that of a function of means a jackknife over blocks longer than
    the autocorrelation time. Otherwise they are independent. The bias of a function of means, of
    order 1/N, is subtracted, as estimated by the jackknife. ``weight`` counts independent rows,
    negative ones included.

    Raises:
        InputError: for too few rows to have an error.
    """
    parts = quantity.parts if isinstance(quantity, Derived) else (quantity,)
    values = _values(parts, x, 2 if chains else 1)
    bad = int(np.sum(~np.isfinite(values).all(axis=-1)))
    count = values[..., 0].size
    note = f"{bad} of {count} values are not finite" if bad else ""
    if weight is not None:
        return _weighted(quantity, values, np.asarray(weight, np.float64))
    if isinstance(quantity, Derived):
        found = (jackknife_chains if chains else jackknife)(_combined(quantity), values)
        value, stderr = float(found.value - found.bias), float(found.stderr)
    elif chains:
        value, stderr = float(values.mean()), float(mean_error(values)[0])
    else:
        return Estimate.mean(values, "estimate", note)
    return Estimate(value, stderr, "estimate", count, note)


def _weighted(quantity: Observable | Derived, values: np.ndarray, weight: np.ndarray) -> Estimate:
    """Weighted means of parts, combined: a function of the means of w f and of w."""
    mean = Estimate.weighted_mean(values[:, 0], weight, "estimate")
    if not isinstance(quantity, Derived):
        return mean
    combined = _combined(quantity)
    found = jackknife(
        lambda means: combined(means[..., :-1] / means[..., -1:]),
        np.column_stack([values * weight[:, None], weight]),
    )
    value, stderr = float(found.value - found.bias), float(found.stderr)
    return Estimate(value, stderr, "estimate", len(values), mean.note)


def table(
    quantities: Sequence[tuple[Observable | Derived, Any]],
    samples: Float[np.ndarray, "n ..."],
    held_out: Float[np.ndarray, "m ..."],
    chains: bool = False,
    weight: Float[np.ndarray, " m"] | None = None,
) -> tuple[ObservableRow, ...]:
    """Each quantity of samples, of held-out rows, whose ``weight`` counts, and exactly.

    ``quantities`` are pairs (observable, exact value or None), such as a data source offers.
    """
    return tuple(
        ObservableRow(
            name=quantity.name,
            unit=quantity.unit,
            model=measure(quantity, samples, chains),
            data=measure(quantity, held_out, weight=weight),
            exact=_exact(known),
        )
        for quantity, known in quantities
    )


def _exact(known: Any) -> Estimate | None:
    if known is None or isinstance(known, Estimate):
        return known
    return Estimate.exact(float(known))


def _values(parts: Sequence[Observable], x: np.ndarray, axes: int) -> np.ndarray:
    rows = np.asarray(x)
    leading = rows.shape[:axes]
    flat = rows.reshape((-1, *rows.shape[axes:]))
    found = [np.asarray(map_rows(_value, flat, carry=part), dtype=np.float64) for part in parts]
    return np.stack(found, axis=-1).reshape((*leading, len(parts)))


def _value(quantity: Observable, x: Array) -> Array:
    return jax.vmap(quantity.value)(jnp.asarray(x, dtype=float))


def _combined(quantity: Derived) -> Any:
    def function(means: np.ndarray) -> np.ndarray:
        flat = means.reshape((-1, means.shape[-1]))
        combined = [float(quantity.combine(row)) for row in flat]  # pyright: ignore[reportArgumentType]
        return np.asarray(combined).reshape(means.shape[:-1])

    return function
