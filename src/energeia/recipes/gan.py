"""The adversarial recipes: one builder, since payoffs and penalties are data."""

import jax

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Modules
from energeia.energies.critic import Critic, critic_inputs
from energeia.models.generator import ImplicitGenerator
from energeia.models.in_units import GeneratorInUnits
from energeia.nn.residual import ResidualNet
from energeia.objectives.adversarial import (
    Adversarial,
    MeanDifference,
    Minimax,
    NonSaturating,
    Payoff,
    Relativistic,
)
from energeia.objectives.penalties import NoisePenalty, Penalty, SlopePenalty, UnitSlopePenalty
from energeia.recipes import networks, parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.adversarial import GanOptions
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer

PAYOFFS: dict[str, Payoff] = {
    "relativistic": Relativistic(),
    "non-saturating": NonSaturating(),
    "minimax": Minimax(),
    "mean-difference": MeanDifference(),
}
PENALTIES: dict[str, Penalty] = {
    "r1": SlopePenalty("real"),
    "r2": SlopePenalty("generated"),
    "unit-slope": UnitSlopePenalty(),
    "noise": NoisePenalty(),
}


def build(
    options: GanOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Assemble an adversarial game with dense networks for a problem."""
    critic, generator = _networks(options, problem, key)
    rounds, moves = options.training.rounds, options.critic_moves
    each = problem.dimension if options.per_column else 1
    critic_moves = optimizer(options.critic, rounds * moves, options.bound)
    return Assembly(
        modules={
            "critic": critic,
            "generator": generator,
            "units": Units.fit(problem.support, reference.x),
            "scaling": parts.condition_scaling(reference),
        },
        objective=Adversarial(
            payoff=PAYOFFS[options.payoff],
            penalties=tuple(PENALTIES[name] for name in options.penalties),
            gamma=options.gamma * each,
            gamma_final=options.gamma_final * each,
            fill=options.fill,
            anneal=rounds * moves // 2,
        ),
        players=(
            Player("critic", ("critic",), critic_moves, moves),
            Player("generator", ("generator",), optimizer(options.generator, rounds)),
        ),
        model=_model,
    )


def _networks(
    options: GanOptions, problem: Problem, key: PRNGKey
) -> tuple[Critic, ImplicitGenerator]:
    critic_key, generator_key = jax.random.split(key)
    dimension, condition_size = problem.dimension, problem.condition_dimension
    shape, condition_shape = (dimension,), problem.condition_shape
    periodic = parts.periodic_indices(problem)
    octaves = options.octaves if dimension <= options.octaves_up_to else 0
    seen = critic_inputs(dimension, len(periodic), octaves)
    width, depth, latent = options.width, options.depth, options.latent
    if options.networks == "convolution":
        field, octaves = networks.field_of(problem), 0
        latent = networks.latent_size(field, latent)
        critic = networks.critic(field, channels=options.channels, key=critic_key)
        generator = networks.decoder(field, latent, 1, channels=options.channels, key=generator_key)
    else:
        critic = ResidualNet(seen + condition_size, 1, width=width, depth=depth, key=critic_key)
        generator = ResidualNet(
            latent + condition_size, dimension, width=width, depth=depth, key=generator_key
        )
    return (
        Critic(
            network=critic,
            shape=shape,
            condition_shape=condition_shape,
            periodic=periodic,
            octaves=octaves,
        ),
        ImplicitGenerator(
            network=generator,
            latent=latent,
            shape=shape,
            condition_shape=condition_shape,
            periodic=periodic,
        ),
    )


def _model(modules: Modules) -> GeneratorInUnits:
    return GeneratorInUnits(
        modules["generator"], modules["units"], modules["scaling"], modules["critic"]
    )
