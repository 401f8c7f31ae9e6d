"""Continuous densities for discrete columns, by uniform dequantization."""

from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, LatentModel


class Dequantized(LatentModel):
    """A density of the coordinates v as a distribution of codes and reals y.

    P(code) is the integral of p(v) over the code's cell, and a uniform draw u of the cell gives
    the weight p(v(code + u)) |dv/du|, unbiased; its logarithm bounds log P from below.
    Theis et al. 2016, "A note on the evaluation of generative models", section 3.1.
    Samples are rounded to codes within their alphabets.
    """

    density: Density
    units: Units

    def __check_init__(self) -> None:
        require_same_shape("a density", self.density.shape, "units", self.units.inner_shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.inner_shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.density.condition_shape

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One draw of log p(v) + log |dv/du| for codes and reals ``x``, in nats."""
        v, log_det = self.units.dequantize(key, x)
        return self.density.log_prob(v, condition) + log_det

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration of codes and reals."""
        return self.units.quantize(self.density.sample(key, condition))
