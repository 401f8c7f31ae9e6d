"""Two-sided bounds of the log-likelihood of latent models by annealing over z."""

from typing import Annotated, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from energeia._core.batching import map_rows
from energeia._core.ranges import require_ranges
from energeia._core.types import PRNGKey
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.algebra import GeometricPath
from energeia.estimate import Estimate
from energeia.mcmc.annealed import forward, pilot, reverse, sigmoid_schedule
from energeia.mcmc.hmc import Hmc
from energeia.models.joint import LatentJoint, LatentPosterior, packed

_ROWS = 16
"""Rows that are annealed together."""
_PILOT = 8
"""Rows on which step sizes are found."""
_COARSE = 50
"""Temperatures of the pilot, between which step sizes are interpolated."""


class BoundSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is spent on each row."""

    chains: Annotated[int, msgspec.Meta(ge=2, le=4096)] = 16
    """Annealed chains of each row."""
    temperatures: Annotated[int, msgspec.Meta(ge=2, le=1_000_000)] = 1000
    """Between a normal distribution and the posterior of z."""
    leapfrog_steps: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    """Of each trajectory of Hamiltonian Monte Carlo."""
    simulated: Annotated[int, msgspec.Meta(ge=2, le=1_000_000)] = 64
    """Rows drawn from the model, on which both sides are known."""

    def __post_init__(self) -> None:
        require_ranges(self)


class LatentBounds(NamedTuple):
    """What annealing says of log p(x), in nats and the user's units."""

    annealed: Estimate
    """Mean over the rows of log mean w: a lower bound, by annealed importance sampling."""
    rows: Float[np.ndarray, " rows"]
    """Of each row."""
    simulated: tuple[Estimate, Estimate]
    """Mean log p of rows that the model simulated, from below and from above."""
    gap: Estimate
    """Between the two, paired: on rows of the model's own at most this much is missing."""
    acceptance: float
    """Least mean acceptance at a temperature."""
    warnings: tuple[str, ...]


def latent_bounds(
    key: PRNGKey, joint: LatentJoint, x: Float[ArrayLike, "rows *shape"],
    condition: Float[ArrayLike, "rows c"] | None = None, settings: BoundSettings | None = None,
) -> LatentBounds:  # fmt: skip
    """Bounds of log p(x) = log integral of p(x | z) p(z).

    Annealed importance sampling from normal numbers to the posterior of z bounds each row from
    below (Neal 2001; Wu et al. 2017, arXiv:1611.04273). Of rows that the model simulates, z is an
    exact draw of the posterior, from which the same temperatures backwards bound log p from above
    (bidirectional Monte Carlo, Grosse et al. 2015, arXiv:1511.02543). The upper side says nothing
    of other rows, where a chain may be slower.

    Step sizes of Hamiltonian Monte Carlo are found in a pilot run and then frozen, since the
    weights of chains that adapt are biased.
    """
    settings = settings or BoundSettings()
    condition = None if condition is None else np.asarray(condition, float)
    given = _given(np.asarray(x, float), condition)
    steps_key, row_key, draw_key, up_key, down_key = jax.random.split(key, 5)
    run = _Run(joint, settings, _steps(steps_key, joint, given, settings))
    lower, rate = run.rows(row_key, given)
    z, imagined = _simulated(draw_key, joint, condition, settings.simulated)
    below, _ = run.rows(up_key, imagined)
    above, _ = run.rows(down_key, imagined, z)
    note = f"annealed importance sampling, {settings.temperatures} temperatures"
    return LatentBounds(
        annealed=Estimate.mean(lower, "lower bound", note),
        rows=lower,
        simulated=(
            Estimate.mean(below, "lower bound", note),
            Estimate.mean(above, "upper bound", f"{note}, from exact draws of z"),
        ),
        gap=Estimate.mean(above - below, "upper bound", f"on {len(z)} simulated rows"),
        acceptance=float(np.min(rate)),
        warnings=_warnings(lower, above - below, rate),
    )


