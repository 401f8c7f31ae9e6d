"""A layer of gated causal convolutions, of a whole field or of one site."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from energeia._core.types import PRNGKey


class GatedLayer(eqx.Module):
    """Two stacks without a blind spot (van den Oord et al. 2016, arXiv:1606.05328, fig. 2):

        v' = v + gate(V * v + a),   V * v over the rows up to its own and columns on both sides,
        g  = gate(H * h + W_v (V * v + a) + b),   H * h over the sites of the row up to its own,
        h' = h + W_r g,   skip' = skip + W_s g,   gate(a, b) = tanh(a) sigmoid(b),

    where a and b are linear in a context of each site (eq. 4), such as a condition. Unlike the
    paper's, the vertical stack has residual connections too, so that signals keep their size in
    deep stacks. A row of sites has no vertical stack: V and W_v are None.
    """

    vertical: Float[Array, "rows columns width gates"] | None
    across: Float[Array, "gates gates"] | None
    horizontal: Float[Array, "taps width gates"]
    context: Float[Array, "size terms"]
    bias: Float[Array, " terms"]
    residual: Float[Array, "width width"]
    skip: Float[Array, "width width"]

    def __init__(self, key: PRNGKey, *, width: int, kernel: int, context: int, tall: bool) -> None:
        taps, gates = (kernel + 1) // 2 if tall else kernel, 2 * width
        keys = jax.random.split(key, 6)
        self.vertical = self.across = None
        if tall:
            self.vertical = _normal(keys[0], (taps, kernel, width, gates))
            self.across = _normal(keys[1], (gates, gates))
        self.horizontal = _normal(keys[2], (taps, width, gates))
        terms = 2 * gates if tall else gates
        self.context = _normal(keys[3], (context, terms))
        self.bias = jnp.zeros(terms)
        self.residual = _normal(keys[4], (width, width))
        self.skip = _normal(keys[5], (width, width))

    def terms(self, context: Float[Array, "*sites size"]) -> Float[Array, "*sites terms"]:
        """The parts of the gates that are linear in the context: b, then a."""
        return context @ self.context + self.bias

    def down(
        self, v: Float[Array, "above w width"], terms: Float[Array, "h w terms"], periodic: bool
    ) -> tuple[Float[Array, "h w width"], Float[Array, "h w gates"]]:
        """The next features of the vertical stack, and its part of the horizontal stack's gates.

        ``v`` has ``rows - 1`` rows more than are wanted, above them. ``periodic`` columns are
        neighbors across the edge.
        """
        if self.vertical is None or self.across is None:
            return v, terms
        rows, _, _, gates = self.vertical.shape
        gated = _correlated(self.vertical, v, periodic) + terms[..., gates:]
        return v[rows - 1 :] + gate(gated), gated @ self.across + terms[..., :gates]

    def right(
        self, taps: list[Float[Array, "*sites width"]], gates: Float[Array, "*sites gates"]
    ) -> tuple[Float[Array, "*sites width"], Float[Array, "*sites width"]]:
        """The next features of the horizontal stack and what is added to the skip connection.

        ``taps[m]`` are its features m steps to the left; ``gates`` is the rest of the gates.
        """
        weight = self.horizontal.reshape(-1, self.horizontal.shape[-1])
        gated = gate(jnp.concatenate(taps, axis=-1) @ weight + gates)
        return taps[0] + gated @ self.residual, gated @ self.skip


def gate(x: Float[Array, "*sites gates"]) -> Float[Array, "*sites width"]:
    """tanh(a) sigmoid(b) of the two halves (arXiv:1606.05328, eq. 2).

    >>> round(float(gate(jnp.array([1.0, 0.0]))[0]), 4)  # tanh(1) / 2
    0.3808
    """
    a, b = jnp.split(x, 2, axis=-1)
    # A sigmoid by tanh is vectorized on CPUs where exp and a division are not.
    return jnp.tanh(a) * (0.5 + 0.5 * jnp.tanh(0.5 * b))


def left_of(
    h: Float[Array, "h padded width"], shift: Int[Array, ""], padding: int
) -> Float[Array, "h w width"]:
    """The features ``shift`` sites to the left of each site, of rows with padding in front."""
    return jax.lax.dynamic_slice_in_dim(h, padding - shift, h.shape[1] - padding, axis=1)


def _correlated(
    weight: Float[Array, "rows columns width gates"], v: Float[Array, "above w width"],
    periodic: bool,
) -> Float[Array, "h w gates"]:  # fmt: skip
    """sum_(a, b) weight[a, b] v[i + a, j + b - columns // 2] for every i with all rows.

    As matrix products, since convolutions in a loop are slow on CPUs (see ``nn.strided``): patches
    of columns times the weights of all rows, whose products are shifted and summed. Patches of rows
    and columns move thrice the memory, and are better only for a single row.
    """
    rows, columns, width, gates = weight.shape
    height, length, side = v.shape[0] - rows + 1, v.shape[1], columns // 2
    mode = "wrap" if periodic else "constant"
    v = jnp.pad(v, ((0, 0), (side, columns - 1 - side), (0, 0)), mode=mode)
    bands = jnp.concatenate([v[:, b : b + length] for b in range(columns)], axis=-1)
    if height == 1:
        patches = jnp.concatenate([bands[a : a + 1] for a in range(rows)], axis=-1)
        return patches @ weight.reshape(-1, gates)
    products = bands @ weight.transpose(1, 2, 0, 3).reshape(columns * width, rows * gates)
    parts = jnp.split(products, rows, axis=-1)
    return sum((part[a : a + height] for a, part in enumerate(parts[1:], 1)), parts[0][:height])


def _normal(key: PRNGKey, shape: tuple[int, ...]) -> Array:
    """Normal numbers of variance one over the number of inputs, all axes but the last."""
    inputs = 1
    for size in shape[:-1]:
        inputs *= size
    return jax.random.normal(key, shape) / max(inputs, 1) ** 0.5
