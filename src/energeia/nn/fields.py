"""Convolutional networks of fields, whose parameters do not depend on the size of the field."""

from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.shapes import require_same_size
from energeia._core.types import PRNGKey
from energeia.nn.convolutional import Convolution


class FieldNetwork(eqx.Module):
    """Convolutions with silu between them: a field ``(h, w, inputs)`` to ``(h, w, outputs)``.

    There are ``depth`` hidden layers, at least one, of ``channels`` each. The first and the last
    layer have kernels of side ``kernel``, those between them of ``inner``, the same by default. The
    weights of the last layer are scaled by ``last``: with 0 it starts at zero. A network with
    ``periodic`` commutes with translations.

    >>> import jax
    >>> net = FieldNetwork(1, 3, channels=8, depth=2, periodic=True, key=jax.random.key(0))
    >>> net(jax.numpy.ones((4, 6, 1))).shape
    (4, 6, 3)
    """

    layers: tuple[Convolution, ...]

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        channels: int,
        depth: int,
        kernel: int = 3,
        inner: int = 0,
        periodic: bool = False,
        last: float = 1.0,
        key: PRNGKey,
    ) -> None:
        sizes = [inputs, *[channels] * max(depth, 1), outputs]
        keys = jax.random.split(key, len(sizes) - 1)
        sides = [kernel, *[inner or kernel] * (len(keys) - 2), kernel]
        layers = [
            Convolution(n_in, n_out, kernel=side, periodic=periodic, key=k)
            for k, n_in, n_out, side in zip(keys, sizes[:-1], sizes[1:], sides, strict=True)
        ]
        head = layers.pop()
        layers.append(eqx.tree_at(lambda layer: layer.weight, head, last * head.weight))
        self.layers = tuple(layers)

    def __call__(
        self, x: Float[Array, "h w inputs"], shift: Float[Array, "*sites channels"] | None = None
    ) -> Float[Array, "h w outputs"]:
        """The outputs at every site; ``shift`` is added to the first hidden layer, of all sites or
        of each."""
        h = self.layers[0](x)
        if shift is not None:
            h = h + shift
        for layer in self.layers[1:]:
            h = layer(jax.nn.silu(h))
        return h


class PooledNetwork(eqx.Module):
    """The sum or the mean over all sites of a network of fields: a flat row to ``(outputs,)``.

    A sum is what an energy is, extensive: its parameters hold at every size of the lattice.

    >>> import jax
    >>> net = FieldNetwork(1, 3, channels=8, depth=1, periodic=True, key=jax.random.key(0))
    >>> PooledNetwork(net, (4, 4, 1), "sum")(jax.numpy.ones(16)).shape
    (3,)
    """

    network: FieldNetwork
    layout: tuple[int, int, int] = eqx.field(static=True)
    pool: Literal["sum", "mean"] = eqx.field(static=True)

    def __call__(self, x: Float[Array, " sites"]) -> Float[Array, " outputs"]:
        """The outputs of one field."""
        found = self.network(x.reshape(self.layout))
        return (jnp.sum if self.pool == "sum" else jnp.mean)(found, axis=(0, 1))


class ReshapedNetwork(eqx.Module):
    """A network of fields as one of flat vectors.

    >>> import jax
    >>> net = FieldNetwork(1, 3, channels=8, depth=1, key=jax.random.key(0))
    >>> ReshapedNetwork(net, (4, 4, 1))(jax.numpy.ones(16)).shape
    (48,)
    """

    network: Callable[[Array], Array]
    shape: tuple[int, ...] = eqx.field(static=True)
    """The shape that the network reads."""

    def __call__(self, x: Array) -> Array:
        """The outputs in a row.

        Raises:
            InputError: for a row of another length.
        """
        require_same_size("a network", self.shape, x.shape)
        return jnp.ravel(self.network(x.reshape(self.shape)))


class ChannelsFirst(eqx.Module):
    """The outputs of a network with those of each kind side by side, all sites of the first first.

    >>> ChannelsFirst(lambda x: x, 2)(jnp.array([0, 10, 1, 11, 2, 12])).tolist()
    [0, 1, 2, 10, 11, 12]
    """

    network: Callable[[Array], Array]
    channels: int = eqx.field(static=True)

    def __call__(self, x: Array) -> Array:
        """The reordered outputs."""
        return jnp.ravel(self.network(x).reshape(-1, self.channels).T)
