"""Flows in the user's units: of continuous columns, of mixed tables, of dequantized codes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.compose import Chain
from energeia.bijections.linear import Linear, whitening
from energeia.bijections.units import Units
from energeia.contracts import Bijection, Density
from energeia.distributions.columns import columns_of
from energeia.distributions.elliptic_fit import fit_mixture
from energeia.distributions.student import student_base
from energeia.models.dequantized import Dequantized, VariationalNoise
from energeia.models.flow import Flow
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.models.made import Made
from energeia.models.mixed import Mixed
from energeia.nn.fields import ChannelsFirst, FieldNetwork, ReshapedNetwork
from energeia.nn.residual import ResidualNet
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.mixture import angles_of
from energeia.recipes.options.continuous import FfjordOptions
from energeia.recipes.options.flow import FlowOptions
from energeia.recipes.options.problem import Problem

_NOISE_WIDTH = 32
"""Hidden units or channels of a network of dequantization noise."""

MakeBijection = Callable[[Problem, PRNGKey], Bijection]


def flow_assembly(
    make: MakeBijection, options: FlowOptions | FfjordOptions, problem: Problem,
    reference: ReferenceRows, key: PRNGKey, *, alike: bool = False,
) -> Assembly:  # fmt: skip
    """A flow in the user's units, trained by maximum likelihood or on a target.

    With ``alike`` all columns are standardized by one location and scale, see ``Units.fit``.
    """
    model = flow_in_units(make, options, problem, reference, key, alike=alike)
    optimization = parts.with_prior(options.optimization, options.shrinkage, problem)
    objective = parts.density_objective(reference, reparameterized=True)
    return parts.one_player(model, objective, optimization, options.training.rounds)


def flow_in_units(
    make: MakeBijection,
    options: FlowOptions | FfjordOptions,
    problem: Problem,
    reference: ReferenceRows,
    key: PRNGKey,
    *,
    alike: bool = False,
) -> DensityInUnits | LatentInUnits:
    """A flow whose bijection ``make`` builds for the columns that it transforms.

    Those are the continuous ones of a mixed table, given the codes of the others, unless
    ``options`` ask for dequantization; codes alone are always dequantized.
    """
    units = Units.fit(problem.support, reference.x, alike=alike)
    scaling = parts.condition_scaling(reference)
    if problem.support.mixed and options.mixed == "exact":
        mixed = _mixed(make, options, problem, reference, units, key)
        return DensityInUnits(mixed, units, scaling)
    flow = _flow(make(problem, key), options, problem, flow_rows(units, reference), key)
    variational = isinstance(options, FlowOptions) and options.dequantization == "variational"
    if problem.support.all_continuous and variational:
        raise InputError(
            "dequantization=variational was given for columns that are all continuous, which need "
            "none: leave it at uniform"
        )
    if problem.support.all_continuous:
        return DensityInUnits(flow, units, scaling)
    noise = _noise(problem, jax.random.fold_in(key, 1)) if variational else None
    return LatentInUnits(Dequantized(flow, units, noise), units, scaling)


def _noise(problem: Problem, key: PRNGKey) -> VariationalNoise:
    """Noise that starts uniform, by convolutions of fields or a dense network of other rows."""
    field = len(problem.layout) in (2, 3) and len(problem.support.names) == 1
    if field and not problem.condition_dimension:
        height, width, channels = (*problem.layout, 1)[:3]
        layers = FieldNetwork(
            channels, 2 * channels, channels=_NOISE_WIDTH, depth=2, last=0.0,
            periodic=problem.periodic_layout, key=key,
        )  # fmt: skip
        network = ReshapedNetwork(layers, (height, width, channels))
        return VariationalNoise(ChannelsFirst(network, 2))
    inputs = problem.dimension + problem.condition_dimension
    return VariationalNoise(
        ResidualNet(inputs, 2 * problem.dimension, width=_NOISE_WIDTH, depth=1, key=key, gain=0.0)
    )


def flow_rows(units: Units, reference: ReferenceRows) -> Float[Array, "rows d"]:
    """The reference rows as a flow of all columns sees them.

    Discrete columns are in the middle of their cells, where noise will put them on average.
    """
    middle = parts.encoded_rows(units, reference) + jnp.where(units.coordinates.discrete, 0.5, 0.0)
    return jax.vmap(lambda w: units.scale_codes(w)[0])(middle)


def _mixed(
    make: MakeBijection, options: FlowOptions | FfjordOptions, problem: Problem,
    reference: ReferenceRows, units: Units, key: PRNGKey,
) -> Density:  # fmt: skip
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
    reals = parts.encoded_rows(units, reference)[:, np.flatnonzero(~coordinates)]
    flow = _flow(make(part, second), options, part, reals, second)
    return Mixed(discrete, flow, tuple(coordinates.tolist()))


def _flow(
    bijection: Bijection, options: FlowOptions | FfjordOptions, problem: Problem,
    rows: Float[Array, "n d"], key: PRNGKey,
) -> Density:  # fmt: skip
    """A flow of a table starts as a Student (nearly a normal) distribution with the correlations of
    its rows, or as a mixture of normal ones; other flows start as their base.
    """
    if not (problem.table and problem.support.flat):
        if options.base != "student":
            raise InputError(
                f"base={options.base} was given where rows are no table of numbers and angles: "
                "leave it as it is, base=student"
            )
        return parts.flow_of(bijection, problem)
    periodic = parts.periodic_columns(problem)
    moved = tuple(not angle for angle in periodic)
    first = whitening(rows, moved)
    white = jax.vmap(lambda row: first.forward(row)[0])(rows)
    linear = Linear(problem.dimension, moved)
    if options.base == "mixture":
        angles, reals = angles_of(problem), (0,) * problem.dimension
        most = options.components
        base: Density = fit_mixture(key, white, reals, most=most, periodic=angles)
    else:
        base = student_base(white, periodic)
    return Flow(base, Chain((first, linear, bijection)))
