"""The neural energy model: continuous columns, discrete ones through dequantization."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Kernel, Modules, Objective
from energeia.energies.algebra import GeometricPath, Shifted
from energeia.energies.analytic import fitted_normal
from energeia.energies.heavy import HeavyNormal
from energeia.energies.neural import NeuralEnergy
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.contrastive import Contrastive
from energeia.objectives.noise_contrastive import NoiseContrastive
from energeia.objectives.score_matching import DenoisingScoreMatching, SlicedScoreMatching
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.energy import EbmOptions
from energeia.recipes.options.problem import Problem
from energeia.stats.tails import log_moments, tail_size
from energeia.support import DISCRETE
from energeia.training.player import Player, optimizer

JUMPS_UP_TO = 8
"""The largest dimension with independence proposals; their acceptance is too low above it."""

EDGED = frozenset(DISCRETE)
"""Kinds of columns whose dequantized density jumps, which sliced score matching does not know."""


def build(
    options: EbmOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the energy, its replay buffer and its objective together."""
    net_key, spread_key = jax.random.split(key)
    units = Units.fit(problem.support, reference.x)
    base, bounds = _base(units, parts.periodic_columns(problem), reference, spread_key)
    energy = NeuralEnergy(
        net_key, base, options.width, options.depth, _octaves(options, problem), base.periodic,
        problem.condition_dimension, bounds,
    )  # fmt: skip
    # MALA's best step falls as d^(-1/3); this is the tuned one on a standard normal.
    step = options.step_size or 2.7 * problem.dimension ** (-1 / 3)
    usual = 60 if problem.dimension <= JUMPS_UP_TO else 300
    adjusted = _kernel(Mala(step), base, problem.dimension)
    model = BoltzmannModel(  # pyright: ignore[reportCallIssue]
        path=GeometricPath(base=base, target=energy),
        kernel=adjusted,
        units=units,
        scaling=parts.condition_scaling(reference),
        anneal=options.anneal or usual,
        steps=options.steps or usual,
        dequantize=True,
    )
    if options.objective == "nce":
        return _told_from_noise(model, base, options)
    objective = _objective(options, problem, adjusted, step)
    return parts.one_player(model, objective, options.optimization, options.training.rounds)


def _objective(options: EbmOptions, problem: Problem, adjusted: Kernel, step: float) -> Objective:
    """Contrastive divergence, or score matching.

    Raises:
        InputError: for sliced score matching of columns whose density has edges.
    """
    if options.objective == "denoising":
        return DenoisingScoreMatching(options.sigma)
    if options.objective == "sliced":
        other = [c.name for c in problem.support.columns if c.name in EDGED]
        if other:
            raise InputError(
                f"sliced score matching was asked of {other[0]} columns, whose density has edges "
                "in the coordinates of the energy: use the objective denoising, nce or cd"
            )
        return SlicedScoreMatching(options.contrasts)
    exact = options.negatives == "mala"
    return Contrastive(
        kernel=adjusted if exact else Langevin(step if options.step_size else 0.1 * step),
        chains=options.chains,
        steps=options.moves,
        restart=options.restart,
        noise=options.noise,
        penalty=options.penalty,
        acceptance=Mala.best_acceptance if exact else 0.0,
    )


def _told_from_noise(model: BoltzmannModel, base: HeavyNormal, options: EbmOptions) -> Assembly:
    """Noise-contrastive estimation; the model's energy then contains the log Z that it learned."""

    def model_of(modules: Modules) -> BoltzmannModel:
        trained: BoltzmannModel = modules["model"]
        # E + c is normalized as far as c is right, which annealing checks.
        shifted = Shifted(trained.path.target, Frozen(-modules["log_z"]))
        return eqx.tree_at(lambda m: m.path.target, trained, shifted)

    modules = {
        "model": model,
        "noise": base,
        "log_z": jnp.zeros(()),
    }
    player = Player(
        "model", ("model", "log_z"), optimizer(options.optimization, options.training.rounds)
    )
    objective = NoiseContrastive(options.contrasts)
    return Assembly(modules, objective, (player,), model_of)


def _base(
    units: Units, periodic: tuple[bool, ...], reference: ReferenceRows, key: PRNGKey
) -> tuple[HeavyNormal, Float[Array, "2 d"]]:
    """A base whose tails dominate those of the rows, and the range where the network adds to it.

    Columns with power-law tails are cut where these begin: beyond it the base has the tail. The
    others are a normal and are cut nowhere, so their range is that of the rows.
    """
    rows = jnp.asarray(reference.x, float)

    def dequantize(key: PRNGKey, x: jax.Array) -> jax.Array:
        return units.dequantize(key, units.encode(x)[0])[0]

    v = jax.vmap(dequantize)(jax.random.split(key, rows.shape[0]), rows)
    circle, discrete = np.array(periodic), units.coordinates.discrete
    middle = jnp.median(v, axis=0)
    alpha, threshold = _tails(jnp.abs(v - middle))
    cut = jnp.isfinite(alpha) & ~(circle | discrete)
    v = jnp.where(cut, jnp.clip(v, middle - threshold, middle + threshold), v)
    base = HeavyNormal(fitted_normal(v, circle), jnp.where(cut, alpha, jnp.inf))
    return base, jnp.stack([jnp.min(v, axis=0), jnp.max(v, axis=0)])


def _tails(
    magnitudes: Float[Array, "rows d"],
) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
    """A lower limit of the tail index of each column, and where the tail begins.

    The index is infinite where gamma of ``log_moments`` is below its error: a base that is heavier
    than the data costs little, one that is lighter leaves a hole.
    """
    k = min(tail_size(len(magnitudes)), len(magnitudes) - 1)
    ordered = jnp.sort(magnitudes, axis=0)[::-1]
    threshold = ordered[k]
    inverse, gamma = log_moments(jnp.log(ordered[:k]), jnp.log(threshold))
    heavy = gamma > jnp.sqrt((1.0 + gamma**2) / k)
    alpha = 1.0 / (inverse * (1.0 + 2.0 / k**0.5))
    return jnp.where(heavy, jnp.clip(alpha, 0.5, 20.0), jnp.inf), threshold


def _octaves(options: EbmOptions, problem: Problem) -> int:
    """Fourier features in low dimensions only, where fine structure is hard to learn."""
    if options.octaves >= 0:
        return options.octaves
    return 3 if problem.dimension <= JUMPS_UP_TO else 0


def _kernel(mala: Mala, base: HeavyNormal, dimension: int) -> Kernel:
    return JumpingMala(mala, base) if dimension <= JUMPS_UP_TO else mala
