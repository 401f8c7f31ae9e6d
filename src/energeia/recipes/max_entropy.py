"""The recipe ``max-entropy``: an energy and a generator, a flow or an implicit one, trained against
each other."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.spline import Spline
from energeia.bijections.split import coupling_stack
from energeia.bijections.units import Units
from energeia.contracts import Energy, Modules, Objective, Pushforward
from energeia.distributions.gaussian import RealPeriodicBase
from energeia.energies.confined import ConfinedEnergy
from energeia.energies.neural import NeuralEnergy
from energeia.models.flow import Flow
from energeia.models.game import GameModel
from energeia.models.generator import ImplicitGenerator
from energeia.nn.residual import ResidualNet
from energeia.objectives.entropy import EntropyTerm, ImportanceScore, Proposal, VolumeEntropy
from energeia.objectives.information import BarberAgakov, InformationEntropy
from energeia.objectives.max_entropy import DensityGame, MaxEntropy
from energeia.objectives.penalties import SlopePenalty
from energeia.recipes import networks, parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.max_entropy import MaxEntropyOptions
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer

FLOW_UP_TO = 8
"""Largest number of columns for which a flow and high-frequency features are the default."""


class GeneratorPlayer(NamedTuple):
    """The modules that the generator trains, and the objective."""

    parts: dict[str, Any]
    objective: Objective


def build(
    options: MaxEntropyOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the game together for a problem.

    Raises:
        InputError: for a flow under conditions, a ``defensive_fraction`` that leaves it no rows, or
        an entropy term that does not fit the network.
    """
    energy_key, generator_key = jax.random.split(key)
    side = _flow_side if _wants_flow(options, problem) else _network_side
    generator = side(options, problem, generator_key)
    rounds = options.training.rounds
    moves = optimizer(options.energy, rounds * options.energy_moves)
    return Assembly(
        modules={
            "energy": _energy(options, problem, energy_key),
            **generator.parts,
            "units": _units(problem, reference),
            "scaling": parts.condition_scaling(reference),
        },
        objective=generator.objective,
        players=(
            Player("energy", ("energy",), moves, options.energy_moves),
            Player("generator", tuple(generator.parts), optimizer(options.player, rounds)),
        ),
        model=_model,
    )


def _wants_flow(options: MaxEntropyOptions, problem: Problem) -> bool:
    condition_size = bool(problem.condition_dimension)
    if options.generator == "flow" and condition_size:
        raise InputError(
            "a flow was requested with conditions, each of which has a partition function of its "
            "own: use generator=network"
        )
    few = problem.dimension <= FLOW_UP_TO and not condition_size
    return options.generator == "flow" or (options.generator == "auto" and few)


def _convolved(options: MaxEntropyOptions, problem: Problem) -> networks.Field | None:
    """The field if convolutional networks are enabled and fit, else None."""
    layout = parts.strided_layout(problem) if options.images else None
    return None if layout is None else networks.Field(*layout, periodic=False)


def _units(problem: Problem, reference: ReferenceRows) -> Units:
    """Standardized columns; pixels of an image share one location and one scale.

    Standardized separately, the nearly constant pixels at the margin would have noise of unit
    scale.
    """
    units = Units.fit(problem.support, reference.x)
    if parts.image_layout(problem) is None or len(problem.support.runs) > 1:
        return units
    location, scale = units.location.value, units.scale.value
    whole = jnp.sqrt(jnp.mean(scale**2) + jnp.var(location))
    return Units(
        units.support,
        Frozen(jnp.full_like(location, jnp.mean(location))),
        Frozen(jnp.full_like(scale, whole)),
    )


