"""The neural energy model: continuous columns, discrete ones through dequantization."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Kernel
from energeia.energies.algebra import GeometricPath
from energeia.energies.analytic import Normal, fitted_normal
from energeia.energies.neural import NeuralEnergy
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.contrastive import Contrastive
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.energy import EbmOptions
from energeia.recipes.options.problem import Problem

JUMPS_UP_TO = 8
"""The largest dimension with independence proposals; their acceptance is too low above it."""


def build(
    options: EbmOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the energy, its replay buffer and its objective together."""
    net_key, spread_key = jax.random.split(key)
    units = Units.fit(problem.support, reference.x)
    base = _base(units, parts.periodic_columns(problem), reference, spread_key)
    energy = NeuralEnergy(
        net_key, base, options.width, options.depth, _octaves(options, problem), base.periodic,
        problem.condition_dimension,
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
    exact = options.negatives == "mala"
    objective = Contrastive(
        kernel=adjusted if exact else Langevin(step if options.step_size else 0.1 * step),
        chains=options.chains,
        steps=options.moves,
        restart=options.restart,
        noise=options.noise,
        penalty=options.penalty,
        acceptance=Mala.best_acceptance if exact else 0.0,
    )
    return parts.one_player(model, objective, options.optimization, options.training.rounds)


def _base(
    units: Units, periodic: tuple[bool, ...], reference: ReferenceRows, key: PRNGKey
) -> Normal:
    rows = jnp.asarray(reference.x, float)

    def dequantize(key: PRNGKey, x: jax.Array) -> jax.Array:
        return units.dequantize(key, units.encode(x)[0])[0]

    v = jax.vmap(dequantize)(jax.random.split(key, rows.shape[0]), rows)
    circle = np.array(periodic)
    return fitted_normal(v, circle)


def _octaves(options: EbmOptions, problem: Problem) -> int:
    """Fourier features in low dimensions only, where fine structure is hard to learn."""
    if options.octaves >= 0:
        return options.octaves
    return 3 if problem.dimension <= JUMPS_UP_TO else 0


def _kernel(mala: Mala, base: Normal, dimension: int) -> Kernel:
    return JumpingMala(mala, base) if dimension <= JUMPS_UP_TO else mala
