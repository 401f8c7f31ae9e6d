"""The conditional distribution of a part of a configuration, for chains."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from energeia._core.errors import NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Condition, Energy, Kernel
from energeia.energies.cells import WithinCells
from energeia.energies.mask import masked
from energeia.mcmc.choice import default_kernel
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.mala import Mala
from energeia.models.boltzmann import BoltzmannModel
from energeia.models.in_units import DensityInUnits
from energeia.models.landscape import HasLandscape, Landscape
from energeia.support import Integer, Support


class ConditionalTarget(NamedTuple):
    """p(unknown | known) of a model as a target of chains in coordinates z."""

    energy: Energy
    """Of z, the known coordinates held."""
    kernel: Kernel
    """Its step size, where it has one, is to be tuned."""
    condition: Condition
    """The standardized condition that energy and kernel take."""
    start: Callable[[PRNGKey], Array]
    """Where a chain starts: a draw that ignores what is known, with the known values put back."""
    to_user: Callable[[Array], Array]
    """The user's values of z; known values as they were given."""


def conditional_target(
    model: Any, x: Float[Array, " d"], known: Bool[Array, " d"], condition: Condition = None
) -> ConditionalTarget:
    """The distribution of the unknown columns given the known ones, as a target of chains.

    A Boltzmann machine keeps its Gibbs sweeps, known units held; a density of codes takes heat
    baths. Models with a landscape (flows, energies of reals, games) take MALA on the masked energy
    of v, in which a known discrete column moves within the cell of its code only. Everything may be
    traced: one program serves all masks.

    Args:
        model: in the user's units.
        x: one configuration in the user's units; anything, such as NaN, where ``known`` is False.
        known: which columns have the values of ``x``; a factor of several columns as a whole.
        condition: in the user's units, or None.

    Raises:
        NoSuchCapability: for a model without an energy that chains can sample.
    """
    landscape = model.landscape() if isinstance(model, HasLandscape) else None
    if isinstance(model, BoltzmannModel) and not model.dequantize:
        return _of_codes(model, _local(model.kernel), model.draw_base, x, known, condition)
    if landscape is not None:
        return _of_landscape(model, landscape, x, known, condition)
    if isinstance(model, DensityInUnits) and model.units.support.all_discrete:
        codes = Support.of([Integer(0, size - 1) for size in model.units.support.sizes])
        kernel = default_kernel(model.inner, codes)
        return _of_codes(model, kernel, model.inner.sample, x, known, condition)
    raise NoSuchCapability(
        f"a {type(model).__name__} has no energy that chains could sample given a part of a "
        "configuration: fit an autoregressive model, a flow (with mixed=dequantized where columns "
        "are discrete and continuous), a Boltzmann machine or max-entropy"
    )


Draw = Callable[[PRNGKey, Condition], Array]


def _of_codes(
    model: BoltzmannModel | DensityInUnits, kernel: Kernel, draw: Draw, x: Array, known: Array,
    condition: Condition,
) -> ConditionalTarget:  # fmt: skip
    """Chains in codes and standardized reals y, of a model that is an energy of y."""
    units: Units = model.units
    y, fixed, _ = units.encode_known(x, known)
    energy = masked(model.inner, y, fixed)
    scaled = condition if model.scaling is None else model.scaling(condition)
    return ConditionalTarget(
        energy, kernel, scaled,
        start=lambda key: energy.put_back(draw(key, scaled)),
        to_user=lambda z: jnp.where(known, x, units.decode(z)),
    )  # fmt: skip


def _of_landscape(
    model: Any, landscape: Landscape, x: Array, known: Array, condition: Condition
) -> ConditionalTarget:
    """Chains in reals v; a known discrete column is confined to the cell of its code."""
    _refuse(landscape)
    units, scaled = landscape.units, landscape.scaled(condition)
    y, fixed, _ = units.encode_known(x, known)
    discrete = np.asarray(units.coordinates.discrete)
    # What is not known may be NaN, which has no cell.
    y = jnp.where(fixed, y, 0.0)
    low, high = units.scale_codes(y)[0], units.scale_codes(y + discrete)[0]
    energy = WithinCells(
        masked(landscape.energy, y, fixed & ~discrete),
        fixed & discrete, low, jnp.where(discrete, high - low, 1.0),
    )  # fmt: skip
    draw, kernel = landscape.draw, Mala(2.7 * y.size ** (-1 / 3))
    if isinstance(model, BoltzmannModel):
        draw, kernel = model.draw_base, _local(model.kernel)

    def start(key: PRNGKey) -> Array:
        draw_key, cell_key = jax.random.split(key)
        v = draw(draw_key, scaled)
        inside = jax.random.logistic(cell_key, v.shape, v.dtype)
        return energy.put_back(jnp.where(energy.confined, inside, v))

    return ConditionalTarget(
        energy, kernel, scaled, start,
        to_user=lambda z: jnp.where(known, x, landscape.to_user(energy.inside(z))),
    )  # fmt: skip


def _local(kernel: Kernel) -> Kernel:
    """A kernel without proposals of whole configurations, which would not keep known values."""
    return kernel.local if isinstance(kernel, JumpingMala) else kernel


def _refuse(landscape: Landscape) -> None:
    if landscape.ratio:
        raise NoSuchCapability(
            "the energy of this model is a critic's, about log p_G - log p and not -log p: no "
            "conditional distribution follows from it"
        )
