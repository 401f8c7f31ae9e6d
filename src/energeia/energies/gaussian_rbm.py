"""The restricted Boltzmann machine with real visible units beside those of finite alphabets."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition
from energeia.energies.algebra import Path
from energeia.energies.visible import Visible


class GaussianRbm(BlockEnergy):
    """F(y) = sum_r q_r u_r^2 / 2 - a . (q u) - sum_j [softplus(z_j) - z_j / 2], z = b + W^T (q u).

    u are the visible units less their means over data: the codes of discrete columns as in ``Rbm``,
    with q = 1 and no square, and the values of real columns, with precision q = 1 / sigma^2. This
    is E(y, h) of Melchior, Wang and Wiskott (2017), centered and with the hidden h in {0, 1}
    summed over: given h real columns are normal with mean mu + a + W (h - 1/2) and variance
    1 / q, so that p(y) is a mixture of 2^hidden normals, and codes have weights
    exp((a + W (h - 1/2)) . units). A condition c moves the biases: a + A c and b + B c.

    >>> rows = jnp.array([[0.0, 1.0], [1.0, 3.0]])
    >>> rbm = GaussianRbm(jax.random.key(0), (2, 0), 3, rows, scale=0.0)
    >>> rbm.shape, rbm.weights.shape
    ((2,), (2, 3))
    """

    visible: Visible
    """Of the discrete columns, in their order."""
    weights: Float[Array, "units hidden"]
    visible_bias: Float[Array, " units"]
    hidden_bias: Float[Array, " hidden"]
    log_precision: Float[Array, " reals"]
    condition_to_visible: Float[Array, "units condition"] | None
    condition_to_hidden: Float[Array, "hidden condition"] | None
    visible_offset: Frozen
    real: tuple[bool, ...] = eqx.field(static=True)
    """Which columns are real."""

    def __init__(
        self, key: PRNGKey, sizes: tuple[int, ...], hidden: int, y: Float[Array, "rows d"],
        condition_dimension: int = 0, scale: float = 0.01, ordered: tuple[bool, ...] = (),
    ) -> None:  # fmt: skip
        """``sizes`` of alphabets, 0 for a real column; weights normal with deviation ``scale``.

        Biases and precisions are those of independent columns with the means and variances of the
        rows ``y``.
        """
        self.real = tuple(size == 0 for size in sizes)
        codes = np.flatnonzero(~np.array(self.real))
        marks = ordered or (False,) * len(sizes)
        self.visible = Visible(tuple(sizes[i] for i in codes), tuple(marks[i] for i in codes))
        reals = y[:, np.flatnonzero(self.real)]
        spread = jnp.var(reals, axis=0)
        self.log_precision = -jnp.log(jnp.where(spread > 0, spread, 1.0))
        mean, field = jnp.zeros(0), jnp.zeros(0)
        if len(codes):
            mean = self.visible.means(y[:, codes])
            field = self.visible.base_field(mean)
        self.visible_offset = Frozen(jnp.concatenate([mean, jnp.mean(reals, axis=0)]))
        self.visible_bias = jnp.concatenate([field, jnp.zeros(sum(self.real))])
        count = len(self.visible_bias)
        self.weights = scale * jax.random.normal(key, (count, hidden))
        self.hidden_bias = jnp.zeros(hidden)
        conditional = condition_dimension > 0
        shapes = [(count, condition_dimension), (hidden, condition_dimension)]
        self.condition_to_visible, self.condition_to_hidden = (
            jnp.zeros(shape) if conditional else None for shape in shapes
        )

    @property
    @override
    def shape(self) -> tuple[int]:
        """``(d,)``, codes and reals."""
        return (len(self.real),)

    @property
    @override
    def condition_shape(self) -> tuple[int] | None:
        moved = self.condition_to_visible
        return None if moved is None else (moved.shape[1],)

    @property
    @override
    def blocks(self) -> int:
        """One: the hidden units given the visible, then the visible given the hidden."""
        return 1

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The free energy of codes and reals, in nats."""
        u = self._units(x)
        a, b = self._biases(condition)
        scaled = self._precision * u
        z = b + scaled @ self.weights
        square = 0.5 * jnp.sum((scaled * u)[self._codes :])
        return square - a @ scaled - jnp.sum(jax.nn.softplus(z) - 0.5 * z)

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """One sweep: h ~ p(h given y), then y ~ p(y given h)."""
        up, down = jax.random.split(key)
        return self.draw_visible(down, self.draw_hidden(up, x, condition), condition)

    def hidden_mean(self, x: Array, condition: Condition = None) -> Float[Array, " hidden"]:
        """P(h_j = 1 given y) = sigmoid(z_j)."""
        _, b = self._biases(condition)
        return jax.nn.sigmoid(b + (self._precision * self._units(x)) @ self.weights)

    def draw_hidden(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        """h ~ p(h given y)."""
        on = self.hidden_mean(x, condition)
        return jax.random.bernoulli(key, on).astype(on.dtype)

    def draw_visible(self, key: PRNGKey, hidden: Array, condition: Condition = None) -> Array:
        """y ~ p(y given h)."""
        code_key, real_key = jax.random.split(key)
        field = self._field(hidden, condition)
        shift, count = field[self._codes :], sum(self.real)
        noise = jax.random.normal(real_key, (count,)) * jnp.exp(-0.5 * self.log_precision)
        reals = self.visible_offset.value[self._codes :] + shift + noise
        if not self._codes:
            return reals
        return self._joined(self.visible.draw(code_key, field[: self._codes]), reals)

    def log_partition(self, condition: Condition = None) -> Scalar:
        """log Z by the sum over all hidden states, each a product of known integrals; for few."""
        hidden = self.hidden_bias.shape[0]
        states = (np.arange(2**hidden)[:, None] >> np.arange(hidden)) & 1
        _, b = self._biases(condition)

        def one(h: Array) -> Scalar:
            return b @ (h - 0.5) + self.log_integral(self._field(h, condition))

        return jax.nn.logsumexp(jax.lax.map(one, jnp.asarray(states, float)))

    def log_integral(self, field: Float[Array, " units"]) -> Scalar:
        """log of the sum over codes and integral over reals of exp(-E(y, h)), but for b . h."""
        codes, shift = field[: self._codes], field[self._codes :]
        q = self.log_precision
        total = 0.5 * jnp.sum(jnp.log(2 * jnp.pi) - q + jnp.exp(q) * shift**2)
        if self._codes:
            offset = self.visible_offset.value[: self._codes]
            total = total + self.visible.log_partition(codes) - codes @ offset
        return total

    def _field(self, hidden: Array, condition: Condition) -> Float[Array, " units"]:
        return self._biases(condition)[0] + self.weights @ (hidden - 0.5)

    @property
    def _codes(self) -> int:
        """The number of units of discrete columns."""
        return len(self.visible_bias) - sum(self.real)

    @property
    def _precision(self) -> Float[Array, " units"]:
        return jnp.concatenate([jnp.ones(self._codes), jnp.exp(self.log_precision)])

    def _units(self, x: Array) -> Float[Array, " units"]:
        reals = x[np.flatnonzero(self.real)]
        if self._codes:
            codes = x[np.flatnonzero(~np.array(self.real))]
            reals = jnp.concatenate([self.visible.units(codes), reals])
        return reals - self.visible_offset.value

    def _joined(self, codes: Array, reals: Array) -> Float[Array, " d"]:
        real = np.array(self.real)
        order = np.argsort(np.concatenate([np.flatnonzero(~real), np.flatnonzero(real)]))
        return jnp.concatenate([codes, reals])[order]

    def _biases(self, condition: Condition) -> tuple[Array, Array]:
        to_visible, to_hidden = self.condition_to_visible, self.condition_to_hidden
        if to_visible is None or to_hidden is None or condition is None:
            return self.visible_bias, self.hidden_bias
        return self.visible_bias + to_visible @ condition, self.hidden_bias + to_hidden @ condition


class GaussianRbmPath(Path):
    """From independent columns to a machine; every point is itself a machine.

    W -> beta W, b -> beta b, and a and log q go from those of independent columns to the target's,
    so Gibbs sweeps stay exact at every beta.
    """

    target: GaussianRbm
    base_bias: Frozen
    base_log_precision: Frozen

    @override
    def at(self, beta: Float[Array, ""] | float) -> GaussianRbm:
        rbm = self.target
        scaled = [rbm.weights, rbm.hidden_bias, rbm.condition_to_visible, rbm.condition_to_hidden]
        between = [
            (1 - beta) * self.base_bias.value + beta * rbm.visible_bias,
            (1 - beta) * self.base_log_precision.value + beta * rbm.log_precision,
        ]
        return eqx.tree_at(
            lambda r: (
                r.weights,
                r.hidden_bias,
                r.condition_to_visible,
                r.condition_to_hidden,
                r.visible_bias,
                r.log_precision,
            ),
            rbm,
            [*(None if leaf is None else beta * leaf for leaf in scaled), *between],
            is_leaf=lambda leaf: leaf is None,
        )

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """Independent columns, whatever the condition."""
        start = self.at(0.0)
        return start.draw_visible(key, jnp.full(start.hidden_bias.shape, 0.5))

    @override
    def log_partition(self, condition: Condition = None) -> Scalar:
        """log Z of independent columns and free hidden units, closed form."""
        hidden = self.target.hidden_bias.shape[0] * jnp.log(2.0)
        return self.at(0.0).log_integral(self.base_bias.value) + hidden
