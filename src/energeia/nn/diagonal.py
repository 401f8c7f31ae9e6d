"""Long short-term memory over the diagonals of a field, of a whole field or of one site."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.nn.recurrent import Hidden, Lstm, Weights

_CELL = Lstm()


class DiagonalLstm(eqx.Module):
    """Layers whose states at a site follow from those to its left and above (van den Oord et al.
    2016, arXiv:1601.06759, section 3.2 and eq. 3):

        gates_l(i, j) = (u_l(i, j), context(i, j)) W_l + b_l + (h_l(i, j-1), h_l(i-1, j)) U_l,
        h_l, c_l (i, j) = lstm(c_l(i, j-1), gates_l),   u_0 = x E,
        u_(l+1) = u_l + (h_l + beside_l) R_l,

    where ``beside`` holds outputs of other layers, such as those of another direction. The sites
    of a diagonal i + j are independent of each other given the diagonal before, so a whole field
    takes ``h + w - 1`` steps, each for all layers.

    >>> import jax, jax.numpy as jnp
    >>> layers = DiagonalLstm(jax.random.key(0), inputs=1, width=4, depth=2, context=0)
    >>> x, context, beside = jnp.ones((3, 5, 1)), jnp.ones((3, 5, 0)), jnp.zeros((3, 5, 2, 4))
    >>> [a.shape for a in layers(x, context, beside)]
    [(3, 5, 2, 4), (3, 5, 4)]
    """

    entry: Float[Array, "inputs width"]
    layers: tuple[Weights, ...]
    residuals: tuple[Float[Array, "width width"], ...]

    def __init__(self, key: PRNGKey, *, inputs: int, width: int, depth: int, context: int) -> None:
        first, second, third = jax.random.split(key, 3)
        self.entry = jax.random.normal(first, (inputs, width)) / max(inputs, 1) ** 0.5
        self.layers = tuple(
            Weights.random(k, width + context, 2 * width, _CELL.gates * width)
            for k in jax.random.split(second, depth)
        )
        self.residuals = tuple(
            jax.random.normal(k, (width, width)) / width**0.5
            for k in jax.random.split(third, depth)
        )

    @property
    def width(self) -> int:
        """The number of features of a site, and of units of a layer."""
        return self.entry.shape[1]

    @property
    def depth(self) -> int:
        """The number of layers."""
        return len(self.layers)

    def start(self, *sites: int) -> tuple[Array, Array]:
        """The states beyond the edges, zeros of shape ``(*sites, depth, width)``."""
        zeros = jnp.zeros((*sites, self.depth, self.width))
        return zeros, zeros

    def step(
        self,
        left: Hidden,
        above: Float[Array, "depth width"],
        x: Float[Array, " inputs"],
        context: Float[Array, " size"],
        beside: Float[Array, "depth width"],
    ) -> tuple[Hidden, Float[Array, " width"]]:
        """The states (h, c) of all layers at a site, and its features u.

        ``left`` are the states of the site to the left, ``above`` the outputs h of the one above.
        """
        features, new = x @ self.entry, []
        for level, (layer, residual) in enumerate(zip(self.layers, self.residuals, strict=True)):
            gates = jnp.concatenate([features, context]) @ layer.inputs + layer.bias
            own = jnp.concatenate([left[0][level], above[level]]) @ layer.hidden + layer.inner
            new.append(_CELL.update(tuple(a[level] for a in left), gates, own))
            features = features + (new[-1][0] + beside[level]) @ residual
        return tuple(jnp.stack(parts) for parts in zip(*new, strict=True)), features

    def __call__(
        self,
        x: Float[Array, "h w inputs"],
        context: Float[Array, "h w size"],
        beside: Float[Array, "h w depth width"],
    ) -> tuple[Float[Array, "h w depth width"], Float[Array, "h w width"]]:
        """The outputs h of all layers and the features u of every site."""
        height, length = x.shape[:2]

        def diagonal(states: Hidden, at: tuple) -> tuple[Hidden, tuple[Array, Array]]:
            inside, *inputs = at
            above = jnp.pad(states[0], ((1, 0), (0, 0), (0, 0)))[:-1]
            states, features = jax.vmap(self.step)(states, above, *inputs)
            # Sites beyond the left edge are on the diagonals, too, and have no states.
            states = jax.tree.map(lambda a: a * inside[:, None, None], states)
            return states, (states[0], features)

        steps = jax.tree.map(_skewed, (jnp.ones((height, length)), x, context, beside))
        found = jax.lax.scan(diagonal, self.start(height), steps)[1]
        return jax.tree.map(lambda a: _straight(a, length), found)

    def row(
        self,
        above: Float[Array, "w depth width"],
        x: Float[Array, "w inputs"],
        context: Float[Array, "w size"],
        beside: Float[Array, "w depth width"],
    ) -> Float[Array, "w depth width"]:
        """The outputs h of the sites of one row, given those of the row above."""

        def site(state: Hidden, at: tuple) -> tuple[Hidden, Array]:
            state, _ = self.step(state, *at)
            return state, state[0]

        return jax.lax.scan(site, self.start(), (above, x, context, beside))[1]


def _skewed(x: Float[Array, "h w *size"]) -> Float[Array, "diagonals h *size"]:
    """The sites of each diagonal i + j by i, and zeros where a diagonal leaves the field."""
    (height, length), size = x.shape[:2], x.shape[2:]
    padded = jnp.pad(x, ((0, 0), (0, height), *[(0, 0)] * len(size)))
    # In rows one number shorter, each row starts one place later than the row before.
    flat = padded.reshape(height * (height + length), *size)[: height * (height + length - 1)]
    return jnp.swapaxes(flat.reshape(height, height + length - 1, *size), 0, 1)


def _straight(x: Float[Array, "diagonals h *size"], length: int) -> Float[Array, "h w *size"]:
    """The inverse of ``_skewed``."""
    (diagonals, height), size = x.shape[:2], x.shape[2:]
    flat = jnp.swapaxes(x, 0, 1).reshape(height * diagonals, *size)
    padded = jnp.pad(flat, ((0, height), *[(0, 0)] * len(size)))
    return padded.reshape(height, height + length, *size)[:, :length]
