"""Networks of a time in [0, 1] and a vector."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.nn.fourier import fourier_features
from energeia.nn.residual import ResidualNet

_TIMES = 8
_FAR = 8.0


class TimedNet(eqx.Module):
    """A residual network of t, x and a condition, with ``outputs`` numbers, zero at first.

    It sees t as cos(pi k t), k = 1 .. 8; angles in ``periodic`` columns by sine and cosine, so that
    it is periodic in them; other columns as they are; and ``octaves`` of sines and cosines of all,
    of columns that are no angles within [-8, 8] only.

    >>> net = TimedNet(3, 3, width=16, depth=1, key=jax.random.key(0))
    >>> net(jnp.array(0.5), jnp.ones(3)).tolist()
    [0.0, 0.0, 0.0]
    """

    inner: ResidualNet
    periodic: tuple[bool, ...] = eqx.field(static=True)
    octaves: int = eqx.field(static=True)

    def __init__(
        self, columns: int, outputs: int, *, width: int, depth: int, key: PRNGKey,
        periodic: tuple[bool, ...] = (), octaves: int = 0, condition: int = 0,
    ) -> None:  # fmt: skip
        self.periodic, self.octaves = periodic or (False,) * columns, octaves
        seen = self._features(jnp.zeros(()), jnp.zeros(columns), jnp.zeros(condition))
        self.inner = ResidualNet(len(seen), outputs, width=width, depth=depth, key=key, gain=0.0)

    def __call__(
        self, t: Scalar, x: Float[Array, " d"], condition: Array | None = None
    ) -> Float[Array, " outputs"]:
        """The outputs at one time and vector."""
        return self.inner(self._features(t, x, condition))

    def _features(self, t: Scalar, x: Array, condition: Array | None) -> Array:
        angle = jnp.asarray(self.periodic)
        # A column has as many features, angle or not.
        line = jnp.where(angle, jnp.sin(x), x)
        turn = jnp.where(angle, jnp.cos(x), 0.0)
        times = jnp.cos(jnp.pi * t * jnp.arange(1, _TIMES + 1))
        # Far out waves would ask a solver for as many steps.
        near = jnp.where(angle, x, jnp.clip(x, -_FAR, _FAR))
        parts = [line, turn, fourier_features(near, self.octaves), times.astype(x.dtype)]
        return jnp.concatenate(parts if condition is None else [*parts, condition.astype(x.dtype)])


class NegativeGradient(eqx.Module):
    """-dU/dx of a network U(t, x) with one output.

    >>> net = NegativeGradient(TimedNet(3, 1, width=16, depth=1, key=jax.random.key(0)))
    >>> net(jnp.array(0.5), jnp.ones(3)).shape
    (3,)
    """

    potential: TimedNet

    def __call__(
        self, t: Scalar, x: Float[Array, " d"], condition: Array | None = None
    ) -> Float[Array, " d"]:
        """The gradient with the sign of a force."""
        return -jax.grad(lambda x: self.potential(t, x, condition)[0])(x)
