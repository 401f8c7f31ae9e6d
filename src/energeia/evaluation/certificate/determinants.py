"""Log-determinants against those of Jacobians by automatic differentiation."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from energeia.contracts import Bijection
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.maps import MapPart
from energeia.evaluation.certificate.subject import computed
from energeia.records import CertificateLine

LIMIT = 1e-9
_MOST = 64
"""Columns at most of a Jacobian."""


def determinant_lines(parts: list[MapPart]) -> list[CertificateLine]:
    """|log det of the map - slogdet of its Jacobian|, and of the inverse map's log-determinant.

    Relative to 1 + |log det| + 8 d eps cond(J) / limit: ``slogdet`` itself rounds by d eps cond(J).
    """
    flows = [part for part in parts if part.is_flow]
    units = [part for part in parts if not part.is_flow]
    return [
        _line("log-determinant of units", units, "the model has no change of units"),
        _line("log-determinant of the flow", flows, "the model has no flow"),
    ]


def _line(name: str, parts: list[MapPart], absent: str) -> CertificateLine:
    parts = [part for part in parts if not part.support.all_discrete]
    if not parts:
        return not_applicable(name, absent)
    if not all(part.support.flat for part in parts):
        return not_applicable(name, "maps of directions have no square Jacobian of their numbers")
    widest = max(part.x.shape[1] for part in parts)
    if widest > _MOST:
        return not_applicable(name, f"{widest} columns, more than {_MOST}")
    found = np.concatenate([_errors(part) for part in parts])
    worst = int(np.argmax(np.where(np.isnan(found[:, 0]), np.inf, found[:, 0])))
    note = f"{found[worst, 1]:.9g} where the Jacobian has {found[worst, 2]:.9g}"
    return compared(name, found[worst, 0], LIMIT, f"{note}, the worst of {len(found)} points")


def _errors(part: MapPart) -> np.ndarray:
    """Relative error, log-determinant and that of the Jacobian, shape ``(n, 3)``."""
    minor = part.minor

    def errors(bijection: Bijection, x: Array, *condition: Array) -> Array:
        return jax.vmap(lambda x, *c: _error(bijection, minor, x, *c))(x, *condition)

    return computed(errors, part.bijection, part.x, *part.condition)


def _error(
    bijection: Bijection, minor: tuple[np.ndarray, np.ndarray], x: Array, *condition: Array
) -> Array:
    z, log_det = bijection.forward(x, *condition)
    back = bijection.inverse(z, *condition)[1]
    jacobian = jax.jacrev(lambda x: bijection.forward(x, *condition)[0])(x)
    kept, moves = minor
    jacobian = jacobian[kept] @ jnp.asarray(moves)
    exact = jnp.linalg.slogdet(jacobian)[1]
    # Columns in different units make no determinant less accurate.
    balanced = jacobian / jnp.max(jnp.abs(jacobian), axis=0)
    balanced = balanced / jnp.max(jnp.abs(balanced), axis=1, keepdims=True)
    rounding = 8 * len(jacobian) * jnp.finfo(x.dtype).eps * jnp.linalg.cond(balanced)
    off = jnp.maximum(jnp.abs(log_det - exact), jnp.abs(log_det + back))
    return jnp.stack([off / (1 + jnp.abs(exact) + rounding / LIMIT), log_det, exact])
