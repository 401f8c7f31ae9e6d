"""An energy some of whose coordinates are confined to cells, in unbounded coordinates."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy
from energeia.energies.algebra import WrappedEnergy


class WithinCells(WrappedEnergy):
    """E of v, with v_i = low_i + width_i sigmoid(u_i) where ``confined``, and v_i = u_i elsewhere.

    The energy of u is E(v) - sum log |dv_i/du_i|, so that v has the distribution exp(-E) inside its
    cells and chains of u meet no wall. Cells and mask are arrays, so one program serves all.
    """

    inner: Energy
    confined: Bool[Array, " d"]
    low: Float[Array, " d"]
    width: Float[Array, " d"]

    def inside(self, u: Float[Array, " d"]) -> Float[Array, " d"]:
        """v of u."""
        return jnp.where(self.confined, self.low + self.width * jax.nn.sigmoid(u), u)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E(v(u)) - log |dv/du|, in nats."""
        slope = jnp.log(self.width) + jax.nn.log_sigmoid(x) + jax.nn.log_sigmoid(-x)
        log_det = jnp.sum(jnp.where(self.confined, slope, 0.0))
        return self.inner.energy(self.inside(x), condition) - log_det
