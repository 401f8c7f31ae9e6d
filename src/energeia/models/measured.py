"""Measured values: a model of true values seen through measurement errors of known size.

Of a row x measured with independent normal errors of standard deviations sigma, a model q of true
values t says p(x | sigma) = int q(t) N(x; t, sigma^2) dt. The errors of a row are given, so here
they are numbers of its condition, before those that the model has itself.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import NoSuchCapability
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Generator, LatentModel, Modules
from energeia.distributions.elliptic import EllipticMixture
from energeia.models.in_units import DensityInUnits, InUnits

PROPOSAL = "proposal"
"""The name among the modules of a run of the mixture that proposes true values."""


def measured_law(model: Any, proposal: DensityInUnits | None = None) -> Density | LatentModel:
    """The law of measured rows under a model of true ones, given errors and conditions.

    A condition of the result is ``(sigma, c)``, of ``d`` and of as many numbers as the model's own
    condition has; ``x`` and ``sigma`` are in the user's units. Of a mixture of normal distributions
    it is exact. Of another density or latent model it is estimated by the weights
    q(t) p(x | sigma) / p(t) of true values t that ``proposal``, a mixture of normal distributions p
    fitted to the same rows, draws given x: an unbiased estimate, whose logarithm is a lower bound,
    close where q is close to p.

    Raises:
        NoSuchCapability: for a model without a density, or of another kind without a proposal.
    """
    if isinstance(model, DensityInUnits) and isinstance(model.inner, EllipticMixture):
        return MeasuredMixture(model)
    if isinstance(model, Density | LatentModel) and proposal is not None:
        return MeasuredModel(model, proposal)
    raise NoSuchCapability(
        f"a {type(model).__name__} has no likelihood of rows with errors: train a recipe that "
        "takes them, such as mixture or made"
    )


def law_of_measured(modules: Modules) -> Density | LatentModel:
    """The law of measured rows under the modules of a run."""
    return measured_law(modules["model"], modules.get(PROPOSAL))


class _Measured(Generator):
    """Draws of measured values: true ones plus errors."""

    model: eqx.AbstractVar[Any]

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.model.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...]:
        own = self.model.condition_shape
        return (self.model.shape[0] + (0 if own is None else own[0]),)

    def _given(self, condition: Condition) -> tuple[Array, Condition]:
        """The errors, and the model's own condition."""
        assert condition is not None  # its shape is checked by those who call
        noise, own = jnp.split(condition, self.model.shape)
        return noise, None if self.model.condition_shape is None else own

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        draw_key, error_key = jax.random.split(key)
        noise, own = self._given(condition)
        return self.model.sample(draw_key, own) + noise * jax.random.normal(error_key, noise.shape)


class MeasuredMixture(_Measured, Density):
    """Rows measured with errors under a mixture of normal distributions, exactly."""

    model: DensityInUnits

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log int q(t | c) N(x; t, sigma^2) dt, in nats and the units of x."""
        noise, own = self._given(condition)
        return log_measured(self.model, x, noise, own)


class MeasuredModel(_Measured, LatentModel):
    """Rows measured with errors under any model with a density or with weights."""

    model: Density | LatentModel
    proposal: DensityInUnits

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """log of q(t) p(x | sigma) / p(t) at one t of the proposal's posterior p(t | x, sigma)."""
        propose_key, weight_key = jax.random.split(key)
        noise, own = self._given(condition)
        t = jax.lax.stop_gradient(draw_true(self.proposal, propose_key, x, noise, own))
        if isinstance(self.model, Density):
            log_q = self.model.log_prob(t, own)
        else:
            log_q = self.model.log_weight(weight_key, t, own)
        apart = log_measured(self.proposal, x, noise, own) - self.proposal.log_prob(t, own)
        return log_q + jax.lax.stop_gradient(apart)


def log_measured(model: DensityInUnits, x: Array, noise: Array, condition: Condition) -> Scalar:
    """log p(x | sigma, c) of a mixture in the user's units."""
    y, log_det, errors = _encoded(model, x, noise)
    assert isinstance(model.inner, EllipticMixture)
    return model.inner.log_measured(y, errors, model.scaled(condition)) + log_det


def draw_true(
    model: DensityInUnits, key: PRNGKey, x: Array, noise: Array, condition: Condition
) -> Array:
    """True values given measured ones, under a mixture in the user's units."""
    y, _, errors = _encoded(model, x, noise)
    assert isinstance(model.inner, EllipticMixture)
    t = model.units.decode(model.inner.draw_true(key, y, errors, model.scaled(condition)))
    return jnp.where(noise > 0, t, x)


def _encoded(model: InUnits, x: Array, noise: Array) -> tuple[Array, Scalar, Array]:
    """Coordinates, log-determinant, and errors in coordinates."""
    return *model.units.encode(x), model.units.encode_errors(noise)
