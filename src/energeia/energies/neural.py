"""A neural energy: minus the log of a reference density, plus a smooth network."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Energy, condition_for
from energeia.nn.residual import ResidualNet


class NeuralEnergy(Energy):
    """E(v, c) = -log N(v) + f(features(v), c).

    The reference N is a fixed normal or another density; f is smooth and grows no faster than
    linearly, so exp(-E) can be normalized whatever the network. With ``bounds``, the least and the
    greatest of each coordinate, f sees coordinates that saturate beyond them: it is as it is
    within them, bounded everywhere, and constant far outside, where E is that of the reference up
    to a constant and no hole can open. Features are v and, for ``octaves`` k, the sine and cosine
    of 2^k v; coordinates marked by ``periodic``, of period 2 pi and uniform under
    N, enter by their sines and cosines alone, so the energy is phases in them. The last layer
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
    periodic: tuple[bool, ...] = eqx.field(static=True)
    octaves: int = eqx.field(static=True)
    condition_dimension: int = eqx.field(static=True)
    bounds: Frozen | None
    """Shape ``(2, d)``."""

    def __init__(
        self, key: PRNGKey, base: Density, width: int, depth: int, octaves: int,
        periodic: tuple[bool, ...] | None = None, condition_dimension: int = 0,
        bounds: Float[Array, "2 d"] | None = None,
    ) -> None:  # fmt: skip
        self.base, self.octaves = base, octaves
        self.periodic = periodic or (False,) * base.shape[0]
        self.condition_dimension = condition_dimension
        self.bounds = None if bounds is None else Frozen(bounds)
        inputs = _feature_count(self.periodic, octaves) + condition_dimension
        self.network = ResidualNet(inputs, 1, width=width, depth=depth, key=key, gain=0.0)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.base.shape

    @property
    @override
    def condition_shape(self) -> tuple[int] | None:
        return (self.condition_dimension,) if self.condition_dimension else None

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        near = x
        if self.bounds is not None:
            near = jnp.where(np.asarray(self.periodic), x, saturated(x, *self.bounds.value))
        seen = features(near, self.periodic, self.octaves)
        if condition is not None:
            seen = jnp.concatenate([seen, condition])
        return self.network(seen)[0] - self.base.log_prob(x, condition_for(self.base, condition))


def saturated(
    v: Float[Array, " d"], low: Float[Array, " d"], high: Float[Array, " d"]
) -> Float[Array, " d"]:
    """v itself within [low, high]; beyond, it approaches a quarter of the range further out.

    >>> import jax.numpy as jnp
    >>> saturated(jnp.array([0.5, 9.0]), jnp.zeros(2), jnp.ones(2)).round(4).tolist()
    [0.5, 1.25]
    """
    margin = 0.25 * (high - low) + 1e-6
    inside = jnp.clip(v, low, high)
    return inside + margin * jnp.tanh((v - inside) / margin)


def features(
    v: Float[Array, " d"], periodic: tuple[bool, ...], octaves: int
) -> Float[Array, " features"]:
    """The coordinates that are not angles, then sines and cosines of all at each octave."""
    is_periodic = np.asarray(periodic)
    line, turn = v[np.flatnonzero(~is_periodic)], v[np.flatnonzero(is_periodic)]
    phases = [2.0**k * line for k in range(octaves)]
    phases += [2.0**k * turn for k in range(max(octaves, 1))]
    waves = [wave(a) for a in phases for wave in (jnp.sin, jnp.cos)]
    return jnp.concatenate([line, *waves])


def _feature_count(periodic: tuple[bool, ...], octaves: int) -> int:
    turns = sum(periodic)
    lines = len(periodic) - turns
    return lines * (1 + 2 * octaves) + turns * 2 * max(octaves, 1)
