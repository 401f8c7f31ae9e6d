"""The abstract classes of the library: what a subclass must define and what it inherits.

Everything is written for *one* configuration ``x`` of shape ``self.shape`` and an optional
``condition`` of shape ``self.condition_shape``, always the last argument; ``batched`` (in
``_core.batching``) is the one place that vectorizes. Keys come first. Classes here are abstract;
every subclass is final, and extends another by wrapping it.

Energies are in nats: p(x) = exp(-E(x)) / Z, in the units of x.
"""

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar

Condition = Array | None


# A type checker takes abstract variables for fields of the constructor. Properties say what is
# meant, that a member has these as fields or computes them, so the checker is shown properties.
class Shaped(eqx.Module):
    """Base of objects defined on configurations of one shape."""

    if TYPE_CHECKING:

        @property
        def shape(self) -> tuple[int, ...]:
            """The shape of one configuration."""
            ...

        @property
        def condition_shape(self) -> tuple[int, ...] | None:
            """The shape of one condition, or None."""
            ...

    else:
        shape: eqx.AbstractVar[tuple[int, ...]]
        condition_shape: eqx.AbstractVar[tuple[int, ...] | None]


def condition_for(part: Shaped, condition: Condition) -> Condition:
    """The condition, for a part of a model that takes one; None for one that does not."""
    return None if part.condition_shape is None else condition


class Wrapper(Shaped):
    """Base of objects around one other object, on configurations and conditions of its shapes."""

    inner: eqx.AbstractVar[Shaped]

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.inner.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape


class Named(eqx.Module):
    """Base of objects with a name and a unit."""

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """The name."""
            ...

        @property
        def unit(self) -> str:
            """The unit."""
            ...

    else:
        name: eqx.AbstractVar[str]
        unit: eqx.AbstractVar[str]


class Energy(Shaped):
    """A real function of a configuration, E(x) = -log p(x) + const."""

    @abstractmethod
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The energy of one configuration, in nats, up to a constant of the condition."""

    def force(self, x: Array, condition: Condition = None) -> Array:
        """Minus the gradient of the energy: the score of p, shape ``self.shape``."""
        return -jax.grad(self.energy)(x, condition)

    def put_back(self, x: Array) -> Array:
        """``x`` with the coordinates that this energy holds at known values put back to them.

        None are by default. Kernels apply it to what they propose: an energy with known values
        (``energies.Masked``) does not depend on what else stands in those coordinates.
        """
        return x


class BlockEnergy(Energy):
    """An energy whose variables form blocks that can be drawn given the others (Gibbs sampling).

    The variables of one block are independent given what the draw holds fixed (the other blocks, or
    hidden variables drawn first), so that some of them may keep known values.
    """

    @property
    @abstractmethod
    def blocks(self) -> int:
        """The number of blocks in one sweep."""

    @abstractmethod
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """Draw one block from its conditional distribution and return the whole configuration.

        ``block`` is traced where there are more than eight.
        """


class Generator(Shaped):
    """A distribution that can be sampled: one configuration from one key."""

    @abstractmethod
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration, shape ``self.shape``."""


class Density(Energy, Generator):
    """A normalized distribution with an exact log-density and an exact sampler."""

    @abstractmethod
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(x), normalized, in nats; -inf outside the support."""

    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """One configuration and its log-density, in nats.

        By default two passes; a density whose sampler knows the log-density as it draws overrides
        it with one. Equal in distribution to ``sample`` and ``log_prob``, and differentiable in
        the parameters wherever the sampler is.
        """
        x = self.sample(key, condition)
        return x, self.log_prob(x, condition)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """-log p(x): an energy whose partition function is one."""
        return -self.log_prob(x, condition)


class Pushforward(Generator):
    """The image of a simple distribution under a map: x = G(z), z ~ ``prior``.

    A prior with conditions is handed the condition, like the map.
    """

    @property
    @abstractmethod
    def prior(self) -> Density:
        """The distribution of the latent vector z."""

    @abstractmethod
    def transform(self, z: Array, condition: Condition = None) -> Array:
        """G(z), one configuration of shape ``self.shape``."""

    def draw_latent(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One latent vector z of the prior."""
        return self.prior.sample(key, condition_for(self.prior, condition))

    def log_prior(self, z: Array, condition: Condition = None) -> Scalar:
        """The log-density of z under the prior, in nats."""
        return self.prior.log_prob(z, condition_for(self.prior, condition))

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration, shape ``self.shape``."""
        return self.transform(self.draw_latent(key, condition), condition)


class LatentModel(Generator):
    """A distribution with hidden variables, p(x) = E_q(z|x) [p(x, z) / q(z|x)]."""

    @abstractmethod
    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One draw of log p(x, z) - log q(z|x), z ~ q(z|x).

        Its exponential is an unbiased estimate of p(x); its mean is the ELBO, and the logarithm of
        the mean of K such exponentials is the IWAE lower bound (Burda et al. 2016, eq. 8).
        """


