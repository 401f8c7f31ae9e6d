"""Energies of a latent vector, sampled by chains in the latent space of a generator.

A generator G, z ~ prior, and an energy E of configurations make three latent energies. They define
different distributions: each docstring gives that of x = G(z).
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Condition, Density, Energy, Pushforward, condition_for

JACOBIAN_CAP = 64
"""The largest latent dimension in which whole Jacobians are computed."""


class LatentEnergy(Energy):
    """An energy of z made of an energy of configurations x and the generator that draws them."""

    inner: eqx.AbstractVar[Energy]
    generator: eqx.AbstractVar[Pushforward]

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.generator.prior.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.generator.condition_shape or self.inner.condition_shape

    @abstractmethod
    def energy(self, z: Array, condition: Condition = None) -> Scalar:
        """The energy of one latent vector, in nats."""

    def on_image(self, z: Array, condition: Condition = None) -> Scalar:
        """E(G(z)), in nats."""
        x = self.generator.transform(z, condition_for(self.generator, condition))
        return self.inner.energy(x, condition_for(self.inner, condition))


class Pullback(LatentEnergy):
    """E(G(z)) - 1/2 log det J^T J, J = dG/dz: samples exp(-E) on the image of G.

    Exact where G is injective: x = G(z) has the density exp(-E(x)) / Z with respect to the volume
    of the image, of all space where dimensions agree. With E = -log p_G it is the prior.
    Cost: a Jacobian a step, hence up to ``JACOBIAN_CAP`` latent dimensions, unless the generator
    is a density itself.

    Raises:
        InputError: for more latent dimensions than the cap, or than x has.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections.elementwise import Affine
    >>> from energeia.distributions.gaussian import StandardNormal
    >>> from energeia.models.flow import Flow
    >>> flow = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.ones(1)))
    >>> z = jnp.array([0.7])
    >>> bool(jnp.isclose(Pullback(flow, flow).energy(z), flow.prior.energy(z)))
    True
    """

    inner: Energy
    generator: Pushforward

    @override
    def energy(self, z: Array, condition: Condition = None) -> Scalar:
        own_condition = condition if self.generator.condition_shape else None
        return self.on_image(z, condition) - log_volume(self.generator, z, own_condition)


class Tilt(LatentEnergy):
    """E(G(z)) - log prior(z): samples p_G(x) exp(-E(x)), whatever G, without a Jacobian.

    Here E is a *ratio* energy, log p_G - log p of the wanted p, as a critic trained to classify
    learns it (Che et al. 2020, arXiv:2003.06060, eq. 5). With E = -log p_G it samples p_G^2.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections.elementwise import Affine
    >>> from energeia.distributions.gaussian import StandardNormal
    >>> from energeia.models.flow import Flow
    >>> flow = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.zeros(1)))
    >>> z = jnp.array([0.7])
    >>> bool(jnp.isclose(Tilt(flow, flow).energy(z), 2 * flow.prior.energy(z)))
    True
    """

    inner: Energy
    generator: Pushforward

    @override
    def energy(self, z: Array, condition: Condition = None) -> Scalar:
        return self.on_image(z, condition) - self.generator.log_prior(z, condition)


class Plain(LatentEnergy):
    """E(G(z)) alone: samples exp(-E(x)) p_G(x) / prior(z(x)), a heuristic.

    The energy of "Maximum Entropy Generators" (Kumar et al. 2019, arXiv:1901.08508, section 3.3),
    right only where |det J| is constant. Where G saturates, exp(-E(G(z))) cannot be normalized and
    chains diverge.
    """

    inner: Energy
    generator: Pushforward

    @override
    def energy(self, z: Array, condition: Condition = None) -> Scalar:
        return self.on_image(z, condition)


class Posterior(Energy):
    """|x - G(z)|^2 / (2 sigma^2) - log prior(z): samples z given x = G(z) + sigma noise.

    Its force includes that of the prior.
    """

    generator: Pushforward
    x: Array
    sigma: float = eqx.field(static=True)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.generator.prior.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.generator.condition_shape

    def energy(self, z: Array, condition: Condition = None) -> Scalar:
        """-log p(z|x) up to a constant of x, in nats."""
        miss = self.sigma * self.likelihood_score(z, condition)
        return 0.5 * jnp.sum(miss**2) - self.generator.log_prior(z, condition)

    def likelihood_score(self, z: Array, condition: Condition = None) -> Array:
        """(G(z) - x) / sigma^2, the score of log p(x|z): its posterior mean is that of log p(x)."""
        return (self.generator.transform(z, condition) - self.x) / self.sigma**2


LATENT_ENERGIES: dict[str, type[Pullback] | type[Tilt] | type[Plain]] = {
    "pullback": Pullback,
    "tilt": Tilt,
    "plain": Plain,
}
"""The named energies of a latent space."""


def log_volume(
    generator: Pushforward, z: Array, condition: Condition = None, sigma: float = 0.0
) -> Scalar:
    """1/2 log det(J^T J + sigma^2 1), J = dG/dz: the log volume element of G at z, in nats.

    With ``sigma`` zero, log prior(z) minus this is the log-density of x = G(z) on the image of an
    injective G; for a generator that is a density, it follows from that density. With ``sigma`` it
    is that of x = G(z) + sigma noise to first order in the noise, exact for a linear G, and latent
    dimensions may outnumber those of x.

    Raises:
        InputError: for more latent dimensions than ``JACOBIAN_CAP``, or than x without noise.
    """
    if isinstance(generator, Density) and sigma == 0.0:
        return generator.log_prior(z, condition) - generator.log_prob(
            generator.transform(z, condition), condition
        )
    _refuse_large(z.size, generator, sigma)
    jacobian = jax.jacfwd(generator.transform)(z, condition).reshape(-1, z.size)
    if sigma == 0.0 and jacobian.shape[0] == jacobian.shape[1]:
        return jnp.linalg.slogdet(jacobian)[1]
    tall = jacobian if jacobian.shape[0] >= jacobian.shape[1] else jacobian.T
    width = tall.shape[1]
    if sigma:
        # [J; sigma 1] has the Gram matrix J^T J + sigma^2 1, whose condition number is the square
        # of its own.
        tall = jnp.concatenate([tall, sigma * jnp.eye(width, dtype=tall.dtype)])
    spare = (z.size - width) * jnp.log(jnp.asarray(sigma or 1.0, tall.dtype))
    return jnp.sum(jnp.log(jnp.abs(jnp.diag(jnp.linalg.qr(tall)[1])))) + spare


def _refuse_large(latent: int, generator: Pushforward, sigma: float) -> None:
    size = 1
    for axis in generator.shape:
        size *= axis
    if latent > JACOBIAN_CAP:
        raise InputError(
            f"the Jacobian of {latent} latent dimensions was asked for, above the cap of "
            f"{JACOBIAN_CAP}: sample the tilt, which needs none, or take the entropy's gradient "
            "from ImportanceScore or ChainScore"
        )
    if latent > size and sigma == 0.0:
        raise InputError(
            f"{latent} latent dimensions are mapped to {size}: the volume of such a map is zero, "
            "so sample the tilt, give the noise sigma, or use a generator with at most "
            f"{size} latent dimensions"
        )
