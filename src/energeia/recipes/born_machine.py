"""The recipe ``born-machine``: a matrix-product state by maximum likelihood of its outcomes."""

import jax.numpy as jnp

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.models.born_machine import BornMachine
from energeia.models.in_units import DensityInUnits
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.physics.quantum.povm import povm_named
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.problem import Problem
from energeia.recipes.options.tomography import BornOptions


def build(
    options: BornOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``.

    Raises:
        InputError: if the columns do not have as many values as the measurement has outcomes.
    """
    povm = povm_named(options.povm)
    if set(problem.support.sizes) != {povm.n_outcomes}:
        raise InputError(
            f"columns with {', '.join(map(str, sorted(set(problem.support.sizes))))} values were "
            f"given where {options.povm} has {povm.n_outcomes} outcomes: name the measurement with "
            "--povm, or declare categorical columns with that many values"
        )
    units = Units.fit(problem.support, reference.x)
    inner = BornMachine.random(
        key,
        povm,
        problem.dimension,
        options.bond,
        purification=options.purification,
        real={"real": True, "complex": False, "auto": None}[options.amplitudes],
        noise=options.noise,
        signs=options.signs,
        reference=jnp.round(parts.encoded_rows(units, reference)).astype(int),
    )
    return parts.one_player(
        DensityInUnits(inner, units),
        MaximumLikelihood(),
        options.optimization,
        options.training.rounds,
    )
