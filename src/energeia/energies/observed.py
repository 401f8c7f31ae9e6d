"""An energy that is a sum of observables with multipliers: the exponential family of these."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy, Observable
from energeia.energies.function import inside_support
from energeia.support import Support


class ObservableEnergy(Energy):
    """E(x) = sum_i lambda_i O_i(x), in nats, with p(x) = exp(-E(x)) / Z.

    Of all distributions with the same means of O_i it has the largest entropy (Jaynes 1957), and
    <O_i> = -d log Z / d lambda_i. ``multipliers`` are lambda_i in 1 / (unit of O_i);
    ``observables`` are ``Observable`` or functions of one configuration that return one number.
    Outside the bounds of a continuous ``support`` the energy is infinite.

    Raises:
        InputError: for another number of multipliers than of observables.

    >>> ising = ObservableEnergy(jnp.array([-0.4]), (lambda s: s[0] * s[1],), (2,))
    >>> float(ising.energy(jnp.array([1.0, -1.0])))
    0.4000000059604645
    """

    multipliers: Float[Array, " k"]
    observables: tuple[Observable | Callable[[Array], Any], ...]
    shape: tuple[int, ...] = eqx.field(static=True)
    support: Support | None = eqx.field(static=True, default=None)
    condition_shape: None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.multipliers.shape != (len(self.observables),):
            raise InputError(
                f"multipliers of shape {self.multipliers.shape} were given for "
                f"{len(self.observables)} observables: give one for each"
            )

    def observe(self, x: Array) -> Float[Array, " k"]:
        """O_i(x) of one configuration."""
        x = x.reshape(self.shape)
        values = [o.value(x) if isinstance(o, Observable) else o(x) for o in self.observables]
        return jnp.stack([jnp.asarray(value, x.dtype) for value in values])

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        value = self.multipliers.astype(x.dtype) @ self.observe(x)
        if self.support is None:
            return value
        return jnp.where(inside_support(self.support, x.ravel()), value, jnp.inf)
