"""Assemblies for rows that were measured with errors."""

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.models.in_units import DensityInUnits
from energeia.models.measured import PROPOSAL, law_of_measured
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes import mixture
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.mixture import MixtureOptions
from energeia.recipes.options.problem import Problem

PARTICLES = 8
"""True values that are proposed for a row in each move."""


def of_measured_rows(
    assembly: Assembly, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """A model of true values trained on measured ones; the same assembly for rows without errors.

    What was to be trained by maximum likelihood is trained by that of the measured rows, see
    ``models.measured``; a mixture of normal distributions, fitted to the reference rows, proposes
    true values unless the model is one itself.

    Raises:
        InputError: for an assembly of several modules.
    """
    if "noise" not in problem.fields:
        return assembly
    if set(assembly.modules) != {"model"}:
        raise InputError(
            f"rows have errors, and {' and '.join(assembly.modules)} were to be trained where one "
            "model takes them: leave out options such as several orders"
        )
    modules = dict(assembly.modules)
    if not mixture.is_mixture(modules["model"]):
        modules[PROPOSAL] = _proposal(problem, reference, key)
    objective = MaximumLikelihood(PARTICLES, law_of_measured)
    return assembly._replace(modules=modules, objective=objective)


def _proposal(problem: Problem, reference: ReferenceRows, key: PRNGKey) -> DensityInUnits:
    fitted = mixture.build(MixtureOptions(), problem, reference, key)
    return fitted.modules["model"]
