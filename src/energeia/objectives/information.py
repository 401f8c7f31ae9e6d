"""Mutual information I(X; Z) from pairs: variational lower bounds, each with the largest value it
can attain.

For a generator without noise, I(G(Z); Z) is infinite; with x = G(z) + sigma noise it is
H(X) - d/2 log(2 pi e sigma^2), which is how ``InformationEntropy`` uses it. A bound is as tight as
its network is trained and never exceeds its cap; ``objectives.entropy`` has entropy terms that need
no estimate of I.
"""

import math
from abc import abstractmethod
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Density, Metrics, Modules
from energeia.distributions.normal_diag import NormalDiag
from energeia.estimate import Kind
from energeia.nn.residual import ResidualNet
from energeia.objectives.entropy import Draws, EntropyTerm

Rows = Float[Array, "rows d"]


class Scaling(eqx.Module):
    """(rows - location) / scale of reference rows, so that the inputs of a network are of order
    one."""

    location: Frozen
    scale: Frozen

    def __init__(self, rows: Rows) -> None:
        spread = jnp.std(rows, axis=0)
        self.location = Frozen(jnp.mean(rows, axis=0))
        self.scale = Frozen(jnp.where(spread > 0, spread, 1.0))

    def __call__(self, row: Float[Array, " d"]) -> Float[Array, " d"]:
        """One row in standard units."""
        return (row - self.location.value) / self.scale.value


class JointStatistics(eqx.Module):
    """T(x, z) = network([x, z])."""

    network: ResidualNet
    x_scaling: Scaling
    z_scaling: Scaling

    def __call__(self, x: Float[Array, " d"], z: Float[Array, " k"]) -> Scalar:
        """The statistic of one pair."""
        return self.network(jnp.concatenate([self.x_scaling(x), self.z_scaling(z)]))[0]


class SeparableStatistics(eqx.Module):
    """T(x, z) = g(x) . h(z): a table of K x K pairs costs 2 K networks and one product."""

    of_x: ResidualNet
    of_z: ResidualNet
    x_scaling: Scaling
    z_scaling: Scaling

    def table(self, x: Rows, z: Rows) -> Float[Array, "rows rows"]:
        """T(x_i, z_j) in row i and column j."""
        left = jax.vmap(lambda row: self.of_x(self.x_scaling(row)))(x)
        right = jax.vmap(lambda row: self.of_z(self.z_scaling(row)))(z)
        return left @ right.T


class InformationEncoder(eqx.Module):
    """q(z|x): a Gaussian whose means and deviations are both learned."""

    network: ResidualNet
    x_scaling: Scaling
    z_scaling: Scaling

    def __call__(self, x: Float[Array, " d"]) -> NormalDiag:
        """The law of z given one x, in the units of z."""
        mean, log_scale = jnp.split(self.network(self.x_scaling(x)), 2)
        scale = self.z_scaling.scale.value
        # Between e^-8 and e^8 deviations of z, smoothly, so that no density overflows.
        width = jnp.exp(8 * jnp.tanh(log_scale / 8))
        return NormalDiag(self.z_scaling.location.value + scale * mean, scale * width)


class InformationEstimator(eqx.Module):
    """A bound on I(X; Z): the mean of terms that depend on a network trained to maximize it."""

    kind: eqx.AbstractClassVar[Kind]

    @abstractmethod
    def network(self, key: PRNGKey, x: Rows, z: Rows, width: int, depth: int) -> Any:
        """An untrained network, with inputs standardized by the scales of these rows."""

    @abstractmethod
    def terms(self, network: Any, x: Rows, z: Rows, other: Rows) -> Float[Array, " terms"]:
        """Terms whose mean is the bound in nats; ``other`` are the z of other rows.

        One term a row, or one a block of rows.
        """

    @property
    @abstractmethod
    def training_bound(self) -> "InformationEstimator":
        """The bound that is maximized in training: this one, or one of smaller gradient
        variance."""

    @abstractmethod
    def cap(self, rows: int) -> float:
        """The largest value, in nats, that ``rows`` pairs can certify; infinity for no cap."""

    def value(self, key: PRNGKey, network: Any, x: Rows, z: Rows) -> Scalar:
        """The bound on a batch, with shuffled pairs from a random roll."""
        return jnp.mean(self.terms(network, x, z, deranged(key, z)))


