"""Simple models that take seconds: kernel densities, marginals, tables, linear conditionals."""

import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.distributions.kernel_density import fit_kernels
from energeia.models.in_units import DensityInUnits
from energeia.models.kgram import KGram
from energeia.models.linear import LinearAutoregressive
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.mixture import KernelDensityOptions, MarginalsOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.options.tomography import KGramOptions, LinearOptions
from energeia.training.settings import Optimization


def build_linear(
    options: LinearOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Logits linear in all columns before; see ``recipes.assembly``."""
    units, seen = _coordinates(problem, reference)
    columns = columns_of(problem.support, components=options.components, octaves=options.octaves)
    inner = LinearAutoregressive(key, columns, seen)
    return parts.one_player(
        DensityInUnits(inner, units),
        MaximumLikelihood(),
        options.optimization,
        options.training.rounds,
    )


def build_k_gram(
    options: KGramOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Tables counted on all training rows, in which nothing is left to train."""
    units, seen = _coordinates(problem, reference)
    inner = KGram.fit(seen.astype(int), problem.support.sizes, options.order)
    return parts.one_player(DensityInUnits(inner, units), MaximumLikelihood(), Optimization(), 1)


def build_marginals(
    options: MarginalsOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Of each column alone: tables counted on all training rows, or kernels at rows."""
    if all(problem.support.discrete):
        return build_k_gram(KGramOptions(order=0), problem, reference, key)
    return _kernels(problem, reference, key, independent=True)


def build_kernels(
    options: KernelDensityOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Kernels at the training rows, or at as many of them as are kept."""
    return _kernels(problem, reference, key, independent=False)


def _kernels(
    problem: Problem, reference: ReferenceRows, key: PRNGKey, *, independent: bool
) -> Assembly:
    units, seen = _coordinates(problem, reference)
    angles = parts.periodic_indices(problem)
    chart = problem.support.linked
    inner = fit_kernels(key, seen, chart.sizes, angles, independent=independent)
    return parts.one_player(DensityInUnits(inner, units), MaximumLikelihood(), Optimization(), 1)


def _coordinates(problem: Problem, reference: ReferenceRows) -> tuple[Units, Array]:
    units = Units.fit(problem.support, reference.x)
    y = parts.encoded_rows(units, reference)
    return units, jnp.where(problem.support.linked.discrete, jnp.round(y), y)
