"""A dense residual network without normalization layers."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.nn.depth import through


class ResidualBlock(eqx.Module):
    """h + W2 f(W1 f(h) + b1) + b2, the identity at first: W2 starts at zero (Zhang et al. 2019)."""

    first: eqx.nn.Linear
    second: eqx.nn.Linear
    activation: Callable[[Array], Array] = eqx.field(static=True)

    def __init__(
        self,
        width: int,
        *,
        key: PRNGKey,
        activation: Callable[[Array], Array] = jax.nn.silu,
        zero: bool = True,
    ) -> None:
        one, two = jax.random.split(key)
        self.first = eqx.nn.Linear(width, width, key=one)
        second = eqx.nn.Linear(width, width, key=two)
        self.second = scaled(second, 0.0) if zero else second
        self.activation = activation

    def __call__(self, h: Float[Array, " width"]) -> Float[Array, " width"]:
        """The next hidden vector."""
        return h + self.second(self.activation(self.first(self.activation(h))))


class ResidualNet(eqx.Module):
    """Affine, residual blocks, activation, affine: a smooth map of vectors.

    Its parts are initialized so that the output starts near ``gain`` times that of a linear map,
    and the blocks start as identities, so that deep networks are stable (Fixup: Zhang et al. 2019,
    arXiv:1901.09321). With a smooth activation its gradient may be differentiated again.

    >>> import jax
    >>> net = ResidualNet(2, 3, width=16, depth=2, key=jax.random.key(0))
    >>> net(jax.numpy.ones(2)).shape
    (3,)
    """

    first: eqx.nn.Linear
    blocks: ResidualBlock
    """All of them, stacked along a leading axis."""
    last: eqx.nn.Linear
    activation: Callable[[Array], Array] = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        key: PRNGKey,
        activation: Callable[[Array], Array] = jax.nn.silu,
        gain: float = 1.0,
    ) -> None:
        keys = jax.random.split(key, depth + 2)
        self.first = eqx.nn.Linear(inputs, width, key=keys[0])
        self.blocks = eqx.filter_vmap(lambda k: ResidualBlock(width, key=k, activation=activation))(
            keys[2:]
        )
        self.last = scaled(eqx.nn.Linear(width, outputs, key=keys[1]), gain)
        self.activation = activation

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """The outputs at one vector."""
        return self.last(self.activation(through(self.blocks, self.first(x))))


def scaled(layer: eqx.nn.Linear, gain: float) -> eqx.nn.Linear:
    """The layer with its weights and bias multiplied by ``gain``."""
    return jax.tree.map(lambda leaf: gain * leaf if eqx.is_array(leaf) else leaf, layer)


def joined(x: Float[Array, " n"], condition: Array | None) -> Float[Array, " m"]:
    """A vector with its condition, if any, appended."""
    return x if condition is None else jnp.concatenate([x, condition.astype(x.dtype)])
