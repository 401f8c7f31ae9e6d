"""A neural energy: a reference density bent by a smooth network."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Energy
from energeia.nn.residual import ResidualNet


class NeuralEnergy(Energy):
    """E(v, c) = -log N(v) + f(features(v), c).

    The reference N is a normal, which is fixed; f is smooth and grows no faster than linearly, so
    exp(-E) can be normalized whatever the network. Features are v and, for ``octaves`` k, the
    sine and cosine of 2^k v; coordinates marked by ``circle``, of period 2 pi and uniform under
    N, enter by their sines and cosines alone, so the energy is periodic in them. The last layer
    starts at zero: E starts as the normal.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> base = Normal(jnp.zeros(2), jnp.eye(2))
    >>> energy = NeuralEnergy(jax.random.key(0), base, width=8, depth=1, octaves=2)
    >>> x = jnp.ones(2)
    >>> bool(jnp.isclose(energy.energy(x), -base.log_prob(x)))
    True
    """

    base: Density
    network: ResidualNet
    circle: tuple[bool, ...] = eqx.field(static=True)
    octaves: int = eqx.field(static=True)
    condition_dimension: int = eqx.field(static=True)

    def __init__(
        self, key: PRNGKey, base: Density, width: int, depth: int, octaves: int,
        circle: tuple[bool, ...] | None = None, condition_dimension: int = 0,
    ) -> None:  # fmt: skip
        self.base, self.octaves = base, octaves
        self.circle = circle or (False,) * base.shape[0]
        self.condition_dimension = condition_dimension
        inputs = _feature_count(self.circle, octaves) + condition_dimension
        self.network = ResidualNet(inputs, 1, width=width, depth=depth, key=key, gain=0.0)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(d,)``."""
        return self.base.shape

    @property
    def condition_shape(self) -> tuple[int] | None:
        """The shape of one condition, or None."""
        return (self.condition_dimension,) if self.condition_dimension else None

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E in nats."""
        seen = features(x, self.circle, self.octaves)
        if condition is not None:
            seen = jnp.concatenate([seen, condition])
        return self.network(seen)[0] - self.base.log_prob(x)


def features(
    v: Float[Array, " d"], circle: tuple[bool, ...], octaves: int
) -> Float[Array, " features"]:
    """The coordinates off circles, then sines and cosines of all at each octave."""
    is_periodic = np.asarray(circle)
    line, turn = v[np.flatnonzero(~is_periodic)], v[np.flatnonzero(is_periodic)]
    periodic = [2.0**k * line for k in range(octaves)]
    periodic += [2.0**k * turn for k in range(max(octaves, 1))]
    waves = [wave(a) for a in periodic for wave in (jnp.sin, jnp.cos)]
    return jnp.concatenate([line, *waves])


def _feature_count(circle: tuple[bool, ...], octaves: int) -> int:
    turns = sum(circle)
    lines = len(circle) - turns
    return lines * (1 + 2 * octaves) + turns * 2 * max(octaves, 1)
