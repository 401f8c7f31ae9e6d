"""Autoregressive layers: each number is mapped with parameters that depend on those before it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Stacked
from energeia.bijections.elementwise import Permutation
from energeia.bijections.scalar import ScalarBijection
from energeia.contracts import Bijection, Condition
from energeia.nn.fourier import fourier_features
from energeia.nn.masked import (
    HiddenUnits,
    MaskedLinear,
    hidden_labels,
    hidden_layers,
    rows_at,
)


class Autoregressive(Bijection):
    """y_i = T(x_i; network_i(x_before_i, condition)), where column order[r] is of rank r.

    The forward direction is one pass of a masked network, the inverse d partial ones that cost
    about as much in all. As a map from data to the base it is that of a masked autoregressive flow
    (Papamakarios, Pavlakou and Murray 2017, eq. 4), as its ``Inverse`` that of an inverse
    autoregressive flow (Kingma et al. 2016, eq. 10). Inputs of the network are the numbers, their
    sines and cosines at ``octaves`` octaves, and the condition; angles enter by sines and cosines
    alone, so the map is periodic in them. Starts as the identity.

    >>> from energeia.bijections.scalar import AffineScalar
    >>> layer = Autoregressive(
    ...     jnp.arange(3), AffineScalar(), periodic=(False,) * 3, width=12, depth=1,
    ...     key=jax.random.key(0))
    >>> layer.forward(jnp.ones(3))[0].tolist()
    [1.0, 1.0, 1.0]
    """

    order: Int[Array, " d"]
    hidden: HiddenUnits
    exit: MaskedLinear
    transformer: ScalarBijection
    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)
    octaves: int = eqx.field(static=True)

    def __init__(
        self, order: Int[Array, " d"], transformer: ScalarBijection, *,
        periodic: tuple[bool, ...], condition_shape: tuple[int, ...] | None = None,
        octaves: int = 0, width: int, depth: int, key: PRNGKey,
    ) -> None:  # fmt: skip
        self.order, self.transformer, self.periodic = order, transformer, periodic
        self.condition_shape = condition_shape
        self.octaves = max(octaves, int(any(periodic)))
        d, extra = len(periodic), condition_shape[0] if condition_shape else 0
        each = 1 + 2 * self.octaves
        seen = (0,) * extra + tuple(rank + 1 for rank in range(d) for _ in range(each))
        units = hidden_labels(width, d, 0 if extra else 1)
        count = transformer.parameters(any(periodic))
        written = tuple(rank for rank in range(d) for _ in range(count))
        first, last, middle = jax.random.split(key, 3)
        layers = hidden_layers(middle, units, depth - 1)
        self.hidden = HiddenUnits(MaskedLinear(first, seen, units), layers)
        self.exit = MaskedLinear(last, units, written, scale=0.0)

    def __check_init__(self) -> None:
        # Stacked layers have a leading axis.
        require_same_shape("an order", self.order.shape[-1:], "an autoregressive map", self.shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        order = Permutation(self.order)
        u, _ = order.forward(x)
        angles = self._angles()
        seen = jax.vmap(self._features)(u, self._angle_marks()).ravel()
        if condition is not None:
            seen = jnp.concatenate([jnp.ravel(condition), seen])
        raw = self.exit(self.hidden(seen)).reshape(len(u), -1)
        changed, log_slopes = self.transformer.forward(u, raw, angles)
        return order.inverse(changed)[0], jnp.sum(log_slopes)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        order = Permutation(self.order)
        v, _ = order.forward(y)
        advance, marks = self.hidden.advance(), self._angle_marks()
        each, extra = 1 + 2 * self.octaves, 0 if condition is None else condition.size
        count = self.transformer.parameters(any(self.periodic))
        leave = self.exit.dense()

        def step(carry: tuple[Array, Array], rank: Array) -> tuple[tuple, tuple]:
            seen, active = carry
            active = advance(active, seen, rank)
            raw = rows_at(leave, rank * count, count) @ active[-1]
            raw = raw + rows_at(self.exit.bias, rank * count, count)
            angle = None if self._angles() is None else marks[rank][None]
            u, log_slope = self.transformer.inverse(v[rank][None], raw[None], angle)
            new = self._features(u[0], marks[rank])
            seen = jax.lax.dynamic_update_slice(seen, new, (extra + rank * each,))
            return (seen, active), (u[0], log_slope[0])

        seen = jnp.zeros(extra + each * len(v), v.dtype)
        if condition is not None:
            seen = seen.at[:extra].set(jnp.ravel(condition))
        start = (seen, self.hidden.blank().astype(v.dtype))
        u, log_slopes = jax.lax.scan(step, start, jnp.arange(len(v)))[1]
        return order.inverse(u)[0], jnp.sum(log_slopes)

    def _angle_marks(self) -> Bool[Array, " d"]:
        """Which ranks are angles."""
        return jnp.asarray(self.periodic)[self.order]

    def _angles(self) -> Array | None:
        return self._angle_marks() if any(self.periodic) else None

    def _features(self, u: Scalar, angle: Array) -> Float[Array, " each"]:
        visible = jnp.where(angle, 0.0, u) if any(self.periodic) else u
        return jnp.concatenate([visible[None], fourier_features(u[None], self.octaves)])


def autoregressive_stack(
    transformer: ScalarBijection, layers: int, *, periodic: tuple[bool, ...],
    condition_shape: tuple[int, ...] | None = None, octaves: int = 0, width: int = 64,
    depth: int = 2, key: PRNGKey,
) -> Stacked:  # fmt: skip
    """Equal autoregressive layers; every second one runs through the order of the one before
    backward. The first order is that of the columns, later ones are random.

    >>> from energeia.bijections.scalar import AffineScalar
    >>> stack = autoregressive_stack(
    ...     AffineScalar(), 4, periodic=(False,) * 3, key=jax.random.key(0))
    >>> stack.forward(jnp.ones(3))[0].shape
    (3,)
    """
    d = len(periodic)
    keys = jax.random.split(jax.random.fold_in(key, layers), (layers + 1) // 2)
    pairs = jax.vmap(lambda k: jax.random.permutation(k, d))(keys).at[0].set(jnp.arange(d))
    orders = jnp.stack([pairs, pairs[:, ::-1]], axis=1).reshape(-1, d)[:layers]

    @eqx.filter_vmap
    def build(order: Array, key: PRNGKey) -> Autoregressive:
        return Autoregressive(
            order, transformer, periodic=periodic, condition_shape=condition_shape,
            octaves=octaves, width=width, depth=depth, key=key,
        )  # fmt: skip

    return Stacked(build(orders, jax.random.split(key, layers)))
