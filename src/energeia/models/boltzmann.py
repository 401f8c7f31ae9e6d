"""An energy with a kernel that samples it, in the user's units."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Energy, Kernel
from energeia.energies.algebra import Path
from energeia.energies.embedded import EmbeddedEnergy
from energeia.mcmc.adapt import best_acceptance, log_step, with_step
from energeia.mcmc.annealed import log_partition
from energeia.mcmc.bracket import Bracket, bracket_warnings, spanning
from energeia.models.capabilities import ChainDiagnostics, LogPartition, PartitionEstimate
from energeia.models.cells import cell_energy
from energeia.models.in_units import ConditionScaling, InUnits
from energeia.models.landscape import HasLandscape, Landscape


class BoltzmannModel(InUnits, EmbeddedEnergy, LogPartition, ChainDiagnostics, HasLandscape):
    """p(x) = exp(-E(x)) / Z in the user's units, drawn by chains annealed from a base.

    The state space of chains is the codes ``y`` of ``units`` or, with ``dequantize``, the reals
    ``v``, in which discrete columns are continuous. A sample is the end of one chain: an exact draw
    of the path's base, ``anneal`` steps while beta rises to 1, then ``steps`` steps at the target.
    It is a draw of p only if that chain has reached equilibrium; a step size is adapted to the
    acceptance during annealing and is fixed in the second half of the steps.

    Energies of discrete columns under ``dequantize`` are -log of the mean of exp(-E(v)) over a few
    fixed points of the cell: a quadrature, not exact.
    """

    path: Path
    kernel: Kernel
    units: Units
    scaling: ConditionScaling | None = None
    anneal: int = eqx.field(static=True, default=100)
    steps: int = eqx.field(static=True, default=400)
    dequantize: bool = eqx.field(static=True, default=False)
    points: int = eqx.field(static=True, default=8)

    @property
    def inner(self) -> Energy:
        """The energy on the coordinates of the chains."""
        return self.path.target

    @property
    def exact_energy(self) -> bool:
        """Whether ``energy`` is that of the model itself, not a quadrature over cells."""
        return not (self.dequantize and bool(self.units.coordinates.discrete.any()))

    def embed(self, key: PRNGKey, x: Array, condition: Condition) -> tuple[Array, Condition]:
        """Codes, or reals with discrete columns dequantized; the standardized condition."""
        y, _ = self.units.encode(x)
        z = self.units.dequantize(key, y)[0] if self.dequantize else y
        return z, self.scaled(condition)

    @override
    def draw_base(self, key: PRNGKey, condition: Condition = None) -> Array:
        """An exact draw of the path's base, in the coordinates of the chains."""
        return self.path.sample(key, condition)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E(x) in nats, as a density of the user's x; its Z is that of ``inner``."""
        y, log_det = self.units.encode(x)
        condition = self.scaled(condition)
        if self.exact_energy:
            return self.inner.energy(y, condition) - log_det
        return cell_energy(self.inner, self.units, y, condition, self.points) - log_det

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """The end of one chain, in the user's units."""
        return self.to_user(self.annealed_draw(key, self.scaled(condition)))

    def to_user(self, z: Float[Array, " d"]) -> Float[Array, " d"]:
        """The user's values of the coordinates of a chain."""
        return self.units.decode(self.units.quantize(z) if self.dequantize else z)

    def landscape(self) -> Landscape | None:
        """The energy of dequantized coordinates; codes have no force."""
        if not (self.dequantize or self.units.support.all_continuous):
            return None
        return Landscape(self.inner, None, self.annealed_draw, self.units, self.scaling)

    def annealed_draw(self, key: PRNGKey, condition: Condition = None) -> Array:
        """The final state of an annealed chain, in the coordinates of the chains."""
        return self.anneal_chain(key, condition)[0]

    def anneal_chain(self, key: PRNGKey, condition: Condition = None) -> tuple[Array, Scalar]:
        """One annealed chain: its final state, and its mean acceptance after annealing."""
        start_key, chain_key = jax.random.split(key)
        count, goal = self.anneal + self.steps, best_acceptance(self.kernel)
        betas = jnp.minimum(jnp.arange(1, count + 1) / max(self.anneal, 1), 1.0)
        last_adapted = self.anneal + self.steps // 2
        gains = jnp.where(
            jnp.arange(count) < last_adapted, 0.5 / jnp.sqrt(1 + jnp.arange(count)), 0.0
        )

        def one(carry: tuple[Array, Array], step: tuple) -> tuple[tuple[Array, Array], Array]:
            x, eps = carry
            beta, gain, own = step
            target, kernel = self.path.at(beta), with_step(self.kernel, eps)
            state, info = kernel.step(own, target, kernel.init(target, x, condition), condition)
            return (state.position, eps + gain * (info.acceptance - goal)), info.acceptance

        begin = (self.path.sample(start_key, condition), log_step(self.kernel))
        inputs = (betas, gains, jax.random.split(chain_key, count))
        (x, _), rates = jax.lax.scan(one, begin, inputs)
        return x, jnp.mean(rates[self.anneal :])

    @override
    def estimate_log_partition(
        self, key: PRNGKey, condition: Condition = None, *, chains: int, temperatures: int
    ) -> PartitionEstimate:
        """The middle of the annealed bracket, with an error that spans both sides.

        Forward annealing underestimates log Z, so overestimates the likelihood, and reverse
        annealing is a bound only from exact draws, which a trained energy does not have.
        """
        found = self.log_partition(key, condition, chains=chains, temperatures=temperatures)
        lower, upper = found.lower, found.upper
        note = f"-E - log Z, log Z {lower.value:.6g} (forward AIS) and {upper.value:.6g} (reverse)"
        if not self.exact_energy:
            note += "; energies of discrete columns by quadrature over their cells"
        return PartitionEstimate(spanning(found), note, (lower, upper), bracket_warnings(found))

    def log_partition(
        self, key: PRNGKey, condition: Condition = None, chains: int = 256,
        temperatures: int = 1000, exact: Float[Array, "chains d"] | None = None,
    ) -> Bracket:  # fmt: skip
        """log Z by annealing both ways, see ``mcmc.annealed.log_partition``.

        log p(x) = -E(x) - log Z, so the *lower* bound on log Z gives an *upper* bound on the
        likelihood. ``exact`` are exact draws in the user's units, where available; ``condition``
        is in the user's units, too, and Z is that of this one condition.
        """
        starts = None
        if exact is not None:
            keys = jax.random.split(jax.random.fold_in(key, 1), len(exact))
            starts = jax.vmap(lambda k, x: self.embed(k, x, None)[0])(keys, exact)
        scaled = self.scaled(condition)
        return log_partition(key, self.path, self.kernel, chains, temperatures, scaled, starts)
