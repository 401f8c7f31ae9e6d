"""Coupling layers that split the columns in half, in a new random order each."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Stacked
from energeia.bijections.elementwise import Permutation
from energeia.bijections.scalar import ScalarBijection
from energeia.contracts import Bijection, Condition
from energeia.nn.fourier import fourier_features
from energeia.nn.mlp import MLP


class SplitCoupling(Bijection):
    """y_1 = x_1 and y_2 = T(x_2; network(x_1, condition)).

    The first half of ``order``, rounded down, is kept as x_1. Inputs of the network are these
    columns, their sines and cosines at ``octaves`` octaves, and the condition; angles enter by
    sines and cosines only, so the map is periodic in them. Starts as the identity. Dinh et al.
    2015, "NICE", section 3.2.

    A ``Coupling`` whose mask is a half and whose conditioner is dense is the same family of maps;
    here neither network nor transformer touches the numbers that the mask would discard.
    """

    order: Int[Array, " d"]
    network: MLP
    transformer: ScalarBijection
    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)
    octaves: int = eqx.field(static=True)

    def __init__(
        self,
        order: Int[Array, " d"],
        transformer: ScalarBijection,
        *,
        periodic: tuple[bool, ...],
        condition_shape: tuple[int, ...] | None,
        octaves: int,
        width: int,
        depth: int,
        key: PRNGKey,
    ) -> None:
        kept = len(periodic) // 2
        conditions = int(np.prod(condition_shape)) if condition_shape is not None else 0
        self.order = order
        self.transformer = transformer
        self.periodic, self.condition_shape, self.octaves = periodic, condition_shape, octaves
        self.network = MLP(
            kept * (1 + 2 * octaves) + conditions,
            (len(periodic) - kept, transformer.parameters(any(periodic))),
            width=width,
            depth=depth,
            key=key,
        )

    def __check_init__(self) -> None:
        # Stacked layers have a leading axis.
        require_same_shape("an order", self.order.shape[-1:], "a coupling", self.shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        kept, changed, raw, periodic = self._split(x, condition)
        return self._join(kept, *self.transformer.forward(changed, raw, periodic))

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        kept, changed, raw, periodic = self._split(y, condition)
        return self._join(kept, *self.transformer.inverse(changed, raw, periodic))

    def _split(self, u: Array, condition: Condition) -> tuple[Array, Array, Array, Array | None]:
        half = len(self.periodic) // 2
        u, _ = Permutation(self.order).forward(u)
        kept, changed = u[:half], u[half:]
        visible, periodic = kept, None
        if any(self.periodic):
            is_periodic = jnp.asarray(self.periodic)[self.order]
            visible, periodic = jnp.where(is_periodic[:half], 0.0, kept), is_periodic[half:]
        inputs = [visible, fourier_features(kept, self.octaves)]
        if condition is not None:
            inputs.append(jnp.ravel(condition))
        return kept, changed, self.network(jnp.concatenate(inputs)), periodic

    def _join(self, kept: Array, changed: Array, log_slopes: Array) -> tuple[Array, Scalar]:
        u, _ = Permutation(self.order).inverse(jnp.concatenate([kept, changed]))
        return u, jnp.sum(log_slopes)


def coupling_stack(
    transformer: ScalarBijection,
    layers: int,
    *,
    dimension: int | None = None,
    periodic: tuple[bool, ...] | None = None,
    condition_shape: tuple[int, ...] | None = None,
    octaves: int = 0,
    width: int = 64,
    depth: int = 2,
    key: PRNGKey,
    unroll: int = 1,
) -> Stacked:
    """Equal coupling layers; of two successive ones, each transforms the columns the other keeps.

    Of ``dimension`` columns, or of those that ``periodic`` marks as angles or not. Every second
    layer draws a fresh random order of the columns; the one after it runs the
    same order backward. Two columns take turns.

    Raises:
        InputError: if the number of columns is not given, or given twice and not the same.

    >>> import jax
    >>> from energeia.bijections import Spline
    >>> stack = coupling_stack(Spline(8), 4, dimension=3, key=jax.random.key(0))
    >>> stack.forward(jax.numpy.ones(3))[0].shape
    (3,)
    """
    if periodic is None:
        periodic = (False,) * (dimension or 0)
    d = len(periodic)
    if d == 0 or dimension not in (None, d):
        raise InputError(
            f"a coupling stack was asked for with dimension {dimension} and periodic {periodic}: "
            "give the number of columns, or for each whether it is an angle"
        )
    pairs = jax.vmap(lambda k: jax.random.permutation(k, d))(
        jax.random.split(jax.random.fold_in(key, layers), (layers + 1) // 2)
    )
    if d == 2:
        pairs = jnp.zeros_like(pairs).at[:, 1].set(1)
    orders = jnp.stack([pairs, pairs[:, ::-1]], axis=1).reshape(-1, d)[:layers]

    @eqx.filter_vmap
    def build(order: Array, key: PRNGKey) -> SplitCoupling:
        return SplitCoupling(
            order,
            transformer,
            periodic=periodic,
            condition_shape=condition_shape,
            octaves=octaves,
            width=width,
            depth=depth,
            key=key,
        )

    return Stacked(build(orders, jax.random.split(key, layers)), unroll)
