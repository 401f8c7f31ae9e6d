"""Autoencoders, from ``vae`` to ``autoencoder``: one builder, told apart by options."""

import jax

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Objective
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.models.in_units import LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import LatentSpace
from energeia.nn.residual import ResidualNet
from energeia.objectives.doubly_reparameterized import DoublyReparameterized
from energeia.objectives.latent_game import Against, LatentGame
from energeia.objectives.latent_penalties import (
    JointIndependence,
    LatentPenalty,
    PriorDiscrepancy,
    TotalCorrelation,
)
from energeia.objectives.variational import WeightedBound
from energeia.recipes import latent_spaces, networks, parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.latent import IwaeOptions, VaeOptions
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer

_NARROW = 0.05
_AGAINST: dict[str, Against] = {"density-ratio": "permuted", "adversarial": "prior"}
"""What a discriminator tells latent vectors from, by penalty."""

AnyOptions = VaeOptions | IwaeOptions


def build(
    options: AnyOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put an autoencoder together; see ``recipes.assembly``.

    Raises:
        InputError: for options that do not go together.
    """
    units = Units.fit(problem.support, reference.x)
    vae = _vae(options, problem, units, reference, key)
    model = LatentInUnits(vae, units, parts.condition_scaling(reference))
    objective, rounds = _objective(options, problem, vae.space.width), options.training.rounds
    if isinstance(objective, LatentGame) and isinstance(options, VaeOptions):
        inputs = vae.space.width
        if objective.against == "prior":
            inputs = vae.space.decoder_inputs + problem.condition_dimension
        return _game(model, inputs, objective, options, jax.random.fold_in(key, 1))
    return parts.one_player(model, objective, options.optimization, rounds)


def _game(
    model: LatentInUnits, inputs: int, objective: LatentGame, options: VaeOptions, key: PRNGKey
) -> Assembly:
    """The autoencoder and a discriminator of latent vectors, which have a player each."""
    rounds = options.training.rounds
    discriminator = ResidualNet(inputs, 1, width=options.width, depth=options.depth, key=key)
    return Assembly(
        modules={"model": model, "discriminator": discriminator},
        objective=objective,
        players=(
            Player("model", ("model",), optimizer(options.optimization, rounds)),
            Player("discriminator", ("discriminator",), optimizer(options.discriminator, rounds)),
        ),
        model=lambda modules: modules["model"],
    )


def _vae(
    options: AnyOptions, problem: Problem, units: Units, reference: ReferenceRows, key: PRNGKey
) -> Vae:
    columns = ColumnLikelihoods(problem.support, options.components)
    network_key, space_key, pseudo_key = jax.random.split(key, 3)
    field = networks.field_of(problem) if options.networks == "convolution" else None
    latent = networks.latent_size(field, options.latent) if field else options.latent
    space = latent_spaces.space_of(options, latent, _first_scale(options), space_key)
    if field is None:
        made = _dense(options, problem, columns, space, network_key)
    else:
        made = _convolutional(options, field, columns, space, network_key)
    return Vae(
        *made, columns, space, problem.condition_shape,
        latent_spaces.first_pseudo_inputs(options, units, columns, reference, pseudo_key),
    )  # fmt: skip


def _dense(
    options: AnyOptions, problem: Problem, columns: ColumnLikelihoods, space: LatentSpace,
    key: PRNGKey,
) -> tuple[networks.Network, networks.Network]:  # fmt: skip
    """Encoder and decoder of rows in any order."""
    up, down = jax.random.split(key)
    given, width, depth = problem.condition_dimension, options.width, options.depth
    sizes = (
        (columns.feature_size + given, space.encoder_outputs),
        (space.decoder_inputs + given, columns.size),
    )
    encoder, decoder = (
        ResidualNet(*size, width=width, depth=depth, key=k, gain=0.3)
        for size, k in zip(sizes, (up, down), strict=True)
    )
    return encoder, decoder


def _convolutional(
    options: AnyOptions, field: networks.Field, columns: ColumnLikelihoods, space: LatentSpace,
    key: PRNGKey,
) -> tuple[networks.Network, networks.Network]:  # fmt: skip
    """Encoder and decoder of fields."""
    up, down = jax.random.split(key)
    features, outputs = (size // field.sites for size in (columns.feature_size, columns.size))
    channels = options.channels
    return (
        networks.encoder(field, features, space.encoder_outputs, channels=channels, key=up),
        networks.decoder(field, space.decoder_inputs, outputs, channels=channels, key=down),
    )


def _first_scale(options: AnyOptions) -> float:
    """Posteriors that equal the prior, whatever the row, leave nothing to a discrepancy of all rows
    together, and training would stay there: with it, or without a divergence, they start narrow."""
    vae = isinstance(options, VaeOptions)
    narrow = vae and (options.beta == 0 or options.penalty in ("mmd", "adversarial"))
    return _NARROW if narrow else 1.0


def _objective(options: AnyOptions, problem: Problem, latent: int) -> Objective:
    if isinstance(options, IwaeOptions):
        return DoublyReparameterized(options.particles)
    weighted = options.beta != 1.0 or options.free_bits or options.penalty != "none"
    if "noise" in problem.fields and weighted:
        raise InputError(
            "rows have errors, and a weighted bound was asked for where the likelihood of measured "
            "rows is raised: leave beta, free_bits and penalty as they are"
        )
    if options.particles > 1 and weighted:
        raise InputError(
            f"particles={options.particles} was given with beta, free_bits or a penalty, which are "
            "parts of the bound of one particle: leave them as they are, or particles=1"
        )
    if options.particles > 1:
        return DoublyReparameterized(options.particles)
    _require_penalty_fits(options, latent)
    weights = options.beta, options.free_bits, options.warmup
    if options.penalty in _AGAINST:
        bound = WeightedBound(*weights, strength=options.strength)
        return LatentGame(bound, _AGAINST[options.penalty])
    return WeightedBound(*weights, _penalty(options, problem), options.strength)


def _penalty(options: VaeOptions, problem: Problem) -> LatentPenalty | None:
    match options.penalty:
        case "mmd":
            return PriorDiscrepancy()
        case "total-correlation":
            return TotalCorrelation(problem.rows)
        case "dhsic":
            return JointIndependence()
        case _:
            return None


def _require_penalty_fits(options: VaeOptions, latent: int) -> None:
    """Whether the latent vectors are what the terms of the bound are about."""
    penalty = options.penalty
    if (penalty != "none") != (options.strength > 0):
        raise InputError(
            f"penalty={penalty} was given with strength={options.strength:g}: give a penalty and a "
            "strength above zero, or penalty=none and strength=0"
        )
    if penalty in ("total-correlation", "density-ratio") and latent == 1:
        raise InputError(
            "a total correlation was asked for of one latent dimension, which has none: give "
            "latent=2 or more, or penalty=none"
        )
    plain = options.space == options.prior == "normal"
    if penalty not in ("none", "adversarial") and not plain:
        raise InputError(
            f"penalty={penalty} was given with space={options.space} and prior={options.prior}, "
            "and is one of normal latent vectors: leave these as they are, or give "
            "penalty=adversarial"
        )
    if penalty == "total-correlation" and options.posterior != "normal":
        raise InputError(
            f"penalty=total-correlation was given with posterior={options.posterior}, whose "
            "dimensions are not independent: give penalty=density-ratio"
        )
    if options.free_bits and not (plain and options.posterior == "normal"):
        raise InputError(
            f"free_bits={options.free_bits:g} was given for latent vectors whose divergence is not "
            "known for each dimension: leave it at 0, or space, posterior and prior at normal"
        )
    if options.beta == 0 and options.prior != "normal":
        raise InputError(
            f"prior={options.prior} was given with beta=0, where nothing trains a prior: leave it "
            "at normal"
        )
