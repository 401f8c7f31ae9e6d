"""The latent space of an autoencoder for a page: its numbers, reconstructions and traversals."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from energeia._core.batching import map_rows
from energeia.evaluation.latents import latent_report
from energeia.models.encoding import VaeEncoder, encoder_of
from energeia.records import LatentSummary
from energeia.standardization import Standardization
from energeia.support import Support

MOST_ROWS = 1000
"""Rows behind the numbers: their cost grows with the square."""
PAIRS = 32
"""Rows that are shown."""
_DIMENSIONS = 8
_POSITIONS = np.linspace(-2.5, 2.5, 11)


class LatentScan(NamedTuple):
    """Rows with their reconstructions, and rows along single latent dimensions.

    Both are means of p(x | z), see ``VaeEncoder.decode_mean``, in the user's units.
    """

    rows: Float[np.ndarray, "rows d"]
    reconstructions: Float[np.ndarray, "rows d"]
    """At the mean of q(z | x)."""
    dimensions: Int[np.ndarray, " dimensions"]
    """The dimensions that vary below, that of the largest divergence first."""
    positions: Float[np.ndarray, " steps"]
    """Their values, in standard deviations of the prior."""
    traversals: Float[np.ndarray, "dimensions steps d"]
    """All other dimensions at the mean of q(z | x) of the first row."""


def summarize_latents(
    model: Any, x: Float[np.ndarray, "rows d"],
    condition: Float[np.ndarray, "rows c"] | None = None, seed: int = 0,
) -> LatentSummary | None:  # fmt: skip
    """``latent_report`` of the first rows, as a record; None for other models than autoencoders
    with independent normal latent dimensions."""
    encoder = encoder_of(model)
    if not (isinstance(encoder, VaeEncoder) and encoder.normal):
        return None
    given = None if condition is None else condition[:MOST_ROWS]
    found = latent_report(jax.random.key(seed), encoder, x[:MOST_ROWS], given)
    fields = {name: getattr(found, name) for name in LatentSummary.__struct_fields__}
    if not found.divergence.finite:
        fields["prior_p_value"] = None
    return LatentSummary(**fields)


def scan_latents(
    model: Any, x: Float[np.ndarray, "rows d"],
    condition: Float[np.ndarray, "rows c"] | None, order: Sequence[int],
    standardization: Standardization | None = None,
) -> LatentScan | None:  # fmt: skip
    """Reconstructions of the first rows, and traversals of the first dimensions of ``order``.

    ``x`` are rows as ``model`` takes them, and ``standardization`` is theirs, where they are not in
    the user's units. None for the models of which ``summarize_latents`` has nothing, and for values
    that are not finite.
    """
    encoder = encoder_of(model)
    if not (isinstance(encoder, VaeEncoder) and encoder.normal):
        return None
    units = standardization or Standardization(Support(()))
    rows = np.asarray(x[:PAIRS])
    given = () if condition is None else (np.asarray(condition[: len(rows)]),)
    means, back = map_rows(_reconstructed, rows, *given, carry=encoder)
    dimensions = np.asarray(order[:_DIMENSIONS], int)
    z = np.broadcast_to(means[0], (len(dimensions), len(_POSITIONS), means.shape[1])).copy()
    z[np.arange(len(dimensions)), :, dimensions] = _POSITIONS
    flat = z.reshape(-1, z.shape[-1])
    first = tuple(np.broadcast_to(c[0], (len(flat), *c.shape[1:])) for c in given)
    along = units.decode(map_rows(_decoded, flat, *first, carry=encoder))
    if not (np.isfinite(back).all() and np.isfinite(along).all()):
        return None
    return LatentScan(
        rows=units.decode(rows),
        reconstructions=units.decode(back),
        dimensions=dimensions,
        positions=_POSITIONS,
        traversals=along.reshape(*z.shape[:2], -1),
    )


def _reconstructed(encoder: VaeEncoder, x: Array, *condition: Array) -> tuple[Array, Array]:
    found: Any = jax.vmap(encoder.posterior)(jnp.asarray(x, float), *condition)
    means = found.mean
    return means, _decoded(encoder, means, *condition)


def _decoded(encoder: VaeEncoder, z: Array, *condition: Array) -> Array:
    return jax.vmap(encoder.decode_mean)(jnp.asarray(z, float), *condition)
