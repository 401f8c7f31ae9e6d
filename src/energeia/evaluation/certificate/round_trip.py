"""Whether the maps of a model lead back to where they start."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from energeia._core.precision import Precision, use_precision
from energeia.contracts import Bijection
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.maps import MapPart
from energeia.evaluation.certificate.subject import computed, in_bits
from energeia.records import CertificateLine

LIMITS = {32: 1000 * float(np.finfo(np.float32).eps), 64: 1e-10}
"""Of the error over its condition scale: a few hundred roundings in float32, and in float64 far
below any defect that is not a rounding."""
_NUDGE, _TRIES = 1e-7, 4


def round_trip_lines(parts: list[MapPart]) -> list[CertificateLine]:
    """x -> z -> x of flows in 32 and in 64 bits, of changes of units in 64.

    The error of each column is divided by |x| + |dx/dz| (1 + |z|), what a relative change of one
    in x or z makes of x: an error of rounding is then of the order of the precision however
    strongly a map stretches. The largest over rows and draws counts.
    """
    flows = [part for part in parts if part.is_flow]
    units = [part for part in parts if not part.is_flow]
    lines = [_line("round trip of units, 64 bits", units, 64, "the model has no change of units")]
    for bits in (64, 32):
        name = f"round trip of the flow, {bits} bits"
        lines.append(_line(name, flows, bits, "the model has no flow"))
    return lines


def _line(name: str, parts: list[MapPart], bits: Precision, absent: str) -> CertificateLine:
    if not parts:
        return not_applicable(name, absent)
    found = [_errors(part, bits) for part in parts]
    relative = np.concatenate([np.max(r, axis=1) for r, _ in found])
    largest = max(float(np.max(error)) for _, error in found)
    return compared(
        name, np.max(relative), LIMITS[bits],
        f"largest error {largest:.2g} at {len(relative)} points, here over its condition scale",
    )  # fmt: skip


def _errors(part: MapPart, bits: Precision) -> tuple[np.ndarray, np.ndarray]:
    """The error of each column over its condition scale, and the error."""
    scale = computed(_scales, part.bijection, part.x, *part.condition)
    if part.is_flow:
        # Layers mix the columns of a flow, which are standardized; the user's have own units.
        scale = np.max(scale, axis=1, keepdims=True)
    given = [np.asarray(a, f"float{bits}") for a in (part.x, *part.condition)]
    with use_precision(bits):
        back = computed(_returned, in_bits(part.bijection, bits), *given)
    error = np.abs(back.astype(np.float64) - given[0])
    periods = part.periods
    error = np.where(np.isinf(periods), error, np.minimum(error, np.abs(periods - error)))
    exact = error == 0  # as for codes, whose scale may be zero
    return np.where(exact, 0.0, error) / np.where(exact, 1.0, scale), error


def _returned(bijection: Bijection, x: Array, *condition: Array) -> Array:
    def one(x: Array, *c: Array) -> Array:
        return bijection.inverse(bijection.forward(x, *c)[0], *c)[0]

    return jax.vmap(one)(x, *condition)


def _scales(bijection: Bijection, x: Array, *condition: Array) -> Array:
    """|x| and how far it moves when z changes by its size, by a small change in random signs."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (_TRIES, 1, x.shape[1]))

    def one(x: Array, *c: Array) -> Array:
        z = bijection.forward(x, *c)[0]
        nudge = _NUDGE * (1 + jnp.abs(z)) * jnp.asarray(np.resize(signs, (_TRIES, z.size)))
        moved = jax.vmap(lambda d: bijection.inverse(z + d, *c)[0])(nudge)
        home = bijection.inverse(z, *c)[0]
        return jnp.abs(x) + jnp.max(jnp.abs(moved - home), axis=0) / _NUDGE

    return jax.vmap(one)(x, *condition)
