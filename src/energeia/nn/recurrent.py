"""Stacks of recurrent units, laid out for speed.

All layers advance in one loop over times, so that their states stay in cache. One loop for each
layer, with its input products computed beforehand, is slower on CPUs, and so is computing those of
the first layer alone: its gates at all times would be written to memory and read back. The gradient
of a gated unit is written by hand, as that of cuDNN is, which makes a training step half as fast
again: it keeps five numbers a unit and takes one pass over them.
"""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.nn.causal import CausalStack

Hidden = tuple[Array, ...]
"""The state of one layer, arrays of shape ``(width,)``; the first is its output."""
States = tuple[Hidden, ...]


class Weights(NamedTuple):
    """The products of one layer: gates get x W + b from the input, h U + c from its own output."""

    inputs: Float[Array, "size gates"]
    hidden: Float[Array, "width gates"]
    bias: Float[Array, " gates"]
    inner: Float[Array, " gates"]

    @classmethod
    def random(cls, key: PRNGKey, size: int, width: int, gates: int) -> "Weights":
        """Normal numbers of variance one over the number of inputs, and no biases."""
        first, second = jax.random.split(key)
        return cls(
            jax.random.normal(first, (size, gates)) / max(size, 1) ** 0.5,
            jax.random.normal(second, (width, gates)) / width**0.5,
            jnp.zeros(gates),
            jnp.zeros(gates),
        )


class Cell(eqx.Module):
    """The elementwise part of a recurrent unit; it holds no arrays."""

    @property
    @abstractmethod
    def gates(self) -> int:
        """Number of gates of a hidden unit."""

    @property
    @abstractmethod
    def carried(self) -> int:
        """Number of state variables of a hidden unit, its output first."""

    @abstractmethod
    def update(self, state: Hidden, gates: Array, own: Array) -> Hidden:
        """The next state, from the gates' terms in the input and in the layer's own output."""


class Gru(Cell):
    """h_t = (1 - z) n + z h_(t-1) (Cho et al. 2014, arXiv:1406.1078, eqs. 5 to 8).

    r, z = sigmoid(x W + b + h U + c), n = tanh(x W_n + b_n + r (h U_n + c_n)), as in cuDNN.
    """

    @property
    def gates(self) -> int:
        """r, z and n."""
        return 3

    @property
    def carried(self) -> int:
        """The output alone."""
        return 1

    @override
    def update(self, state: Hidden, gates: Array, own: Array) -> Hidden:
        return (_gru(state[0], gates, own),)


class Lstm(Cell):
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t) (Hochreiter & Schmidhuber 1997).

    i, f, o = sigmoid(x W + b + h U + c), g = tanh(...); one is added to the forget gate (Gers et
    al. 2000), so that an untrained cell keeps its state.
    """

    @property
    def gates(self) -> int:
        """i, f, o and g."""
        return 4

    @property
    def carried(self) -> int:
        """The output and the cell."""
        return 2

    @override
    def update(self, state: Hidden, gates: Array, own: Array) -> Hidden:
        i, f, o, g = jnp.split(gates + own, 4)
        c = _sigmoid(f + 1.0) * state[1] + _sigmoid(i) * jnp.tanh(g)
        return _sigmoid(o) * jnp.tanh(c), c


class RecurrentStack(CausalStack):
    """A stack of recurrent layers of equal width.

    >>> import jax, jax.numpy as jnp
    >>> stack = RecurrentStack(jax.random.key(0), Gru(), size=3, width=8, depth=2)
    >>> stack(jnp.ones((5, 3))).shape
    (5, 8)
    """

    cell: Cell
    layers: tuple[Weights, ...]

    def __init__(self, key: PRNGKey, cell: Cell, size: int, width: int, depth: int) -> None:
        sizes = (size, *([width] * (depth - 1)))
        self.cell = cell
        self.layers = tuple(
            Weights.random(k, s, width, cell.gates * width)
            for k, s in zip(jax.random.split(key, depth), sizes, strict=True)
        )

    @property
    @override
    def width(self) -> int:
        return self.layers[0].hidden.shape[0]

    def __call__(self, xs: Float[Array, "times size"]) -> Float[Array, "times width"]:
        """The outputs of the last layer at all times, from zero."""
        # A lambda, since ``scan`` hashes its function and a bound method of arrays has no hash.
        return jax.lax.scan(lambda states, x: self.step(states, x), self.start(), xs)[1]

    def start(self) -> States:
        """Zeros for every layer."""
        zeros = (jnp.zeros(self.width),) * self.cell.carried
        return (zeros,) * len(self.layers)

    def step(
        self, state: States, x: Float[Array, " size"]
    ) -> tuple[States, Float[Array, " width"]]:
        """The states of all layers after one more input, and the output of the last."""
        new: list[Hidden] = []
        for layer, own in zip(self.layers, state, strict=True):
            gates = (new[-1][0] if new else x) @ layer.inputs + layer.bias
            new.append(self.cell.update(own, gates, own[0] @ layer.hidden + layer.inner))
        return tuple(new), new[-1][0]


@jax.custom_vjp
def _gru(h: Array, gates: Array, own: Array) -> Array:
    """The next output of a GRU; see ``Gru``."""
    return _gru_forward(h, gates, own)[0]


def _gru_forward(h: Array, gates: Array, own: Array) -> tuple[Array, tuple[Array, ...]]:
    width = h.shape[-1]
    r = _sigmoid(gates[:width] + own[:width])
    z = _sigmoid(gates[width : 2 * width] + own[width : 2 * width])
    q = own[2 * width :]
    n = jnp.tanh(gates[2 * width :] + r * q)
    return n + z * (h - n), (h, r, z, q, n)


def _gru_backward(kept: tuple[Array, ...], slope: Array) -> tuple[Array, Array, Array]:
    h, r, z, q, n = kept
    dz = slope * (h - n) * z * (1 - z)
    dn = slope * (1 - z) * (1 - n * n)
    dr = dn * q * r * (1 - r)
    return slope * z, jnp.concatenate([dr, dz, dn]), jnp.concatenate([dr, dz, dn * r])


_gru.defvjp(_gru_forward, _gru_backward)


def _sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) by one tanh, which is vectorized where exp and a division are not."""
    return 0.5 * jnp.tanh(0.5 * x) + 0.5
