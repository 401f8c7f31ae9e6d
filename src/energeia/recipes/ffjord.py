"""The recipe ``ffjord``: a continuous flow by maximum likelihood."""

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.continuous import ContinuousMap, with_maps
from energeia.bijections.paths import NetworkField
from energeia.contracts import Bijection, Modules
from energeia.models.velocity import VelocityInUnits
from energeia.nn.timed import TimedNet
from energeia.objectives.averaged import AveragedLikelihood
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.flow_models import flow_assembly
from energeia.recipes.options.continuous import FfjordOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.velocities import finished, timed_net, velocity_model


def build(
    options: FfjordOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``.

    With the trace exact this is a flow like any other, of mixed tables and on targets, too.

    Raises:
        InputError: for an estimated trace where there are no rows.
    """
    if not options.resolved(problem).exact_trace:
        return _by_estimate(options, problem, reference, key)

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return _map(options, part, key)

    assembly = flow_assembly(bijection, options, problem, reference, key)

    def model(modules: Modules) -> object:
        return with_maps(
            assembly.model(modules), lambda found: found.with_tolerance(options.tolerance)
        )

    return assembly._replace(model=model)


def _by_estimate(
    options: FfjordOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    if reference.target is not None:
        raise InputError(
            "an estimated trace was asked for where there are no rows, and the variational free "
            "energy wants exact log-densities: give trace=exact"
        )
    inner, units = velocity_model(_map(options, problem, key), problem, reference)
    return parts.one_player(
        VelocityInUnits(inner, units, parts.condition_scaling(reference)),
        AveragedLikelihood(held_out_draws=1),
        parts.with_prior(options.optimization, options.shrinkage, problem),
        options.training.rounds,
        finish=lambda model: finished(model, options.tolerance),
    )


def _map(options: FfjordOptions, problem: Problem, key: PRNGKey) -> ContinuousMap:
    net: TimedNet = timed_net(options.resolved(problem), problem, problem.dimension, key)
    periodic = parts.periodic_columns(problem)
    field = NetworkField(net, periodic, problem.condition_shape)
    return ContinuousMap(field, options.training_tolerance, periodic=periodic)
