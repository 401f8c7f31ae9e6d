"""The recipe ``spline-flow``: rational-quadratic coupling layers, trained by maximum likelihood."""

import msgspec

from energeia._core.types import PRNGKey
from energeia.bijections.coupling import coupling_stack
from energeia.bijections.spline import Spline
from energeia.bijections.units import Units
from energeia.contracts import Bijection, Density, LatentModel, Modules
from energeia.distributions.gaussian import RealPeriodicBase, StandardNormal
from energeia.models.dequantized import Dequantized
from energeia.models.flow import Flow
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes.assembly import Assembly, ReferenceRows, condition_scaling
from energeia.recipes.options.flow import SplineFlowOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Circle
from energeia.training.player import Player, optimizer
from energeia.training.settings import Optimization, Training


def build(
    options: SplineFlowOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Splines on every column: exact likelihoods, or a lower bound where columns are discrete."""
    options = options.resolved(problem.dimension)
    bijection = coupling_stack(
        Spline(options.bins, options.half_width),
        options.layers,
        periodic=periodic_columns(problem),
        condition_shape=problem.condition_shape,
        octaves=options.octaves,
        width=options.width,
        depth=options.depth,
        key=key,
    )
    model = flow_in_units(bijection, problem, reference)
    optimization = shrunk(options.optimization, options.shrinkage, problem)
    return likelihood_assembly(model, optimization, options.training)


def shrunk(optimization: Optimization, shrinkage: float, problem: Problem) -> Optimization:
    """Weight decay as a prior: its pull falls as one over the training rows."""
    decay = optimization.weight_decay + shrinkage / problem.rows
    return msgspec.structs.replace(optimization, weight_decay=decay)


def periodic_columns(problem: Problem) -> tuple[bool, ...]:
    """Which columns are angles."""
    return tuple(isinstance(c, Circle) for c in problem.support.columns)


def flow_in_units(
    bijection: Bijection, problem: Problem, reference: ReferenceRows
) -> DensityInUnits | LatentInUnits:
    """A flow in the user's units, dequantized where columns are discrete."""
    units = Units.fit(problem.support, reference.x)
    periodic = periodic_columns(problem)
    base: Density = RealPeriodicBase(periodic) if any(periodic) else StandardNormal(bijection.shape)
    flow, scaling = Flow(base, bijection), condition_scaling(reference)
    if problem.support.all_continuous:
        return DensityInUnits(flow, units, scaling)
    return LatentInUnits(Dequantized(flow, units), units, scaling)


def likelihood_assembly(
    model: Density | LatentModel, optimization: Optimization, training: Training
) -> Assembly:
    """The game of one player that maximizes the likelihood of ``model``."""
    player = Player("model", ("model",), optimizer(optimization, training.rounds))
    return Assembly({"model": model}, MaximumLikelihood(), (player,), _model_of)


def _model_of(modules: Modules) -> Density | LatentModel:
    return modules["model"]
