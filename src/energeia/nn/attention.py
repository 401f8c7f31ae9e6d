"""A causal transformer (Vaswani et al. 2017) with carried keys and values."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.nn.causal import CausalStack
from energeia.nn.depth import UNROLLED, through

Cache = tuple[Array, Array, Array]
"""The time, and the keys and values, each of shape ``(blocks, times, heads, head_size)``."""


class AttentionBlock(eqx.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)) (normalized first, Xiong et al. 2020).

    A head weighs the time u before t by softmax_u(q_t.k_u / sqrt(head_size) + bias[t - u]), with
    one learned bias for each distance (Raffel et al. 2020).
    """

    qkv: Array
    output: Array
    relative_bias: Array
    up: Array
    down: Array
    bias: Array
    gains: Array

    def __init__(self, key: PRNGKey, width: int, heads: int, times: int) -> None:
        keys = jax.random.split(key, 4)
        self.qkv = jax.random.normal(keys[0], (width, 3 * width)) / width**0.5
        self.output = 0.3 * jax.random.normal(keys[1], (width, width)) / width**0.5
        self.up = jax.random.normal(keys[2], (width, 4 * width)) / width**0.5
        self.down = 0.3 * jax.random.normal(keys[3], (4 * width, width)) / (4 * width) ** 0.5
        self.relative_bias = jnp.zeros((heads, times))
        self.bias = jnp.zeros(4 * width)
        self.gains = jnp.ones((2, width))

    def project(self, x: Float[Array, "*times width"]) -> tuple[Array, Array, Array]:
        """Queries, keys and values, each ``(*times, heads, head_size)``."""
        mixed = _normalized(x, self.gains[0]) @ self.qkv
        heads = len(self.relative_bias)
        q, k, v = (part.reshape(*x.shape[:-1], heads, -1) for part in jnp.split(mixed, 3, axis=-1))
        return q / q.shape[-1] ** 0.5, k, v

    def attend(
        self, q: Float[Array, "heads head_size"], k: Float[Array, "times heads head_size"],
        v: Float[Array, "times heads head_size"], t: Int[Array, ""],
    ) -> Float[Array, " width"]:  # fmt: skip
        """The attention output at time ``t``, over times up to and including ``t``."""
        before = t - jnp.arange(len(k))
        bias = jnp.where(before >= 0, self.relative_bias[:, jnp.maximum(before, 0)], -jnp.inf)
        weights = jax.nn.softmax(jnp.einsum("hs,uhs->hu", q, k) + bias, axis=-1)
        return jnp.einsum("hu,uhs->hs", weights, v).reshape(-1)

    def finish(
        self, x: Float[Array, "*times width"], attended: Float[Array, "*times width"]
    ) -> Float[Array, "*times width"]:
        """Add the attention output, then the pointwise feed-forward layer."""
        x = x + attended @ self.output
        return x + jax.nn.gelu(_normalized(x, self.gains[1]) @ self.up + self.bias) @ self.down


class Transformer(CausalStack):
    """A stack of attention blocks for sequences of at most ``times``.

    >>> import jax, jax.numpy as jnp
    >>> stack = Transformer(jax.random.key(0), size=3, width=8, depth=2, heads=2, times=5)
    >>> stack(jnp.ones((5, 3))).shape
    (5, 8)
    """

    entry: Array
    blocks: AttentionBlock
    """All of them, stacked along a leading axis."""
    gain: Array

    def __init__(
        self, key: PRNGKey, size: int, width: int, depth: int, heads: int, times: int
    ) -> None:
        keys = jax.random.split(key, depth + 1)
        self.entry = jax.random.normal(keys[0], (size, width)) / size**0.5
        self.blocks = eqx.filter_vmap(lambda k: AttentionBlock(k, width, heads, times))(keys[1:])
        self.gain = jnp.ones(width)

    @property
    @override
    def width(self) -> int:
        return len(self.gain)

    def __call__(self, xs: Float[Array, "times size"]) -> Float[Array, "times width"]:
        """The outputs of a whole sequence."""
        times = jnp.arange(len(xs))

        def attended(block: AttentionBlock, x: Array) -> Array:
            q, k, v = block.project(x)
            return block.finish(x, jax.vmap(block.attend, (0, None, None, 0))(q, k, v, times))

        return _normalized(through(self.blocks, xs @ self.entry, attended), self.gain)

    def start(self) -> Cache:
        """Time 0, with an empty cache."""
        depth, heads, times = self.blocks.relative_bias.shape
        empty = jnp.zeros((depth, times, heads, self.width // heads))
        return jnp.zeros((), int), empty, empty

    def step(self, state: Cache, x: Float[Array, " size"]) -> tuple[Cache, Float[Array, " width"]]:
        """The output of one more input, whose keys and values are added to the cache."""
        t, keys, values = state

        def deeper(x: Array, layer: tuple[AttentionBlock, Array, Array]) -> tuple[Array, tuple]:
            block, keys, values = layer
            q, k, v = block.project(x)
            keys, values = keys.at[t].set(k), values.at[t].set(v)
            return block.finish(x, block.attend(q, keys, values, t)), (keys, values)

        layers = self.blocks, keys, values
        x, (keys, values) = jax.lax.scan(deeper, x @ self.entry, layers, unroll=UNROLLED)
        return (t + 1, keys, values), _normalized(x, self.gain)


def _normalized(x: Array, gain: Array) -> Array:
    """x over its root mean square (Zhang & Sennrich 2019)."""
    return x * gain * jax.lax.rsqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-6)
