"""Autoencoders, from ``vae`` to ``autoencoder``: one builder, told apart by options."""

import jax

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Objective
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.models.in_units import LatentInUnits
from energeia.models.latent import Vae
from energeia.nn.residual import ResidualNet
from energeia.objectives.doubly_reparameterized import DoublyReparameterized
from energeia.objectives.latent_penalties import (
    JointIndependence,
    LatentPenalty,
    PriorDiscrepancy,
    TotalCorrelation,
)
from energeia.objectives.variational import WeightedBound
from energeia.recipes import networks, parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.latent import IwaeOptions, VaeOptions
from energeia.recipes.options.problem import Problem

_NARROW = 0.05

AnyOptions = VaeOptions | IwaeOptions


def build(
    options: AnyOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put an autoencoder together; see ``recipes.assembly``.

    Raises:
        InputError: for options that do not go together.
    """
    model = LatentInUnits(
        inner=_vae(options, problem, key),
        units=Units.fit(problem.support, reference.x),
        scaling=parts.condition_scaling(reference),
    )
    return parts.one_player(
        model, _objective(options, problem), options.optimization, options.training.rounds
    )


def _vae(options: AnyOptions, problem: Problem, key: PRNGKey) -> Vae:
    columns = ColumnLikelihoods(problem.support, options.components)
    up, down = jax.random.split(key)
    condition_size, latent = problem.condition_dimension, options.latent
    width, depth = options.width, options.depth
    if options.networks == "convolution":
        return _convolutional(options, problem, columns, key)
    inputs = columns.feature_size + condition_size
    encoder = ResidualNet(inputs, 2 * latent, width=width, depth=depth, key=up, gain=0.3)
    decoder = ResidualNet(
        latent + condition_size, columns.size, width=width, depth=depth, key=down, gain=0.3
    )
    return Vae(
        encoder=encoder,
        decoder=decoder,
        likelihood=columns,
        latent=latent,
        condition_shape=problem.condition_shape,
        first_scale=_first_scale(options),
    )


def _convolutional(
    options: AnyOptions, problem: Problem, columns: ColumnLikelihoods, key: PRNGKey
) -> Vae:
    field, channels = networks.field_of(problem), options.channels
    up, down = jax.random.split(key)
    latent = networks.latent_size(field, options.latent)
    features, outputs = (size // field.sites for size in (columns.feature_size, columns.size))
    return Vae(
        encoder=networks.encoder(field, features, latent, channels=channels, key=up),
        decoder=networks.decoder(field, latent, outputs, channels=channels, key=down),
        likelihood=columns,
        latent=latent,
        first_scale=_first_scale(options),
    )


def _first_scale(options: AnyOptions) -> float:
    """Posteriors that equal the prior, whatever the row, leave nothing to a discrepancy of all rows
    together, and training would stay there: with it, or without a divergence, they start narrow."""
    vae = isinstance(options, VaeOptions)
    return _NARROW if vae and (options.beta == 0 or options.penalty == "mmd") else 1.0


def _objective(options: AnyOptions, problem: Problem) -> Objective:
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
    penalty = _penalty(options, problem)
    return WeightedBound(options.beta, options.free_bits, options.warmup, penalty, options.strength)


def _penalty(options: VaeOptions, problem: Problem) -> LatentPenalty | None:
    match options.penalty:
        case "mmd":
            return PriorDiscrepancy()
        case "total-correlation" if options.latent == 1:
            raise InputError(
                "a total correlation was asked for of one latent dimension, which has none: give "
                "latent=2 or more, or penalty=none"
            )
        case "total-correlation":
            return TotalCorrelation(problem.rows)
        case "dhsic":
            return JointIndependence()
        case _:
            return None