def _energy(options: MaxEntropyOptions, problem: Problem, key: PRNGKey) -> Energy:
    """A network on a quadratic confinement: weak for images, else the standard normal of ``v``."""
    dimension = problem.dimension
    field = _convolved(options, problem)
    if field is not None:
        network = networks.critic(field, channels=options.channels, key=key)
        return ConfinedEnergy(network, (dimension,))
    if parts.image_layout(problem) is not None:
        network = ResidualNet(dimension, 1, width=options.width, depth=options.depth, key=key)
        return ConfinedEnergy(network, (dimension,))
    octaves = options.octaves if options.octaves >= 0 else 5 * (dimension <= FLOW_UP_TO)
    periodic, condition_size = parts.periodic_columns(problem), problem.condition_dimension
    base = RealPeriodicBase(periodic)
    return NeuralEnergy(key, base, options.width, options.depth, octaves, periodic, condition_size)


def _flow_side(options: MaxEntropyOptions, problem: Problem, key: PRNGKey) -> GeneratorPlayer:
    if not 0 <= options.defensive_fraction < 1:
        raise InputError(
            f"a defensive_fraction of {options.defensive_fraction:g} was given, which must leave "
            "some rows to the flow: give a number from 0 to below 1"
        )
    bijection = coupling_stack(
        Spline(options.bins, options.half_width, options.smallest_bin),
        options.layers,
        periodic=parts.periodic_columns(problem),
        condition_shape=None,
        octaves=3,
        width=options.width,
        depth=2,
        key=key,
    )
    game = DensityGame(
        options.data_weight,
        options.consistency_weight,
        options.huber_width,
        options.defensive_fraction,
    )
    return GeneratorPlayer({"generator": Flow(parts.base_distribution(problem), bijection)}, game)


def _network_side(options: MaxEntropyOptions, problem: Problem, key: PRNGKey) -> GeneratorPlayer:
    network_key, entropy_key = jax.random.split(key)
    dimension, condition_size = problem.dimension, problem.condition_dimension
    latent = min(options.latent, dimension) if options.entropy == "volume" else options.latent
    field = _convolved(options, problem)
    if field is None:
        network = ResidualNet(
            latent + condition_size,
            dimension,
            width=options.hidden,
            depth=options.depth,
            key=network_key,
        )
    else:
        network = networks.decoder(field, latent, 1, channels=options.channels, key=network_key)
    periodic = parts.periodic_indices(problem)
    generator = ImplicitGenerator(
        network, latent=latent, shape=(dimension,), condition_shape=problem.condition_shape,
        periodic=periodic,
    )  # fmt: skip
    entropy, extra = _entropy(options, generator, entropy_key)
    where = ("real", "generated") if options.penalize == "both" else (options.penalize,)
    game = MaxEntropy(
        entropy=entropy,
        penalties=tuple(SlopePenalty(on) for on in where),
        gamma=options.gamma / dimension,
        gamma_final=options.gamma_final / dimension,
        anneal=options.training.rounds * options.energy_moves // 2,
    )
    return GeneratorPlayer({"generator": generator, **extra}, game)


def _entropy(
    options: MaxEntropyOptions, generator: Pushforward, key: PRNGKey
) -> tuple[EntropyTerm, dict[str, Any]]:
    """The entropy term and the additional module that it trains."""
    (latent,) = generator.prior.shape
    if options.entropy == "volume":
        return VolumeEntropy(options.sigma), {}
    if options.sigma <= 0:
        raise InputError(
            f"the entropy {options.entropy!r} with noise sigma {options.sigma:g} was requested: "
            "the term is defined only with noise, so give a positive sigma"
        )
    if options.entropy == "score":
        return ImportanceScore(options.sigma), {"proposal": Proposal(jnp.full(latent, -2.0))}
    estimator = BarberAgakov(generator.prior)
    rows = jnp.zeros((2, *generator.shape)), jnp.zeros((2, latent))  # of unit scale
    encoder = estimator.network(key, *rows, options.hidden, options.depth)
    return InformationEntropy(estimator=estimator, sigma=options.sigma), {"statistics": encoder}


def _model(modules: Modules) -> GameModel:
    return GameModel(modules["energy"], modules["generator"], modules["units"], modules["scaling"])
