"""The latent space of a run: access to it, and samples from a truncated prior."""

import math
from typing import Any

from energeia._core.errors import InputError, NoSuchCapability
from energeia.contracts import Pushforward
from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.truncated import TruncatedNormal
from energeia.models.landscape import HasLandscape, Landscape, LatentDraws
from energeia.recipes.catalogue import RECIPES


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
