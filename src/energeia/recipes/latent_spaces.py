"""Latent spaces of autoencoders by their options."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.autoregressive import autoregressive_stack
from energeia.bijections.scalar import AffineScalar
from energeia.bijections.spline import Spline
from energeia.bijections.split import coupling_stack
from energeia.bijections.units import Units
from energeia.contracts import Bijection
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.models.latent_manifolds import RotationSpace, SphereSpace
from energeia.models.latent_space import LatentSpace, NormalSpace
from energeia.recipes import parts
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.latent import LatentOptions

_BINS, _HALF_WIDTH = 8, 4.0
"""Splines of latent vectors: most of a normal distribution lies within."""
_DEPTH = 1


def space_of(options: LatentOptions, latent: int, first_scale: float, key: PRNGKey) -> LatentSpace:
    """The space of ``latent`` dimensions that options ask for.

    Raises:
        InputError: for a posterior, a prior or a dimension that does not fit the space.
    """
    if options.space == "normal":
        one, two = jax.random.split(key)
        prior = _splines(options, latent, None, two) if options.prior == "flow" else None
        return NormalSpace(latent, first_scale, _posterior_flow(options, latent, one), prior)
    if options.posterior != "normal" or options.prior == "flow":
        raise InputError(
            f"posterior={options.posterior} and prior={options.prior} were given with "
            f"space={options.space}, where flows are not defined: leave them as they are"
        )
    match options.space:
        case "sphere":
            return SphereSpace(1, latent + 1, first_scale)
        case "torus":
            return SphereSpace(latent, 2, first_scale)
        case _ if latent % 3:
            raise InputError(
                f"latent={latent} dimensions were given of rotations, which have three each: give "
                "a multiple of 3"
            )
        case _:
            return RotationSpace(latent // 3, first_scale)


def first_pseudo_inputs(
    options: LatentOptions, units: Units, columns: ColumnLikelihoods, reference: ReferenceRows,
    key: PRNGKey,
) -> Float[Array, "k features"] | None:  # fmt: skip
    """Features of random rows, from which the pseudo-inputs of a prior start."""
    if options.prior != "vamp":
        return None
    y = parts.encoded_rows(units, reference)
    chosen = jax.random.choice(
        key, len(y), (options.pseudo_inputs,), replace=len(y) < options.pseudo_inputs
    )
    return jnp.asarray(jax.vmap(columns.features)(y[chosen]), float)


def _posterior_flow(options: LatentOptions, latent: int, key: PRNGKey) -> Bijection | None:
    match options.posterior:
        case "normal":
            return None
        case "iaf":
            return autoregressive_stack(
                AffineScalar(), options.flow_layers, periodic=(False,) * latent,
                condition_shape=(options.context,), width=options.flow_width, depth=_DEPTH, key=key,
            )  # fmt: skip
        case "spline":
            return _splines(options, latent, (options.context,), key)


def _splines(
    options: LatentOptions, latent: int, condition_shape: tuple[int, ...] | None, key: PRNGKey
) -> Bijection:
    return coupling_stack(
        Spline(_BINS, _HALF_WIDTH), options.flow_layers, dimension=latent,
        condition_shape=condition_shape, width=options.flow_width, depth=_DEPTH, key=key,
    )  # fmt: skip
