"""The recipe ``equivariant-flow``: a continuous flow with the symmetries of a lattice."""

import jax.numpy as jnp
import numpy as np

from energeia._core.errors import InputError
from energeia._core.specs import parse_parameters
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.continuous import ContinuousMap, VectorField, with_maps
from energeia.bijections.lattice_field import LatticeField, displacement_orbits
from energeia.bijections.units import Units
from energeia.contracts import Modules
from energeia.models.in_units import DensityInUnits
from energeia.physics.lattice.gauge_field import GaugeField
from energeia.physics.lattice.symmetry import LATTICE_SYMMETRIES, point_permutations
from energeia.physics.symmetries import SYMMETRIES
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.continuous import EquivariantOptions
from energeia.recipes.options.problem import Problem


def build(
    options: EquivariantOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """A base of equal, independent sites, moved by a velocity with the symmetries of the lattice.

    Real fields start normal, with one location and one scale, or the map would not commute with
    shifts; links of a U(1) gauge theory start uniform, and keep every gauge invariant density.

    Raises:
        InputError: for rows that are neither fields nor links on a periodic lattice.
    """
    field, units = _links(options, problem) or _sites(options, problem, reference, key)
    flow = parts.flow_of(_map(field, options.steps), problem)
    assembly = parts.one_player(
        DensityInUnits(flow, units, parts.condition_scaling(reference)),
        parts.density_objective(reference, reparameterized=True),
        parts.with_prior(options.optimization, options.shrinkage, problem),
        options.training.rounds,
    )

    def model(modules: Modules) -> object:
        return with_maps(
            assembly.model(modules), lambda found: _map(found.field, options.fine_steps)
        )

    return assembly._replace(model=model)


def _map(field: VectorField, steps: int) -> ContinuousMap:
    periodic = (isinstance(field, GaugeField),) * field.shape[0]
    return ContinuousMap(field, steps=steps, periodic=periodic)


def _links(options: EquivariantOptions, problem: Problem) -> tuple[VectorField, Units] | None:
    """The velocity of link angles, where rows are those."""
    if "link-translations" not in problem.symmetries:
        return None
    field = GaugeField(
        problem.layout[1], times=options.times, harmonics=options.harmonics,
        condition=problem.condition_dimension,
    )  # fmt: skip
    blank = np.zeros(problem.dimension)
    return field, Units(problem.support, Frozen(jnp.asarray(blank)), Frozen(jnp.asarray(blank + 1)))


def _sites(
    options: EquivariantOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> tuple[VectorField, Units]:
    """The velocity of numbers at sites."""
    sites = [name for name in problem.symmetries if name in LATTICE_SYMMETRIES]
    if "translations" not in sites or set(problem.support.names) != {"real"}:
        raise InputError(
            f"equivariant-flow was asked for columns {problem.support} whose symmetries are "
            f"{', '.join(problem.symmetries) or 'not declared'}: declare translations of a "
            "periodic lattice of reals, or take spline-flow"
        )
    points = point_permutations(sites, problem.layout)
    flips = [name for name in problem.symmetries if name.partition(":")[0] == "sign-flip"]
    field = LatticeField(
        displacement_orbits(points, problem.layout), problem.layout, rank=options.rank,
        frequencies=options.frequencies, times=options.times, key=key, odd=bool(flips),
        condition=problem.condition_dimension,
    )  # fmt: skip
    return field, _equal_units(problem, reference, flips)


def _equal_units(problem: Problem, reference: ReferenceRows, flips: list[str]) -> Units:
    """One location and scale for all sites in the user's units; a flip's center is the location."""
    location, scale = (np.asarray(part, float) for part in problem.frame)
    location, scale = (location, scale) if scale.size else (np.zeros(1), np.ones(1))
    x = reference.x * scale + location
    center = jnp.mean(x)
    for spec in flips:
        center = parse_parameters("symmetry", spec, SYMMETRIES["sign-flip"].parameters)["center"]
    spread = jnp.sqrt(jnp.mean((x - center) ** 2))
    ones = jnp.ones(problem.dimension)
    return Units(
        problem.support, Frozen(ones * (center - location) / scale), Frozen(ones * spread / scale)
    )
