"""The recipes ``planar`` and ``radial``: flows of layers that stretch one direction or center."""

from collections.abc import Callable

import equinox as eqx
import jax

from energeia._core.types import PRNGKey
from energeia.bijections.compose import Stacked
from energeia.bijections.rank_one import Planar, Radial
from energeia.contracts import Bijection
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.flow_models import flow_assembly
from energeia.recipes.options.flow import RankOneOptions
from energeia.recipes.options.problem import Problem


def build_planar(
    options: RankOneOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Planar layers; see ``recipes.assembly``."""
    return _build(Planar, options, problem, reference, key)


def build_radial(
    options: RankOneOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Radial layers; see ``recipes.assembly``."""
    return _build(Radial, options, problem, reference, key)


def _build(
    layer: Callable[..., Bijection], options: RankOneOptions, problem: Problem,
    reference: ReferenceRows, key: PRNGKey,
) -> Assembly:  # fmt: skip
    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        build = eqx.filter_vmap(lambda key: layer(key, part.dimension, part.condition_shape))
        return Stacked(build(jax.random.split(key, options.layers)))

    return flow_assembly(bijection, options, problem, reference, key)
