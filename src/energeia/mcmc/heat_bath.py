"""Heat bath on finite alphabets: each variable drawn given the others, from energies alone."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, Kernel, KernelInfo


class HeatBathState(NamedTuple):
    """The state of one chain."""

    position: Float[Array, " *shape"]


class HeatBath(Kernel):
    """Sweeps over the variables, each drawn from p(x_i | rest) proportional to exp(-E).

    The energy is evaluated at every value of a variable, so a sweep costs as many energies as all
    alphabets have values; any energy will do, no force or block is needed. Each draw leaves exp(-E)
    invariant, so their composition in a fixed order does. Infinite energies are hard walls: a
    variable all of whose values lie behind them stays as it is. Known variables of a masked target
    stay.

    Arguments: ``values``, one alphabet for all variables or one for each of them in the order of
    the flat configuration; ``sweeps`` in one step.

    Raises:
        InputError: for an alphabet without values, or of values that are not finite.

    >>> import jax
    >>> from energeia.physics.lattice.ising import Ising
    >>> kernel, ising = HeatBath([-1.0, 1.0]), Ising(3, 0.4)
    >>> state, _ = kernel.step(jax.random.key(0), ising, kernel.init(ising, jnp.ones((3, 3))))
    >>> state.position.shape, set(np.abs(state.position).ravel().tolist())
    ((3, 3), {1.0})
    """

    values: Float[Array, "variables most"]
    """Alphabets padded with NaN, one row for each variable or one row for all."""
    sweeps: int = eqx.field(static=True, default=1)

    def __init__(self, values: Any, sweeps: int = 1) -> None:
        self.values, self.sweeps = _padded(values), sweeps

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> HeatBathState:
        return HeatBathState(target.put_back(x))

    def step(
        self, key: PRNGKey, target: Energy, state: HeatBathState, condition: Condition = None
    ) -> tuple[HeatBathState, KernelInfo]:
        """``sweeps`` sweeps over all variables; every draw is accepted."""
        shape, count = state.position.shape, state.position.size
        alphabets = jnp.broadcast_to(self.values, (count, self.values.shape[1]))
        alphabets = alphabets.astype(state.position.dtype)

        def update(x: Array, at: tuple[Array, Array, Array]) -> tuple[Array, None]:
            i, own, key = at
            every = jax.vmap(lambda value: x.at[i].set(value))(jnp.where(jnp.isnan(own), x[i], own))
            energies = jax.vmap(lambda y: target.energy(y.reshape(shape), condition))(every)
            logits = jnp.where(jnp.isnan(own) | jnp.isnan(energies), -jnp.inf, -energies)
            drawn = own[jax.random.categorical(key, logits)]
            new = x.at[i].set(jnp.where(jnp.max(logits) > -jnp.inf, drawn, x[i]))
            return target.put_back(new.reshape(shape)).reshape(-1), None

        def sweep(x: Array, key: PRNGKey) -> tuple[Array, None]:
            steps = (jnp.arange(count), alphabets, jax.random.split(key, count))
            return jax.lax.scan(update, x, steps)[0], None

        keys = jax.random.split(key, self.sweeps)
        flat, _ = jax.lax.scan(sweep, state.position.reshape(-1), keys)
        return HeatBathState(flat.reshape(shape)), KernelInfo(jnp.ones(()), jnp.asarray(True))


def _padded(values: Any) -> Array:
    """Alphabets as the rows of one array."""
    if isinstance(values, jax.Array):
        return jnp.atleast_2d(values)
    rows: Sequence[Any] = values if len(values) and np.ndim(values[0]) else [values]
    most = max(map(len, rows), default=0)
    if min(map(len, rows), default=0) == 0 or not all(np.all(np.isfinite(row)) for row in rows):
        raise InputError(
            f"alphabets {[list(row) for row in rows[:3]]} were given to a heat bath: give one or "
            "more finite values for each variable, or one list for all"
        )
    padded = [
        np.pad(np.asarray(r, float), (0, most - len(r)), constant_values=np.nan) for r in rows
    ]
    return jnp.asarray(np.stack(padded), float)
