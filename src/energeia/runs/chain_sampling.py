"""Samples of a run from chains on a named energy, with convergence diagnostics."""

import math
from typing import Annotated, Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.ranges import NonNegative, Positive, require_ranges
from energeia._core.types import PRNGKey
from energeia.contracts import Density, Energy
from energeia.energies.algebra import Tempered
from energeia.energies.latent import LATENT_ENERGIES
from energeia.mcmc.adapt import StepKernel, tune
from energeia.mcmc.chain import Diagnosis, diagnose, require_moving, run_chains
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.mcmc.unadjusted import energy_bias
from energeia.models.landscape import HasLandscape, Landscape
from energeia.records import ChainSummary
from energeia.runs.latent import latent_space

_BLOCK = 256
_FEWEST = 16
"""Least number of chains, so that they can be compared even for fewer samples."""
_PILOT = 400


class ChainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kernel, the energy and the length of chains."""

    kernel: Literal["mala", "hmc", "langevin", "jumping"] = "mala"
    """jumping: independence proposals from a generator with a density, alternating with MALA."""
    latent: Literal["", "pullback", "tilt", "plain"] = ""
    """The energy of the latent space, or "" for chains in the configurations themselves."""
    steps: Annotated[int, msgspec.Meta(ge=8)] = 200
    """Steps of each chain; the first half is burn-in and is not diagnosed."""
    step_size: NonNegative = 0.0
    """0 to tune it in a pilot run."""
    temperature: Positive = 1.0
    """T of exp(-E / T)."""

    def __post_init__(self) -> None:
        require_ranges(self)


class ChainSamples(NamedTuple):
    """Final states of chains in the user's units, with their diagnostics."""

    x: np.ndarray
    chains: ChainSummary
    target: str
    """Description of the distribution that they sample."""
    step_size: float


def chain_samples(
    model: Any, recipe: str, n: int, settings: ChainSettings, key: PRNGKey, condition: Any = None
) -> ChainSamples:
    """Final states of ``n`` chains that start from draws of the model. A pilot run tunes the step
    size and is discarded; the chains then start with the step size fixed. ``condition`` is one
    condition in the user's units for all chains, or None. The diagnosis is that of the first block
    of at most 256 chains, after burn-in. Langevin without accept or reject is compared with MALA,
    since its diagnosis cannot show its bias.

    Raises:
        NoSuchCapability: if the model has no differentiable energy, or no latent space.
        InputError: for settings that cannot be used.
        ChainsStuck: if no chain ever moved.
    """
    landscape, target = _target(model, recipe, settings)
    scaled_condition = landscape.scaled(
        None if condition is None else jnp.asarray(condition, float)
    )
    count = min(_BLOCK, max(n, _FEWEST))
    pilot_key, run_key = jax.random.split(key)
    bias_key = jax.random.fold_in(pilot_key, 1)
    conditions = (
        None
        if scaled_condition is None
        else jnp.broadcast_to(scaled_condition, (count, *scaled_condition.shape))
    )
    kernel = _tuned(pilot_key, settings, target, landscape, conditions, count)
    burn = settings.steps // 2
    latent = bool(settings.latent)

    def block(number: int) -> tuple[Any, np.ndarray]:
        start_key, chain_key = jax.random.split(jax.random.fold_in(run_key, number))
        starts = _starts(start_key, landscape, latent, conditions, count)
        found = run_chains(
            chain_key, kernel, target, starts, settings.steps - burn, 1, burn, conditions
        )
        if number == 0:
            require_moving(found, target, starts, conditions)
        ends = _decoded(landscape, latent, found.positions[:, -1], conditions)
        return found, np.asarray(ends)

    first, x = block(0)
    parts = [x, *(block(number)[1] for number in range(1, math.ceil(n / count)))]
    record = _record(type(kernel).__name__, diagnose(first), settings.steps - burn, count)
    if isinstance(kernel, Langevin):
        bias = energy_bias(bias_key, target, first, settings.step_size, conditions)
        record = msgspec.structs.replace(record, bias=bias)
    description = _describe_target(settings, landscape.ratio)
    return ChainSamples(np.concatenate(parts)[:n], record, description, float(kernel.step_size))


