"""Values of an energy on planes through the data, and chains, for a picture."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows
from energeia._core.types import PRNGKey
from energeia.contracts import Density, Energy
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import run_chains
from energeia.mcmc.mala import Mala
from energeia.models.landscape import HasLandscape, Landscape
from energeia.standardization import Standardization
from energeia.support import Support


class LandscapeScan(NamedTuple):
    """Energies on planes of configurations, in the user's units."""

    frames: Float[np.ndarray, "planes 3 d"]
    """The middle of each plane and its two orthogonal half-axes."""
    heights: Float[np.ndarray, "planes down across"]
    """Energies in nats, from minus the first half-axis to plus it along a row."""
    chains: Float[np.ndarray, "chains steps d"]
    """Positions of a few MALA chains, started at draws of the model."""


def scan_landscape(
    model: Any, rows: Float[np.ndarray, "rows d"], key: PRNGKey,
    standardization: Standardization | None = None, side: int = 160, chains: int = 6,
    steps: int = 80,
) -> LandscapeScan | None:  # fmt: skip
    """Evaluate an unconditional energy model of real columns on planes; None for other models.

    In two dimensions there is one plane; in more, two slices through the mean of the rows, along
    their two directions of largest variance and along two random directions. None for densities,
    whose samples are plotted instead. ``standardization`` is that of the rows which ``model``
    takes, where it is not one of the user's ``rows``.
    """
    if not isinstance(model, Energy) or isinstance(model, Density) or len(rows) < 2:
        return None
    landscape = model.landscape() if isinstance(model, HasLandscape) else None
    if landscape is None or model.condition_shape is not None:
        return None
    if len(model.shape) != 1 or model.shape[0] < 2 or not landscape.units.support.all_continuous:
        return None
    plane_key, chain_key = jax.random.split(key)
    frames = _frames(np.asarray(rows, np.float64), plane_key)
    u = np.linspace(-1, 1, side)
    weights = np.stack([np.ones((side, side)), *np.meshgrid(u, u)])
    points = np.einsum("kij,pkd->pijd", weights, frames)
    units = standardization or Standardization(Support(()))
    flat = units.encode(points.reshape(-1, frames.shape[2]))
    heights = map_rows(_heights, flat, carry=model).reshape(points.shape[:3])
    positions = np.asarray(_chains(chain_key, landscape, chains, steps))
    ends = units.decode(positions.reshape(-1, positions.shape[-1])).reshape(positions.shape)
    return LandscapeScan(frames, heights, ends)


def _frames(rows: np.ndarray, key: PRNGKey) -> np.ndarray:
    """2.5 deviations of the rows each way, or all of them with a margin in the plane."""
    if rows.shape[1] == 2:
        low, high = np.percentile(rows, [0.5, 99.5], axis=0)
        return np.stack([(low + high) / 2, *np.diag(0.625 * (high - low))])[None]
    middle = rows.mean(axis=0)
    _, _, widest = np.linalg.svd(rows - middle, full_matrices=False)
    drawn = np.asarray(jax.random.normal(key, (rows.shape[1], 2)), np.float64)
    planes = np.stack([widest[:2], np.linalg.qr(drawn)[0].T])
    spread = np.std((rows - middle) @ planes.reshape(4, -1).T, axis=0).reshape(2, 2, 1)
    return np.stack([np.stack([middle, *axes]) for axes in 2.5 * spread * planes])


def _heights(model: Energy, x: Array) -> Array:
    return jax.vmap(model.energy)(jnp.asarray(x, float))


def _chains(key: PRNGKey, landscape: Landscape, chains: int, steps: int) -> Array:
    start_key, tune_key, run_key = jax.random.split(key, 3)
    starts = _starts(start_key, landscape, max(chains, 64))
    kernel, _ = tune(tune_key, Mala(0.01), landscape.energy, starts, 200)
    found = run_chains(run_key, kernel, landscape.energy, starts[:chains], steps)
    return jax.vmap(jax.vmap(landscape.to_user))(found.positions)


@eqx.filter_jit
def _starts(key: PRNGKey, landscape: Landscape, count: int) -> Array:
    return jax.vmap(lambda k: landscape.draw(k, None))(jax.random.split(key, count))
