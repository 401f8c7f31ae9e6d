"""Splines at their own knots and edges, where they change from one formula to another."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia.bijections.spline import Spline
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.subject import Subject
from energeia.records import CertificateLine

NAME = "knots and edges of splines"
LIMIT = 1e-7
"""Of two neighbors of a knot: bins of random parameters amplify roundings a millionfold."""
_DRAWS = 4
_SPREAD = 2.0
"""Standard deviation of the random parameters: bins and slopes that differ by decades."""


def spline_line(subject: Subject) -> CertificateLine:
    """The largest jump of value and log-slope at a knot, and the error of the round trip there.

    Of every kind of spline in the model, at random parameters; a gradient that is not finite
    fails.
    """
    leaves = jax.tree.leaves(subject.model, is_leaf=lambda node: isinstance(node, Spline))
    found = [leaf for leaf in leaves if isinstance(leaf, Spline)]
    kinds = {(leaf.bins, leaf.half_width, leaf.smallest_bin): leaf for leaf in found}
    if not kinds:
        return not_applicable(NAME, "the model has no spline")
    jumps = np.concatenate([_jumps(spline, subject.key) for spline in kinds.values()])
    worst = np.max(jumps) if np.all(np.isfinite(jumps)) else np.nan
    return compared(NAME, worst, LIMIT, f"the worst of {len(jumps)} knots")


def _jumps(spline: Spline, key: Array) -> np.ndarray:
    shape = (_DRAWS, spline.parameters(periodic=False))
    raw = _SPREAD * jax.random.normal(jax.random.fold_in(key, 3), shape, float)
    places = jax.vmap(lambda raw: knots(spline, raw))(raw)
    return np.asarray(jax.jit(jax.vmap(lambda r, x: _at(spline, r, x)))(raw, places)).ravel()


def knots(spline: Spline, raw: Float[Array, " p"]) -> Float[Array, " knots"]:
    """Where bins begin and end, edges included (Durkan et al. 2019, section 3.1)."""
    share = jax.nn.softmax(raw[: spline.bins])
    widths = spline.smallest_bin + (1 - spline.bins * spline.smallest_bin) * share
    edges = jnp.concatenate([jnp.zeros(1), jnp.cumsum(widths)[:-1], jnp.ones(1)])
    return spline.half_width * (2 * edges - 1)


def _at(spline: Spline, raw: Array, x: Float[Array, " knots"]) -> Array:
    """At each knot: the jump from one side to the other, the round trip; NaN without gradient."""

    def value(x: Any, raw: Any) -> Array:
        y, log_slope = spline.forward(x[None], raw[None])
        return jnp.stack([y[0], log_slope[0]])

    def one(x: Array) -> Array:
        sides = [value(jnp.nextafter(x, to), raw) for to in (-jnp.inf, jnp.inf)]
        gradients = jax.jacrev(value, argnums=(0, 1))(x, raw)
        finite = jnp.array([jnp.all(jnp.isfinite(g)) for g in gradients]).all()
        back = spline.inverse(value(x, raw)[:1], raw[None])[0][0]
        worst = jnp.maximum(jnp.max(jnp.abs(sides[1] - sides[0])), jnp.abs(back - x))
        return jnp.where(finite, worst, jnp.nan)

    return jax.vmap(one)(x)