def _target(model: Any, recipe: str, settings: ChainSettings) -> tuple[Landscape, Energy]:
    if settings.latent:
        landscape, generator = latent_space(model, recipe)
        energy: Energy = LATENT_ENERGIES[settings.latent](landscape.energy, generator)
    else:
        found = model.landscape() if isinstance(model, HasLandscape) else None
        if found is None:
            raise NoSuchCapability(
                f"this run of {recipe} has no energy with a force: chains need real columns and an "
                "energy model, a flow, or a game with a critic"
            )
        landscape, energy = found, found.energy
    if settings.temperature != 1.0:
        energy = Tempered(energy, jnp.asarray(1 / settings.temperature))
    return landscape, energy


def _tuned(
    key: PRNGKey, settings: ChainSettings, target: Energy, landscape: Landscape,
    conditions: Any, count: int,
) -> Any:  # fmt: skip
    if settings.kernel == "langevin":
        if not settings.step_size:
            raise InputError(
                "langevin accepts every step, so its step size, which determines its bias, is not "
                "tuned: give --step-size, or use mala"
            )
        return Langevin(settings.step_size)
    # Optimal steps of a standard normal, where the pilot run starts.
    dimension = math.prod(target.shape)
    if settings.kernel == "hmc":
        kernel: StepKernel = Hmc(settings.step_size or 0.5 * dimension ** (-1 / 4))
    else:
        kernel = Mala(settings.step_size or 2.7 * dimension ** (-1 / 3))
    if settings.kernel == "jumping":
        kernel = JumpingMala(kernel, _proposal(settings, landscape))  # pyright: ignore[reportArgumentType]
    if settings.step_size:
        return kernel
    start_key, tune_key = jax.random.split(key)
    starts = _starts(start_key, landscape, bool(settings.latent), conditions, count)
    return tune(tune_key, kernel, target, starts, _PILOT, conditions)[0]


def _proposal(settings: ChainSettings, landscape: Landscape) -> Density:
    generator = landscape.generator
    if settings.latent or not isinstance(generator, Density) or generator.condition_shape:
        raise InputError(
            "jumping needs a generator with a density, such as the flow of max-entropy in few "
            "columns, without a condition and without --latent: use mala"
        )
    return generator


@eqx.filter_jit
def _starts(
    key: PRNGKey, landscape: Landscape, latent: bool, conditions: Any, count: int
) -> jax.Array:
    keys = jax.random.split(key, count)
    if latent and landscape.generator is not None:
        return jax.vmap(landscape.generator.draw_latent)(keys, conditions)
    return jax.vmap(landscape.draw)(keys, conditions)


@eqx.filter_jit
def _decoded(landscape: Landscape, latent: bool, ends: jax.Array, conditions: Any) -> jax.Array:
    if latent and landscape.generator is not None:
        ends = jax.vmap(landscape.generator.transform)(ends, conditions)
    return jax.vmap(landscape.to_user)(ends)


def _record(kernel: str, found: Diagnosis, steps: int, chains: int) -> ChainSummary:
    tau = found.time if math.isfinite(found.time) else None
    return ChainSummary(
        kernel=kernel, acceptance=found.acceptance, r_hat=found.r_hat, ess=found.ess,
        autocorrelation_time=tau, steps=steps, chains=chains,
        least_acceptance=found.least_acceptance, still_chains=found.still_chains,
    )  # fmt: skip


def _describe_target(settings: ChainSettings, ratio: bool) -> str:
    """Description of the distribution that chains sample, with caveats."""
    text = {
        "": "exp(-E(x))",
        "pullback": "exp(-E) on the image of the generator",
        "tilt": "p_G(x) exp(-E(x))",
        "plain": "exp(-E(x)) p_G(x) / prior(z), a heuristic",
    }[settings.latent]
    if settings.temperature != 1.0:
        text += f", to the power 1/{settings.temperature:g}"
    if ratio and settings.latent != "tilt":
        text += "; the energy is a critic's, a log-ratio to the generator: see tilt"
    if not ratio and settings.latent == "tilt":
        text += "; the energy is -log p itself, so the product is narrower than p"
    return text