class PairEstimator(InformationEstimator):
    """A bound by one statistic T of pairs, on joint rows and on shuffled ones.

    All are best at T = log p(x, z) / p(x) p(z). Any T gives a bound, and maximizing one that
    contains exp(T) diverges where I is a few nats, so the network is trained by the logistic loss
    of ``JensenShannon`` (Poole et al. 2019, arXiv:1905.06922, section 2.5).
    """

    @property
    def training_bound(self) -> "InformationEstimator":
        """The logistic loss."""
        return JensenShannon()

    def network(self, key: PRNGKey, x: Rows, z: Rows, width: int, depth: int) -> JointStatistics:
        """T of the concatenated pair."""
        inputs = x.shape[1] + z.shape[1]
        made = ResidualNet(inputs, 1, width=width, depth=depth, key=key)
        return JointStatistics(made, Scaling(x), Scaling(z))

    def terms(
        self, network: JointStatistics, x: Rows, z: Rows, other: Rows
    ) -> Float[Array, " rows"]:
        """One term a row."""
        return self.contrast(jax.vmap(network)(x, z), jax.vmap(network)(x, other))

    @abstractmethod
    def contrast(
        self, joint: Float[Array, " rows"], shuffled: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """The terms of the statistics of joint and of shuffled rows."""


class JensenShannon(PairEstimator):
    """JSD(p(x,z), p(x)p(z)) >= log 2 - E[softplus(-T)] / 2 - E_shuffled[softplus(T)] / 2.

    Deep InfoMax (Hjelm et al. 2019, arXiv:1808.06670, eq. 4). It does not estimate I: it stays
    below I and below log 2, and saturates where I is large. Its gradient has small variance, and at
    the optimum T is the log-ratio that the others need.

    >>> JensenShannon().cap(1000) == math.log(2)
    True
    """

    kind: ClassVar[Kind] = "lower bound"

    def contrast(self, joint: Array, shuffled: Array) -> Array:
        """Half the logistic losses, below log 2."""
        loss = jax.nn.softplus(-joint) + jax.nn.softplus(shuffled)
        return math.log(2) - 0.5 * loss

    def cap(self, rows: int) -> float:
        """Log 2."""
        return math.log(2)


class Nwj(PairEstimator):
    """I >= 1 + E[T] - E_shuffled[exp(T)], the f-divergence bound of KL.

    Nguyen, Wainwright and Jordan 2010; Poole et al. 2019, arXiv:1905.06922, eq. 4. A bound in the
    mean, whose variance grows as exp(I): no bound from N rows is reliable above log N
    (McAllester and Stratos 2020, arXiv:1811.04251).
    """

    kind: ClassVar[Kind] = "lower bound"

    def contrast(self, joint: Array, shuffled: Array) -> Array:
        """1 + T - exp(T')."""
        return 1 + joint - jnp.exp(shuffled)

    def cap(self, rows: int) -> float:
        """The logarithm of the number of rows."""
        return math.log(rows)


class DonskerVaradhan(PairEstimator):
    """I >= E[T] - log E_shuffled[exp(T)], estimated with a mean inside the logarithm.

    Donsker and Varadhan 1983; MINE (Belghazi et al. 2018, arXiv:1801.04062, eq. 10). The logarithm
    of a finite mean is too small on average, so the result is an estimate, too large if anything,
    and no bound. Variance and cap as for ``Nwj``.
    """

    kind: ClassVar[Kind] = "estimate"

    def contrast(self, joint: Array, shuffled: Array) -> Array:
        """T - log mean exp(T'), linearized so that its variance is that of the estimate."""
        level = jax.nn.logsumexp(shuffled) - math.log(len(shuffled))
        return joint - level - (jnp.exp(shuffled - level) - 1)

    def cap(self, rows: int) -> float:
        """The logarithm of the number of rows."""
        return math.log(rows)


class InfoNce(InformationEstimator):
    """I >= E[T(x_i, z_i) - log(1/K sum_j exp T(x_i, z_j))], blocks of K rows: below log K.

    van den Oord et al. 2018, arXiv:1807.03748, eq. 4; Poole et al. 2019, eq. 10. One term a block,
    since the rows of a block share their negatives.
    """

    size: int = eqx.field(static=True, default=256)
    embedding: int = eqx.field(static=True, default=32)
    kind: ClassVar[Kind] = "lower bound"

    @property
    def training_bound(self) -> "InformationEstimator":
        """Itself."""
        return self

    def network(
        self, key: PRNGKey, x: Rows, z: Rows, width: int, depth: int
    ) -> SeparableStatistics:
        """Two embeddings and their product."""
        keys = jax.random.split(key)
        left, right = (
            ResidualNet(rows.shape[1], self.embedding, width=width, depth=depth, key=k)
            for rows, k in zip((x, z), keys, strict=True)
        )
        return SeparableStatistics(left, right, Scaling(x), Scaling(z))

    def terms(
        self, network: SeparableStatistics, x: Rows, z: Rows, other: Rows
    ) -> Float[Array, " blocks"]:
        """One term for each full block of K rows; remaining rows are left out."""
        size = min(self.size, len(x))
        blocks = len(x) // size

        def one(rows: tuple[Array, Array]) -> Scalar:
            table = network.table(*rows)
            missed = jnp.diag(table) - jax.nn.logsumexp(table, axis=1)
            return jnp.mean(missed) + math.log(size)

        x, z = (rows[: blocks * size].reshape(blocks, size, -1) for rows in (x, z))
        return jax.lax.map(one, (x, z))

    def cap(self, rows: int) -> float:
        """Log K."""
        return math.log(min(self.size, rows))


class BarberAgakov(InformationEstimator):
    """I >= E[log q(z|x) - log prior(z)], q Gaussian with learned deviations: InfoGAN's bound.

    Barber and Agakov 2003; Chen et al. 2016, arXiv:1606.03657, eq. 4. H(Z) is known and not
    estimated, which gives it the smallest variance; it is below I by the mean KL divergence of the
    posterior from q. ``prior`` must be the law of z: another one overstates I.
    """

    prior: Density
    kind: ClassVar[Kind] = "lower bound"

    @property
    def training_bound(self) -> "InformationEstimator":
        """Itself."""
        return self

    def network(self, key: PRNGKey, x: Rows, z: Rows, width: int, depth: int) -> InformationEncoder:
        """The encoder; it starts from the marginal of z."""
        made = ResidualNet(x.shape[1], 2 * z.shape[1], width=width, depth=depth, key=key, gain=0.0)
        return InformationEncoder(made, Scaling(x), Scaling(z))

    def terms(
        self, network: InformationEncoder, x: Rows, z: Rows, other: Rows
    ) -> Float[Array, " rows"]:
        """One term a row; no row is shuffled."""
        return jax.vmap(lambda x, z: network(x).log_prob(z) - self.prior.log_prob(z))(x, z)

    @override
    def cap(self, rows: int) -> float:
        return math.inf


class InformationEntropy(EntropyTerm):
    """H(X) >= bound on I(X; Z) + d/2 log(2 pi e sigma^2), for x = G(z) + sigma noise.

    The network is ``modules["statistics"]``; the player that updates it minimizes minus ``value``,
    too. The identity needs a positive sigma.
    """

    estimator: InformationEstimator
    sigma: float = eqx.field(static=True)

    def value(self, key: PRNGKey, modules: Modules, draws: Draws) -> tuple[Scalar, Metrics]:
        """The bound on H(X), in nats."""
        x, z = (rows.reshape(len(rows), -1) for rows in (draws.x, draws.z))
        information = self.estimator.value(key, modules["statistics"], x, z)
        noise = 0.5 * x.shape[1] * math.log(2 * math.pi * math.e * self.sigma**2)
        return information + noise, {"information": information}


def deranged(key: PRNGKey, rows: Rows) -> Rows:
    """The rows rolled by a random shift other than zero: no row keeps its place.

    A random permutation keeps one row in its place on average, a joint pair among the shuffled.

    >>> import jax, jax.numpy as jnp
    >>> rows = jnp.arange(5.0)[:, None]
    >>> bool(jnp.any(deranged(jax.random.key(0), rows) == rows))
    False
    """
    return jnp.roll(rows, jax.random.randint(key, (), 1, len(rows)), axis=0)
