"""An energy of fields as one of flat rows, or the other way round."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_size
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy


class ReshapedEnergy(Energy):
    """``inner`` of configurations of another shape, read in the order of their rows.

    Raises:
        InputError: if the two shapes have different numbers of sites.

    >>> import jax.numpy as jnp
    >>> from energeia.energies.function import energy
    >>> field = energy(lambda x: 0.5 * jnp.sum((x - jnp.roll(x, 1, axis=0)) ** 2), (2, 2))
    >>> float(ReshapedEnergy(field, (4,)).energy(jnp.arange(4.0)))
    8.0
    """

    inner: Energy
    shape: tuple[int, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        require_same_size("an energy", self.inner.shape, self.shape)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return self.inner.energy(jnp.reshape(x, self.inner.shape), condition)
