"""Flows in the user's units: of continuous columns, of mixed tables, of dequantized codes."""

from collections.abc import Callable

import jax
import msgspec
import numpy as np

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Bijection, Density
from energeia.distributions.columns import columns_of
from energeia.models.dequantized import Dequantized
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.models.made import Made
from energeia.models.mixed import Mixed
from energeia.recipes import parts
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.flow import CouplingOptions
from energeia.recipes.options.problem import Problem

MakeBijection = Callable[[Problem, PRNGKey], Bijection]


def flow_in_units(
    make: MakeBijection,
    options: CouplingOptions,
    problem: Problem,
    reference: ReferenceRows,
    key: PRNGKey,
) -> DensityInUnits | LatentInUnits:
    """A flow whose bijection ``make`` builds for the columns that it transforms.

    Those are the continuous ones of a mixed table, given the codes of the others, unless
    ``options`` ask for dequantization; codes alone are always dequantized.
    """
    units, scaling = Units.fit(problem.support, reference.x), parts.condition_scaling(reference)
    if problem.support.mixed and options.mixed == "exact":
        return DensityInUnits(_mixed(make, problem, reference, units, key), units, scaling)
    flow = parts.flow_of(make(problem, key), problem)
    if problem.support.all_continuous:
        return DensityInUnits(flow, units, scaling)
    return LatentInUnits(Dequantized(flow, units), units, scaling)


def _mixed(
    make: MakeBijection, problem: Problem, reference: ReferenceRows, units: Units, key: PRNGKey
) -> Density:
    """An autoregressive network of the codes, and a flow of the rest given their features."""
    first, second = jax.random.split(key)
    support = problem.support
    codes = np.flatnonzero(support.discrete)
    columns = columns_of(support.select(codes.tolist()))
    coordinates = np.asarray(units.coordinates.discrete)
    discrete = Made(
        first,
        columns,
        condition_shape=problem.condition_shape,
        reference=parts.encoded_rows(units, reference)[:, np.flatnonzero(coordinates)],
    )
    rest = support.select(np.flatnonzero(~support.discrete).tolist())
    part = msgspec.structs.replace(
        problem,
        support=rest,
        layout=(rest.width,),
        periodic_layout=False,
        condition_dimension=sum(columns.features) + problem.condition_dimension,
        symmetries=(),
        frame=((), ()),
    )
    flow = parts.flow_of(make(part, second), part)
    return Mixed(discrete, flow, tuple(coordinates.tolist()))
