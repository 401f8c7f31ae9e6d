"""The latent space of a run: to it and back, what it holds, and samples from a truncated prior."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from energeia._core.batching import map_rows, split_keys
from energeia._core.errors import InputError, NoSuchCapability
from energeia.contracts import Encoder, Pushforward
from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.truncated import TruncatedNormal
from energeia.evaluation.latents import LatentReport, latent_report
from energeia.models.encoding import VaeEncoder, encoder_of
from energeia.models.landscape import HasLandscape, Landscape, LatentDraws
from energeia.recipes.catalogue import RECIPES
from energeia.recipes.options.problem import Problem
from energeia.runs import rowwise
from energeia.runs.opening import as_conditions, as_rows


class LatentSubject(NamedTuple):
    """Of a run, what its latent space needs."""

    model: Any
    """Of standardized rows."""
    recipe: str
    problem: Problem


def latent_space(model: Any, recipe: str) -> tuple[Landscape, Pushforward]:
    """The landscape of a model with its generator.

    Raises:
        NoSuchCapability: naming the recipes whose runs have a latent space.
    """
    landscape = model.landscape() if isinstance(model, HasLandscape) else None
    if landscape is None or landscape.generator is None:
        have = ", ".join(name for name, known in RECIPES.items() if known.latent_space)
        raise NoSuchCapability(
            f"this run of {recipe} has no latent space with an energy on it: fit one of {have}"
        )
    return landscape, landscape.generator


def with_truncated_prior(
    model: Any, recipe: str, temperature: float, truncation: float
) -> LatentDraws:
    """The model with z ~ prior(z)^(1/T), truncated at ``truncation`` deviations unless zero.

    Raises:
        InputError: for a temperature that is not positive, a negative truncation, or a prior that
            is not normal.
        NoSuchCapability: if the model has no latent space.
    """
    if not (temperature > 0 and math.isfinite(temperature)) or not truncation >= 0:
        raise InputError(
            f"temperature {temperature:g} and truncation {truncation:g} were given: give a "
            "positive temperature, and a truncation in deviations or 0 for none"
        )
    landscape, generator = latent_space(model, recipe)
    if not isinstance(generator.prior, StandardNormal):
        raise InputError(
            f"the latent prior of this {recipe} is a {type(generator.prior).__name__}, and only a "
            "standard normal can be truncated: leave --temperature and --truncation out"
        )
    prior = TruncatedNormal(generator.prior.shape, temperature, truncation or math.inf)
    return LatentDraws(prior, landscape, generator)


def encoded(subject: LatentSubject, x: Any, condition: Any, seed: int) -> np.ndarray:
    """A latent vector of each row, see ``Run.encode``."""
    encoder, rows = _encoder(subject), as_rows(subject.problem, x, condition)
    keys = np.asarray(jax.random.key_data(split_keys(jax.random.key(seed), len(rows.x))))
    return map_rows(rowwise.latents, keys, rows.x, *rowwise.given(rows.condition), carry=encoder)


def decoded(subject: LatentSubject, z: Any, condition: Any, seed: int) -> np.ndarray:
    """A standardized row of each latent vector, see ``Run.decode``."""
    encoder, latents = _encoder(subject), np.atleast_2d(np.asarray(z))
    conditions = as_conditions(subject.problem, condition, len(latents))
    keys = np.asarray(jax.random.key_data(split_keys(jax.random.key(seed), len(latents))))
    return map_rows(rowwise.decoded, keys, latents, *rowwise.given(conditions), carry=encoder)


def reported(subject: LatentSubject, x: Any, condition: Any, seed: int) -> LatentReport:
    """What the latent vectors of rows hold, see ``Run.latent_report``."""
    encoder = encoder_of(subject.model)
    if not isinstance(encoder, VaeEncoder):
        raise NoSuchCapability(
            f"{subject.recipe} has no q(z|x) to report: variational autoencoders have one"
        )
    if not encoder.normal:
        raise NoSuchCapability(
            "the parts of a divergence are known of latent vectors with independent normal "
            f"dimensions, which those of this {subject.recipe} are not"
        )
    rows = as_rows(subject.problem, x, condition)
    return latent_report(jax.random.key(seed), encoder, np.asarray(rows.x), rows.condition)


def _encoder(subject: LatentSubject) -> Encoder:
    found = encoder_of(subject.model)
    if found is None:
        raise NoSuchCapability(
            f"{subject.recipe} has no encoder: flows, variational autoencoders and rbm have one"
        )
    return found
