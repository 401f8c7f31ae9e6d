"""The restricted Boltzmann machine with binary and categorical visible units, centered."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia._core.uniform import uniform
from energeia.contracts import Condition
from energeia.energies.algebra import Path
from energeia.energies.conditionals import ColumnConditionals
from energeia.energies.visible import Visible


class Rbm(ColumnConditionals):
    """F(y) = -a . u - sum_j [softplus(z_j) - lambda_j z_j], u = units(y) - mu, z = b + W^T u.

    This is E(y, h) = -a . u - (b + W^T u) . (h - lambda) with the hidden h in {0, 1} summed over:
    the centered machine of Montavon and Mueller (2012). The offsets mu and lambda change no
    distribution that can be represented, only how well the gradient is conditioned; with
    lambda = 1/2 a hidden unit is a spin. A condition c moves the biases: a + A c and b + B c.
    """

    visible: Visible
    weights: Float[Array, "units hidden"]
    visible_bias: Float[Array, " units"]
    hidden_bias: Float[Array, " hidden"]
    condition_to_visible: Float[Array, "units condition"] | None
    condition_to_hidden: Float[Array, "hidden condition"] | None
    visible_offset: Frozen
    hidden_offset: Frozen

    def __init__(
        self, key: PRNGKey, sizes: tuple[int, ...], hidden: int, visible_mean: Array,
        condition_dimension: int = 0, scale: float = 0.01, ordered: tuple[bool, ...] = (),
    ) -> None:  # fmt: skip
        """Weights normal with deviation ``scale``; visible biases at the base rates.

        ``visible_mean`` are the means of the units over data, see ``Visible.means``.
        """
        self.visible = Visible(sizes, ordered)
        self.weights = scale * jax.random.normal(key, (self.visible.count, hidden))
        self.visible_bias = base_rate_field(self.visible, visible_mean)
        self.hidden_bias = jnp.zeros(hidden)
        shape = (condition_dimension,)
        conditional = condition_dimension > 0
        self.condition_to_visible = jnp.zeros((self.visible.count, *shape)) if conditional else None
        self.condition_to_hidden = jnp.zeros((hidden, *shape)) if conditional else None
        self.visible_offset = Frozen(visible_mean)
        self.hidden_offset = Frozen(jnp.full(hidden, 0.5))

    @property
    def shape(self) -> tuple[int]:
        """``(d,)``, codes."""
        return (len(self.visible.sizes),)

    @property
    @override
    def condition_shape(self) -> tuple[int] | None:
        if self.condition_to_visible is None:
            return None
        return (self.condition_to_visible.shape[1],)

    @property
    def blocks(self) -> int:
        """One: the hidden units given the visible, then the visible given the hidden."""
        return 1

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The free energy of codes, in nats."""
        u = self.visible.units(x) - self.visible_offset.value
        a, b = self._biases(condition)
        z = b + u @ self.weights
        return -(a @ u) - jnp.sum(jax.nn.softplus(z) - self.hidden_offset.value * z)

    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """One sweep: h ~ p(h given y), then y ~ p(y given h)."""
        up, down = jax.random.split(key)
        return self.draw_visible(down, self.draw_hidden(up, x, condition), condition)

    def hidden_mean(self, x: Array, condition: Condition = None) -> Float[Array, " hidden"]:
        """P(h_j = 1 given y) = sigmoid(z_j)."""
        _, b = self._biases(condition)
        z = b + (self.visible.units(x) - self.visible_offset.value) @ self.weights
        return jax.nn.sigmoid(z)

    def draw_hidden(self, key: PRNGKey, x: Array, condition: Condition = None) -> Array:
        """h ~ p(h given y)."""
        on = self.hidden_mean(x, condition)
        return (uniform(key, on.shape, on.dtype) < on).astype(on.dtype)

    def draw_visible(self, key: PRNGKey, hidden: Array, condition: Condition = None) -> Array:
        """Codes with probability proportional to exp((a + W (h - lambda)) . units(y))."""
        a, _ = self._biases(condition)
        return self.visible.draw(key, a + self.weights @ (hidden - self.hidden_offset.value))

    def column_log_probs(
        self, key: PRNGKey, x: Array, columns: int, condition: Condition = None
    ) -> Float[Array, " columns"]:
        """log p(y_i given all other y) for columns drawn at random, exact each, in nats."""
        a, b = self._biases(condition)
        z = b + (self.visible.units(x) - self.visible_offset.value) @ self.weights
        chosen = jax.random.choice(key, len(self.visible.sizes), (columns,), replace=False)
        code = x[chosen].astype(int)
        pull = self.visible.per_code(self.weights)[chosen]
        own = jnp.take_along_axis(pull, code[:, None, None], axis=1)
        moved = z + pull - own
        free = jax.nn.softplus(moved) - self.hidden_offset.value * moved
        lift = self.visible.per_code(a)[chosen] + jnp.sum(free, axis=-1)
        exists = jnp.arange(lift.shape[1]) < jnp.asarray(self.visible.sizes)[chosen][:, None]
        log_probs = jax.nn.log_softmax(jnp.where(exists, lift, -jnp.inf), axis=1)
        return jnp.take_along_axis(log_probs, code[:, None], axis=1)[:, 0]

    def _biases(self, condition: Condition) -> tuple[Array, Array]:
        to_visible, to_hidden = self.condition_to_visible, self.condition_to_hidden
        if to_visible is None or to_hidden is None or condition is None:
            return self.visible_bias, self.hidden_bias
        return (
            self.visible_bias + to_visible @ condition,
            self.hidden_bias + to_hidden @ condition,
        )


def base_rate_field(visible: Visible, mean: Float[Array, " units"]) -> Float[Array, " units"]:
    """The field under which independent columns have the given means of units."""
    return visible.base_field(mean)


def unit_means(visible: Visible, y: Float[Array, "rows d"]) -> Float[Array, " units"]:
    """Means of the units over rows of codes, one pseudo-count a value."""
    return visible.means(y)


class RbmPath(Path):
    """From independent columns at the base rates to a machine; every point is itself a machine.

    W -> beta W, b -> beta b, a -> (1 - beta) a_0 + beta a (Salakhutdinov and Murray 2008, eq. 15,
    with W = 0 at the start), so Gibbs sweeps stay exact at every beta.
    """

    target: Rbm
    base_field: Frozen

    def at(self, beta: Float[Array, ""] | float) -> Rbm:
        """The machine at ``beta``."""
        rbm = self.target
        scaled = [rbm.weights, rbm.hidden_bias, rbm.condition_to_visible, rbm.condition_to_hidden]
        return eqx.tree_at(
            lambda r: (
                r.weights,
                r.hidden_bias,
                r.condition_to_visible,
                r.condition_to_hidden,
                r.visible_bias,
            ),
            rbm,
            [
                *(None if leaf is None else beta * leaf for leaf in scaled),
                (1 - beta) * self.base_field.value + beta * rbm.visible_bias,
            ],
            is_leaf=lambda leaf: leaf is None,
        )

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """Independent columns at the base rates, whatever the condition."""
        return self.target.visible.draw(key, self.base_field.value)

    def log_partition(self, condition: Condition = None) -> Scalar:
        """log Z of independent columns and free hidden units, closed form."""
        rbm, field = self.target, self.base_field.value
        shift = field @ rbm.visible_offset.value
        hidden = rbm.hidden_bias.shape[0] * jnp.log(2.0)
        return rbm.visible.log_partition(field) - shift + hidden
