"""Parts that several recipes share: coordinates, flows, likelihood assemblies, symmetries."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import msgspec
from jaxtyping import Array, Float

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import Bijection, Density, Modules, Objective
from energeia.distributions.gaussian import RealPeriodicBase, StandardNormal
from energeia.distributions.product import ProductBase
from energeia.models.flow import Flow
from energeia.models.in_units import ConditionScaling
from energeia.models.symmetrized import Symmetrized
from energeia.models.up_to_sign import UpToSign
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.reverse_kl import ReverseKL
from energeia.physics.symmetries import symmetry_group
from energeia.physics.symmetry import SymmetryGroup
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.autoregressive import Symmetrize
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer
from energeia.training.settings import Optimization

SMALLEST_IMAGE = 16
"""Pixels a side from which rows with a layout are treated as images."""


def condition_scaling(reference: ReferenceRows) -> ConditionScaling | None:
    """Standardize conditions by the reference rows; indicators of labels stay 0 and 1, since one
    of a rare label would become huge.
    """
    c = reference.condition
    if c is None:
        return None
    center, spread = jnp.mean(c, axis=0), jnp.std(c, axis=0)
    indicator = jnp.all((c == 0) | (c == 1), axis=0)
    spread = jnp.where(indicator | (spread == 0), 1.0, spread)
    return ConditionScaling(Frozen(jnp.where(indicator, 0.0, center)), Frozen(spread))


def encoded_rows(units: Units, reference: ReferenceRows) -> Float[Array, "rows d"]:
    """The reference rows in coordinates ``y``: codes and standardized reals."""
    return jax.vmap(lambda x: units.encode(x)[0])(jnp.asarray(reference.x, float))


def periodic_columns(problem: Problem) -> tuple[bool, ...]:
    """Which columns are periodic."""
    return tuple(c.name == "circle" for c in problem.support.columns)


def periodic_indices(problem: Problem) -> tuple[int, ...]:
    """The numbers of the periodic columns."""
    return tuple(i for i, periodic in enumerate(periodic_columns(problem)) if periodic)


def base_distribution(problem: Problem) -> Density:
    """The base of a flow: normal in real columns, uniform in periodic ones and on spheres."""
    if not problem.support.flat:
        return ProductBase(problem.support)
    periodic = periodic_columns(problem)
    return RealPeriodicBase(periodic) if any(periodic) else StandardNormal((problem.dimension,))


def flow_of(bijection: Bijection, problem: Problem) -> Density:
    """A flow from the usual base; equal for q and -q where there are rotations."""
    flow: Density = Flow(base_distribution(problem), bijection)
    return UpToSign(flow, problem.support) if "rotation" in problem.support.names else flow


def image_layout(problem: Problem) -> tuple[int, int, int] | None:
    """Height, width and channels of rows that are images without a condition, or None."""
    if len(problem.layout) not in (2, 3) or min(problem.layout[:2]) < SMALLEST_IMAGE:
        return None
    height, width, channels = (*problem.layout, 1)[:3]
    return None if problem.condition_dimension else (height, width, channels)


def strided_layout(problem: Problem) -> tuple[int, int, int] | None:
    """The layout of images that two strided convolutions can halve twice, or None."""
    layout = image_layout(problem)
    return layout if layout and layout[0] % 4 == layout[1] % 4 == 0 else None


def with_prior(optimization: Optimization, shrinkage: float, problem: Problem) -> Optimization:
    """Weight decay as a prior: its strength falls as one over the number of training rows."""
    if not problem.rows:
        return optimization
    decay = optimization.weight_decay + shrinkage / problem.rows
    return msgspec.structs.replace(optimization, weight_decay=decay)


def density_objective(
    reference: ReferenceRows, *, reparameterized: bool, anneal: int = 0
) -> Objective:
    """Maximum likelihood of rows, or the variational free energy of a target.

    ``reparameterized`` says whether draws of the model are smooth in its parameters, ``anneal``
    over how many rounds the energy of a target is switched on.
    """
    if reference.target is None:
        return MaximumLikelihood()
    return ReverseKL(reference.target, reparameterized, anneal=anneal)


def one_player(
    model: Any,
    objective: Objective,
    optimization: Optimization,
    rounds: int,
    *,
    name: str = "model",
    finish: Callable[[Any], Any] = lambda model: model,
) -> Assembly:
    """One module, one objective, one player that trains it."""
    player = Player(name, (name,), optimizer(optimization, rounds))

    def model_of(modules: Modules) -> Any:
        return finish(modules[name])

    return Assembly({name: model}, objective, (player,), model_of)


def symmetrized(model: Density, problem: Problem, choice: Symmetrize) -> Density:
    """Mix a density of rows over the declared symmetries, as ``choice`` says."""
    names = problem.symmetries
    if choice == "auto":
        # There are as many translations as sites, so they augment batches only.
        names = tuple(name for name in names if name != "translations")
    if choice in ("augment", "none") or not names:
        return model
    return Symmetrized(model, declared_group(problem, names))


def declared_group(problem: Problem, names: Sequence[str]) -> SymmetryGroup:
    """The group of some declared symmetries, acting on rows as a recipe sees them."""
    return symmetry_group(names, problem.layout, problem.support, problem.frame)
