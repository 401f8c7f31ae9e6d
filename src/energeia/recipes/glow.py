"""The recipe ``glow``: a multi-scale flow of fields, of invertible 1 x 1 convolutions."""

import jax
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.bijections.channels import ChannelCoupling
from energeia.bijections.compose import Chain, Inverse
from energeia.bijections.multiscale import level_shapes, multi_scale, stacked_on_rows
from energeia.bijections.reshape import ReshapedBijection, Squeezed, squeeze
from energeia.bijections.scalar import AffineScalar, ScalarBijection
from energeia.bijections.sites import ActNorm, EverySite, invertible_convolution
from energeia.bijections.spline import Spline
from energeia.bijections.units import Units
from energeia.contracts import Bijection
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.couplings import field_layout
from energeia.recipes.flow_models import flow_assembly, flow_rows
from energeia.recipes.options.flow import GlowOptions
from energeia.recipes.options.problem import Problem

_START_ROWS = 256
"""Reference rows that layers start from: their sites make many more numbers of each channel."""


def build(
    options: GlowOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """A flow of fields: exact likelihoods, or a lower bound of dequantized codes.

    Raises:
        InputError: for rows that are no field, or sides that cannot be halved at every level.
    """
    field_layout("glow", problem)
    units = Units.fit(problem.support, reference.x, alike=True)
    rows = flow_rows(units, reference)[:_START_ROWS]

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return _layers(options.resolved(part), part, rows, key)

    return flow_assembly(bijection, options, problem, reference, key, alike=True)


def _layers(
    options: GlowOptions, problem: Problem, rows: Float[Array, "n d"], key: PRNGKey
) -> Bijection:
    """Levels of steps (Kingma and Dhariwal 2018, figure 2b), each but the last with a split.

    The prior N(mu(x_1), sigma(x_1)^2) of the half that is split off is a coupling,
    z = (x_2 - mu) / sigma, so that the base of the flow is one standard normal distribution.
    """
    layout = field_layout("glow", problem)
    shapes = level_shapes(layout, options.levels)
    fields, levels = rows.reshape(-1, *layout), []
    for shape, level_key in zip(shapes, jax.random.split(key, len(shapes)), strict=True):
        fields = squeeze(fields)
        step_key, prior_key = jax.random.split(level_key)
        inner, fields = stacked_on_rows(
            lambda key, fields: _step(options, problem, fields, key),
            options.steps, fields, step_key,
        )  # fmt: skip
        if len(levels) < len(shapes) - 1:
            affine = AffineScalar(options.bound)
            prior = _coupling(affine, options, problem, fields.shape[1:], prior_key)
            inner = Chain((inner, Inverse(prior)))
        levels.append(Squeezed(inner))
        fields = fields[..., : 2 * shape[-1]]
    return ReshapedBijection(multi_scale(levels), (problem.dimension,))


def _step(
    options: GlowOptions, problem: Problem, fields: Float[Array, "n h w c"], key: PRNGKey
) -> tuple[Bijection, Float[Array, "n h w c"]]:
    """One step of flow, figure 2a, and the fields after it, since its coupling is the identity yet.

    Channels are normalized, mixed at each site, then coupled.
    """
    mixing_key, coupling_key = jax.random.split(key)
    shape = fields.shape[1:]
    mixed = Chain((ActNorm(fields), invertible_convolution(mixing_key, shape[-1])))
    first = EverySite(mixed, shape[:2])
    spline = options.coupling == "spline"
    map_ = Spline(options.bins, options.half_width) if spline else AffineScalar(options.bound)
    step = Chain((first, _coupling(map_, options, problem, shape, coupling_key)))
    return step, jax.vmap(lambda field: first.forward(field)[0])(fields)


def _coupling(
    transformer: ScalarBijection,
    options: GlowOptions,
    problem: Problem,
    shape: tuple[int, ...],
    key: PRNGKey,
) -> ChannelCoupling:
    return ChannelCoupling(
        shape,
        transformer,
        channels=options.channels,
        depth=options.depth,
        periodic_layout=problem.periodic_layout,
        condition_shape=problem.condition_shape,
        key=key,
    )