class ConditionalSampler(Generator):
    """A distribution that can fill in a part of a configuration, the other part given."""

    @abstractmethod
    def complete(
        self, key: PRNGKey, x: Array, known: Bool[Array, "..."], condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """A configuration that keeps the known values of ``x``, and the log of its weight.

        ``known`` has the shape of ``x`` and is traced: one compiled program serves every mask.
        The unknown part is drawn from a proposal q(unknown | known), and the weight is
        p(known, unknown) / q(unknown | known). Its mean is p(known) exactly; where it does not vary
        the draw is one of p(unknown | known), and otherwise draws are resampled by weight.
        """


class AveragedLogProb(Shaped):
    """A model that is trained by a random number whose mean is its log-probability, or a bound."""

    @abstractmethod
    def mean_log_prob(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One draw of a number whose mean over keys is at most log p(x), in nats: an average over
        orders of the columns, or over probes of a trace, where it is log p(x) itself."""


class Encoder(Shaped):
    """A model that maps a configuration to a latent vector and back."""

    @abstractmethod
    def encode(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        """A draw of z given x; the one z of an invertible model, whatever the key."""

    @abstractmethod
    def decode(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        """A draw of x given z, shape ``self.shape``; the one x where z determines it."""


class Bijection(Shaped):
    """A smooth invertible map with its log-determinant."""

    @abstractmethod
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        """y = f(x) and log |det df/dx|."""

    @abstractmethod
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        """x = f^-1(y) and log |det df^-1/dy|."""

    def inverse_point(self, y: Array, condition: Condition = None) -> Array:
        """f^-1(y) alone. By default that of ``inverse``: a compiler removes the log-determinant,
        unless one loop computes both, as a solver does."""
        return self.inverse(y, condition)[0]


class KernelInfo(NamedTuple):
    """Diagnostics of one step of a kernel; the chain itself does not use them."""

    acceptance: Float[Array, ""]
    accepted: Bool[Array, ""]
    evaluations: Array | float = 1.0
    """How many energies or forces the step took, by which kernels are compared."""


class Kernel(eqx.Module):
    """A Markov transition that leaves exp(-E) invariant, or documents what it leaves instead.

    The target is an argument of every step. A state may cache values of its target, so ``init`` is
    called again whenever the target changes. Every state has a ``position``.
    """

    @abstractmethod
    def init(self, target: Energy, x: Array, condition: Condition = None) -> Any:
        """The state of a chain at ``x``."""

    @abstractmethod
    def step(
        self, key: PRNGKey, target: Energy, state: Any, condition: Condition = None
    ) -> tuple[Any, KernelInfo]:
        """One step of the chain."""


class Batch(NamedTuple):
    """Rows of data, or of conditions alone; what is None is not there.

    A run on a target has no rows: its ``x`` has the shape ``(draws, 0)`` and counts how many
    configurations the objective draws from the model.
    """

    x: Array
    """Shape ``(rows, *shape)``."""
    condition: Condition = None
    """Shape ``(rows, *condition_shape)``."""
    weight: Array | None = None
    """How much each row counts, shape ``(rows,)``."""
    observed: Array | None = None
    """Which entries of ``x`` were measured, boolean of the shape of ``x``."""
    noise: Array | None = None
    """Standard error of each entry of ``x``, of the shape of ``x``."""


Modules = dict[str, Any]
"""The modules of a game by name, such as ``{"generator": ..., "critic": ...}``."""

Metrics = dict[str, Scalar]


class Objective(eqx.Module):
    """The losses of a game, one for each player. Maximum likelihood has one player."""

    @property
    @abstractmethod
    def players(self) -> tuple[str, ...]:
        """The names of the players, in the order of their moves."""

    @property
    def honors(self) -> frozenset[str]:
        """The optional fields of ``Batch`` that the losses use; rows with others are refused.

        Where weights are not among them, rows are drawn in proportion to their weights.
        """
        return frozenset()

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Any:
        """The state carried between moves beside the parameters (chains, buffers); None by default.

        ``batch`` is one batch of training rows, from which shapes or starting points are taken.
        """
        return None

    @abstractmethod
    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Any
    ) -> tuple[Scalar, tuple[Any, Metrics]]:
        """The loss of one player on one batch: ``(loss, (memory, metrics))``."""

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar | None:
        """The mean loss per held-out row, monitored by early stopping; None where there is none."""
        return None


class Observable(Named):
    """A physical quantity of one configuration."""

    @abstractmethod
    def value(self, x: Array) -> Scalar:
        """The quantity at one configuration, in ``unit``."""
