"""Continuous flows: the bijection that follows a field of velocities from data to the base."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Bijection, Condition, Shaped

MOST_STEPS = 4096
"""Steps of a solver, rejected ones included, after which a row has no result."""

Slope = Callable[[Any, Array], tuple[Array, Scalar]]
"""From t and x to the velocity and its trace."""


class VectorField(Shaped):
    """A velocity for each time in [0, 1] and configuration of shape ``(d,)``."""

    @abstractmethod
    def velocity(self, t: Scalar, x: Array, condition: Condition = None) -> Array:
        """dx/dt, shape ``self.shape``."""


class TracedField(VectorField):
    """A velocity whose trace is known in closed form."""

    @abstractmethod
    def velocity_and_trace(
        self, t: Scalar, x: Array, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """dx/dt and tr(dv/dx)."""


class ContinuousMap(Bijection):
    """y = x(0), where x(1) = x and dx/dt = v(t, x): data at time 1, the base at time 0.

    log |det dy/dx| = -int_0^1 tr(dv/dx) dt, the trace exact: that of a ``TracedField``, or by d
    products with the Jacobian of v (Chen et al. 2018, arXiv:1806.07366, eq. 8). The equation of x
    and of the logarithm is solved together by an adaptive Runge-Kutta method of order five
    (Tsitouras), each row with its own steps, to ``tolerance``, relative and absolute. The map that
    is solved is not quite the one of the equation: refine the ``tolerance`` to see by how much
    (``refined``). With
    ``steps`` there are that many of equal length instead, of the classical method of order four,
    whose error nothing controls; all rows are then at one time, so that what depends on time alone
    is computed once.

    ``periodic`` columns are angles in [-pi, pi). Where the solver needs more than ``MOST_STEPS``
    steps the result is NaN.

    >>> class Growth(VectorField):
    ...     shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    ...     condition_shape: None = eqx.field(static=True, default=None)
    ...
    ...     def velocity(self, t, x, condition=None):
    ...         return x
    >>> y, log_det = ContinuousMap(Growth()).forward(jnp.ones(2))
    >>> bool(jnp.allclose(y, jnp.exp(-1.0), atol=1e-4)), round(float(log_det), 3)
    (True, -2.0)
    """

    field: VectorField
    tolerance: float = eqx.field(static=True, default=1e-5)
    steps: int = eqx.field(static=True, default=0)
    periodic: tuple[bool, ...] = eqx.field(static=True, default=())

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.field.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.field.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._solve(self._traced(condition), x, 1.0, 0.0)[:2]

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._solve(self._traced(condition), y, 0.0, 1.0)[:2]

    @override
    def inverse_point(self, y: Array, condition: Condition = None) -> Array:

        def slope(t: Any, x: Array) -> tuple[Array, Scalar]:
            return self.field.velocity(t, x, condition), jnp.zeros((), x.dtype)

        return self._solve(slope, y, 0.0, 1.0)[0]

    def estimate_forward(
        self, key: PRNGKey, x: Array, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """y and an unbiased estimate of the log-determinant, at the cost of one product with the
        Jacobian an evaluation: tr J = E[e.J e] for random signs e (Hutchinson 1989; Grathwohl et
        al. 2019, arXiv:1810.01367, eq. 8)."""
        signs = jax.random.rademacher(key, x.shape, x.dtype)

        def slope(t: Any, x: Array) -> tuple[Array, Scalar]:
            velocity, change = jax.jvp(
                lambda x: self.field.velocity(t, x, condition), (x,), (signs,)
            )
            return velocity, jnp.sum(signs * change)

        return self._solve(slope, x, 1.0, 0.0)[:2]

    def evaluations(self, x: Array, condition: Condition = None) -> Int[Array, ""]:
        """How often ``forward`` evaluates the field; -1 where it runs out of steps."""
        return self._solve(self._traced(condition), x, 1.0, 0.0)[2]

    def with_tolerance(self, tolerance: float) -> "ContinuousMap":
        """The same map by another tolerance."""
        return ContinuousMap(self.field, tolerance, self.steps, self.periodic)

    def refined(self) -> "ContinuousMap":
        """The same map by half the tolerance or twice the steps."""
        return ContinuousMap(self.field, self.tolerance / 2, 2 * self.steps, self.periodic)

    def _traced(self, condition: Condition) -> Slope:
        """The velocity with its exact trace."""
        field = self.field
        if isinstance(field, TracedField):
            return lambda t, x: field.velocity_and_trace(t, x, condition)

        def slope(t: Any, x: Array) -> tuple[Array, Scalar]:
            velocity, change = jax.linearize(lambda x: field.velocity(t, x, condition), x)
            return velocity, jnp.trace(jax.vmap(change)(jnp.eye(len(x), dtype=x.dtype)))

        return slope

    def _solve(
        self, slope: Slope, x: Array, start: float, stop: float
    ) -> tuple[Array, Scalar, Array]:
        if self.steps:
            y, log_det = _equal_steps(slope, x, start, stop, self.steps)
            count = jnp.asarray(4 * self.steps)
        else:
            y, log_det, count = self._adaptive(slope, x, start, stop)
        if any(self.periodic):
            y = jnp.where(jnp.asarray(self.periodic), wrap(y), y)
        return y, log_det, count

    def _adaptive(
        self, slope: Slope, x: Array, start: float, stop: float
    ) -> tuple[Array, Scalar, Array]:
        import diffrax  # where an equation is solved: commands that solve none start sooner

        found = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, state, _: slope(t, state[0])),
            diffrax.Tsit5(),
            start,
            stop,
            None,
            (x, jnp.zeros((), x.dtype)),
            stepsize_controller=diffrax.PIDController(rtol=self.tolerance, atol=self.tolerance),
            max_steps=MOST_STEPS,
            throw=False,
        )
        assert found.ys is not None
        solved = found.result == diffrax.RESULTS.successful
        (y,), (log_det,) = found.ys
        # Six stages a step, of which the last is the first of the next.
        count = jnp.where(solved, 6 * found.stats["num_steps"] + 1, -1)
        return jnp.where(solved, y, jnp.nan), jnp.where(solved, log_det, jnp.nan), count


def _equal_steps(
    slope: Slope, x: Array, start: float, stop: float, steps: int
) -> tuple[Array, Scalar]:
    """The classical Runge-Kutta method, in one scan.

    Not by diffrax, whose loop of several rows gives each its own time.
    """
    h = (stop - start) / steps

    def moved(state: tuple[Array, Scalar], slopes: tuple[Array, Scalar], by: float) -> Any:
        return jax.tree.map(lambda value, change: value + by * change, state, slopes)

    def step(state: tuple[Array, Scalar], t: Scalar) -> tuple[tuple[Array, Scalar], None]:
        first = slope(t, state[0])
        second = slope(t + h / 2, moved(state, first, h / 2)[0])
        third = slope(t + h / 2, moved(state, second, h / 2)[0])
        last = slope(t + h, moved(state, third, h)[0])
        mean = jax.tree.map(
            lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, first, second, third, last
        )
        return moved(state, mean, h), None

    times = start + h * jnp.arange(steps, dtype=x.dtype)
    return jax.lax.scan(step, (x, jnp.zeros((), x.dtype)), times)[0]


def continuous_maps(model: Any) -> list[ContinuousMap]:
    """Every continuous map within a model."""
    leaves = jax.tree.leaves(model, is_leaf=_is_map)
    return [leaf for leaf in leaves if _is_map(leaf)]


def with_maps(model: Any, change: Callable[[ContinuousMap], Bijection]) -> Any:
    """The model with every continuous map within it changed."""
    return jax.tree.map(
        lambda leaf: change(leaf) if _is_map(leaf) else leaf, model, is_leaf=_is_map
    )


def _is_map(node: Any) -> bool:
    return isinstance(node, ContinuousMap)
