"""The conditional distribution of one column in an autoregressive model, and its features."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar


class Head(eqx.Module):
    """A family of distributions of one number y, with the features that later columns condition on.

    A head holds no trained arrays: a network writes its ``parameters`` numbers ``theta``.
    """

    @property
    @abstractmethod
    def features(self) -> int:
        """The number of features of one number."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """The number of parameters of one distribution."""

    @property
    def locations(self) -> tuple[int, int]:
        """First and last-plus-one of the parameters that move with y; none by default.

        p(y + a | theta) = p(y | theta + a) where a is added to these alone. The first feature of
        such a number is y itself.
        """
        return (0, 0)

    @abstractmethod
    def embed(self, y: Scalar) -> Float[Array, " features"]:
        """The features of y, of order one."""

    @abstractmethod
    def log_prob(self, theta: Float[Array, " parameters"], y: Scalar) -> Scalar:
        """log p(y | theta), normalized over the values of the column, in nats."""

    @abstractmethod
    def sample(self, key: PRNGKey, theta: Float[Array, " parameters"]) -> Scalar:
        """One value, as a float."""

    @abstractmethod
    def initial(self, y: Float[Array, " rows"]) -> Float[Array, " parameters"]:
        """A theta near the marginal distribution of a reference sample; traceable."""
