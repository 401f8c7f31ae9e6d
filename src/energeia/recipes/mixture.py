"""The recipes ``mixture`` and ``gaussian``: fitted by expectation maximization in their builder."""

from typing import Any

import jax
import jax.numpy as jnp

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.elliptic import EllipticMixture
from energeia.distributions.elliptic_fit import fit_mixture
from energeia.models.in_units import DensityInUnits
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.mixture import GaussianOptions, MixtureOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Integer
from energeia.training.player import Player, optimizer
from energeia.training.settings import Optimization

MOST_ANGLES = 4
"""Their turns combine in 3^4 ways."""


def build(
    options: MixtureOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Fit all training rows; see ``recipes.assembly``."""
    units = Units.fit(problem.support, reference.x)
    scaling = parts.condition_scaling(reference)
    y = parts.encoded_rows(units, reference)
    y = jnp.where(problem.support.linked.discrete, jnp.round(y), y)
    condition = None if scaling is None else scaling(reference.condition)
    chart = problem.support.linked
    ordered = tuple(isinstance(column, Integer) for column in chart.columns)
    noise = None if reference.noise is None else jax.vmap(units.encode_errors)(reference.noise)
    inner = fit_mixture(
        key, y, chart.sizes, condition, reference.weight, ordered, options.components,
        angles_of(problem), noise,
    )  # fmt: skip
    model = DensityInUnits(inner, units, scaling)
    nobody = Player("model", (), optimizer(Optimization(), 1))
    return Assembly(
        {"model": model}, MaximumLikelihood(), (nobody,), lambda modules: modules["model"]
    )


def is_mixture(model: Any) -> bool:
    """Whether a model in the user's units is a mixture of this kind."""
    return isinstance(model, DensityInUnits) and isinstance(model.inner, EllipticMixture)


def angles_of(problem: Problem) -> tuple[int, ...]:
    """The columns of angles.

    Raises:
        InputError: for more than ``MOST_ANGLES``.
    """
    found = parts.periodic_indices(problem)
    if len(found) > MOST_ANGLES:
        raise InputError(
            f"there are {len(found)} columns of angles where a mixture sums over the turns of at "
            f"most {MOST_ANGLES}: choose made or spline-flow"
        )
    return found


def build_gaussian(
    options: GaussianOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """A mixture of one component."""
    return build(MixtureOptions(components=1, training=options.training), problem, reference, key)
