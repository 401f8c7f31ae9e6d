"""The recipes ``realnvp`` and ``nice``: affine and additive coupling layers."""

import jax.numpy as jnp

from energeia._core.types import PRNGKey
from energeia.bijections.compose import Chain
from energeia.bijections.elementwise import Affine
from energeia.bijections.scalar import AffineScalar, ScalarBijection, ShiftScalar
from energeia.contracts import Bijection
from energeia.nn.depth import UNROLLED
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.couplings import coupling_flow
from energeia.recipes.flow_models import flow_assembly
from energeia.recipes.options.flow import NiceOptions, RealNVPOptions
from energeia.recipes.options.problem import Problem


def build(
    options: RealNVPOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Affine maps of every column, their log-scales bounded."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return _couplings(AffineScalar(options.bound), options, part, key)

    return flow_assembly(bijection, options, problem, reference, key)


def build_nice(
    options: NiceOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Shifts of every column, then one scale for each."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        shifts = _couplings(ShiftScalar(), options, part, key)
        if any(column.name == "circle" for column in part.support.columns):
            return shifts  # an angle cannot be scaled, and tables have a learned linear map
        blank = jnp.zeros(part.dimension)
        return Chain((shifts, Affine(blank, blank)))

    return flow_assembly(bijection, options, problem, reference, key)


def _couplings(
    transformer: ScalarBijection, options: RealNVPOptions, problem: Problem, key: PRNGKey
) -> Bijection:
    chosen = options.resolved(problem)
    # Unrolled layers save a third of a step, for a few seconds of compilation.
    return coupling_flow(transformer, chosen, problem, key, unroll=min(chosen.layers, UNROLLED))
