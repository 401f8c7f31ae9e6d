"""A continuous flow in the form in which it is trained along paths or by an estimated trace."""

import equinox as eqx
import jax
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Chain
from energeia.bijections.continuous import ContinuousMap
from energeia.bijections.paths import PATHS, PathField
from energeia.bijections.units import Units
from energeia.contracts import AveragedLogProb, Bijection, Condition, Density, Shaped
from energeia.models.flow import Flow
from energeia.models.in_units import ConditionScaling, InUnits


class VelocityModel(Shaped):
    """A fixed bijection ``first`` of the rows, then a velocity between them and the base."""

    base: Density
    first: Bijection
    map: ContinuousMap

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.map.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.map.condition_shape

    @property
    def paths(self) -> PathField:
        """The velocity, of paths."""
        assert isinstance(self.map.field, PathField)
        return self.map.field

    def flow(self, tolerance: float) -> Flow:
        """The distribution of what is at time 1, solved to a tolerance."""
        return Flow(self.base, Chain((self.first, self.map.with_tolerance(tolerance))))


class VelocityInUnits(InUnits, AveragedLogProb):
    """Of the coordinates ``v`` of ``Units``, discrete columns dequantized."""

    inner: VelocityModel
    units: Units
    scaling: ConditionScaling | None = None
    exact: bool = eqx.field(static=True, default=False)
    """Whether ``mean_log_prob`` takes the trace exactly."""

    def noise(self, key: PRNGKey) -> Array:
        """x_0, a draw of the base."""
        return self.inner.base.sample(key)

    def end(self, key: PRNGKey, x: Array) -> Array:
        """x_1, where the row ``x`` stands at the end of a path."""
        v, _ = self.units.dequantize(key, self.units.encode(x)[0])
        return self.inner.first.forward(v)[0]

    def time(self, u: Scalar) -> Scalar:
        """The time at a quantile of the times that are trained on."""
        return PATHS[self.inner.paths.path].time(u)

    def squared_error(
        self, t: Scalar, noise: Array, data: Array, condition: Condition = None
    ) -> Scalar:
        """Of the velocity at one point of one path, see ``PathField.squared_error``."""
        return self.inner.paths.squared_error(t, noise, data, self.scaled(condition))

    def mean_log_prob(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One draw of log p(x), in nats and the units of x; dequantization bounds it."""
        noise_key, trace_key = jax.random.split(key)
        y, log_det = self.units.encode(x)
        v, log_noise = self.units.dequantize(noise_key, y)
        u, log_first = self.inner.first.forward(v)
        given = self.scaled(condition)
        if self.exact:
            z, log_map = self.inner.map.forward(u, given)
        else:
            z, log_map = self.inner.map.estimate_forward(trace_key, u, given)
        return self.inner.base.log_prob(z) + log_map + log_first + log_noise + log_det