class _Run(NamedTuple):
    """Annealing as it is done for every row."""

    joint: LatentJoint
    settings: BoundSettings
    log_steps: Float[Array, " temperatures"]

    def rows(
        self, key: PRNGKey, given: np.ndarray, *z: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The bound of each row, from above if draws of z are given, and acceptances."""
        arguments = (np.arange(len(given)), given, *z)
        logs, rates = map_rows(_one_side, *arguments, size=_ROWS, carry=(self, key))
        return np.asarray(logs, np.float64), rates


def _one_side(
    carry: tuple[_Run, PRNGKey], number: Array, given: Array, *z: Array
) -> tuple[Array, Array]:
    (joint, settings, log_steps), key = carry
    path, kernel = _path(joint), Hmc(1.0, settings.leapfrog_steps)
    betas = jnp.asarray(sigmoid_schedule(settings.temperatures), float)

    def one(i: Array, given: Array, *z: Array) -> tuple[Array, Array]:
        own, chains = jax.random.fold_in(key, i), settings.chains
        if z:
            starts = jnp.broadcast_to(z[0], (chains, *z[0].shape))
            found = reverse(own, path, kernel, betas, log_steps, starts, given)
        else:
            found = forward(own, path, kernel, betas, log_steps, chains, given)
        log_mean = jax.nn.logsumexp(found.log_weights) - jnp.log(chains)
        return -log_mean if z else log_mean, jnp.min(found.acceptance)

    return jax.vmap(one)(number, given, *z)


def _path(joint: LatentJoint) -> GeometricPath:
    posterior = LatentPosterior(joint)
    return GeometricPath(base=StandardNormal(posterior.shape), target=posterior)


def _steps(
    key: PRNGKey, joint: LatentJoint, given: np.ndarray, settings: BoundSettings
) -> Float[Array, " temperatures"]:
    """log step sizes, the mean of those of a few rows."""
    coarse = min(settings.temperatures, _COARSE)
    few = jnp.asarray(given[:: -(-len(given) // _PILOT)])
    found = np.asarray(_pilot(key, joint, few, settings.leapfrog_steps, coarse), np.float64)
    at = sigmoid_schedule(settings.temperatures)[1:]
    return jnp.asarray(np.interp(at, sigmoid_schedule(coarse)[1:], found.mean(axis=0)), float)


@eqx.filter_jit
def _pilot(
    key: PRNGKey, joint: LatentJoint, given: Array, leapfrog: int, coarse: int
) -> Float[Array, "rows temperatures"]:
    path, betas = _path(joint), jnp.asarray(sigmoid_schedule(coarse), float)

    def one(key: PRNGKey, given: Array) -> Array:
        return pilot(key, path, Hmc(0.3, leapfrog), betas, 8, 10, given)

    return jax.vmap(one)(jax.random.split(key, len(given)), given)


def _simulated(
    key: PRNGKey, joint: LatentJoint, condition: np.ndarray | None, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of z and of x given z, at conditions of the rows in turn."""
    keys = np.asarray(jax.random.key_data(jax.random.split(key, count)))
    own = () if condition is None else (np.resize(condition, (count, condition.shape[1])),)
    return map_rows(_drawn, keys, *own, carry=joint)


def _drawn(joint: LatentJoint, keys: Array, *condition: Array) -> tuple[Array, Array]:
    def one(data: Array, *own: Array) -> tuple[Array, Array]:
        first, second = jax.random.split(jax.random.wrap_key_data(data))
        z = joint.prior(*own).sample(first)
        return z, packed(joint.draw(second, z, *own), *own)

    return jax.vmap(one)(keys, *condition)


def _given(x: np.ndarray, condition: np.ndarray | None) -> Float[np.ndarray, "rows n"]:
    flat = x.reshape(len(x), -1)
    return flat if condition is None else np.concatenate([flat, condition], axis=1)


def _warnings(lower: np.ndarray, gap: np.ndarray, rate: np.ndarray) -> tuple[str, ...]:
    found = []
    lost = int(np.sum(~np.isfinite(lower)))
    if lost:
        found.append(f"the bound of {lost} of {len(lower)} rows is not finite")
    if np.min(rate) < 0.2:
        found.append(
            f"chains accepted as few as {np.min(rate):.0%} of moves at a temperature: the bound of "
            "those rows is loose, so give more temperatures"
        )
    if np.mean(gap) > 1.0:
        found.append(
            f"the two sides of simulated rows lie {np.mean(gap):.3g} nats apart: give more "
            "temperatures or chains"
        )
    return tuple(found)
