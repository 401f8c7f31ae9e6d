"""A conditional density at one condition."""

from typing import ClassVar

from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class AtCondition(Density):
    """p(x | given) as a density of x: a condition of its own is ignored."""

    density: Density
    given: Array
    condition_shape: ClassVar[None] = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.density.shape

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        return self.density.log_prob(x, self.given)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return self.density.sample(key, self.given)

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        return self.density.sample_and_log_prob(key, self.given)
