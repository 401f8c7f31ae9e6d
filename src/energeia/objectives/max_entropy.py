"""The maximum-entropy game: an energy is carved against a generator that keeps its entropy."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from energeia._core.trees import stopped
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Density, Energy, Metrics, Modules, Objective
from energeia.objectives.adversarial import real_and_generated_rows
from energeia.objectives.entropy import Draws, EntropyTerm, draw_noisy
from energeia.objectives.penalties import Penalty, cosine_decay, scored


class MaxEntropy(Objective):
    """Two players in the coordinates ``v`` of ``Units``, lowering in turn

        energy:     E_data[E(x)] - E_G[E(x)] + gamma_t / 2 * (sum of penalties)
        generator:  E_G[E(x)] - H(G)

    the alternating descent of Kumar et al. 2019 (arXiv:1901.08508, eqs. 5 and 7). The energy's
    gradient is that of maximum likelihood as far as the generator samples exp(-E): data are the
    positive phase, generated rows the negative one. The generator lowers its reverse KL divergence
    from exp(-E) / Z; without the entropy it would collapse to the lowest energy. Penalties sum the
    squared slope over all axes of a row; at a constant weight they flatten the energy, since at
    the optimum gamma div(p grad E) = p - p_G, so gamma_t falls from ``gamma`` to ``gamma_final``
    along half a cosine over ``anneal`` moves of the energy.

    The cast holds ``"energy"``, ``"generator"`` (a ``Pushforward``), ``"units"``, ``"scaling"``
    and what the entropy term asks for: ``"statistics"`` or ``"proposal"``, moved with the
    generator, whose loss they lower too. There is no held-out loss: contrasts measure no fit.
    """

    entropy: EntropyTerm
    penalties: tuple[Penalty, ...]
    gamma: float = eqx.field(static=True)
    gamma_final: float = eqx.field(static=True)
    anneal: int = eqx.field(static=True, default=0)
    fill: float = eqx.field(static=True, default=1.0)

    @property
    def players(self) -> tuple[str, ...]:
        """The energy moves first."""
        return ("energy", "generator")

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""]:
        """The number of moves that the energy has made."""
        return jnp.zeros((), jnp.int32)

    def weight(self, moves: Array) -> Scalar:
        """gamma_t after a number of moves of the energy."""
        return cosine_decay(self.gamma, self.gamma_final, moves / max(self.anneal, 1))

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Array
    ) -> tuple[Scalar, tuple[Array, Metrics]]:
        """The loss of one of the two players, in nats."""
        if player == "energy":
            loss, metrics = self._energy_loss(key, modules, batch, memory)
            return loss, (memory + 1, metrics)
        loss, metrics = self._generator_loss(key, modules, batch)
        return loss, (memory, metrics)

    def _energy_loss(
        self, key: PRNGKey, modules: Modules, batch: Batch, moves: Array
    ) -> tuple[Scalar, Metrics]:
        draw_key, penalty_key = jax.random.split(key)
        real, generated = real_and_generated_rows(draw_key, modules, batch, self.fill)
        energy = modules["energy"]
        data, scored_generated = scored(energy, real), scored(energy, generated)
        gap = jnp.mean(scored_generated.energies) - jnp.mean(data.energies)
        total_penalty = jnp.zeros(())
        for number, penalty in enumerate(self.penalties):
            own = jax.random.fold_in(penalty_key, number)
            total_penalty = total_penalty + penalty.value(own, energy, data, scored_generated)
        return 0.5 * self.weight(moves) * total_penalty - gap, {
            "gap": gap,
            "penalty": total_penalty,
        }

    def _generator_loss(
        self, key: PRNGKey, modules: Modules, batch: Batch
    ) -> tuple[Scalar, Metrics]:
        draw_key, entropy_key = jax.random.split(key)
        scaling = modules["scaling"]
        condition = batch.condition if scaling is None else scaling(batch.condition)
        draws: Draws = draw_noisy(
            draw_key, modules["generator"], len(batch.x), self.entropy.sigma, condition
        )
        mean = jnp.mean(jax.vmap(modules["energy"].energy)(draws.x, draws.condition))
        entropy, metrics = self.entropy.value(entropy_key, modules, draws)
        return mean - entropy, {"energy": mean, **metrics}


class DensityGame(Objective):
    """The same game where the generator G knows its density: its entropy and weights are exact.

    Rows come from q = (1 - defense) G + defense prior, a defensive mixture (Hesterberg 1995): a
    well that G never visits is seen from the prior, which covers the plane. With weights
    w = exp(-E) / q and Z = E_q[w], the players lower

        energy:     E_data[E(x)] + log Z + agreement * E_G[kept * huber(E + log Z + log G)]
        generator:  -(1 - trust) E_data[log G] - trust E_q[w / Z log G],

    with kept = min(1, exp(-E) / Z G) and trust = (1 - anchor) * ESS(w) / rows.

    The energy's first two terms are its exact negative log-likelihood, by importance sampling.
    The generator lowers its *forward* KL divergence from exp(-E) / Z, and that from the data, so
    that a mode it has lost can be found again; weights of an untrained energy count for little.
    The reverse divergence of ``MaxEntropy`` has the same optimum, but where a flow still bridges
    modes its gradient is that of the bridge, and says nothing of the weights of the modes.

    The third term ties the energy to the generator's own, -log G, within ``bend`` nats as a square
    and beyond as a line: a few thousand rows leave gaps in the tails of every mode, into which a
    free energy builds walls. Only typical rows count, up to ``reach`` nats less likely than the
    mean row (5.5 is 3.6 deviations of a normal in the plane), and each as far as the energy keeps
    it: bridges between modes are what the energy is there to refuse, and tails of a spline that
    are too heavy must not widen its wells. ``drift`` keeps log Z near zero.

    The cast holds ``"energy"``, ``"generator"`` (a ``Density`` and ``Pushforward``), ``"units"``
    and ``"scaling"``. Without conditions: each would have a Z of its own.
    """

    anchor: float = eqx.field(static=True, default=0.5)
    agreement: float = eqx.field(static=True, default=0.6)
    bend: float = eqx.field(static=True, default=1.0)
    defense: float = eqx.field(static=True, default=0.1)
    reach: float = eqx.field(static=True, default=5.5)
    drift: float = eqx.field(static=True, default=1e-3)

    @property
    def players(self) -> tuple[str, ...]:
        """The energy moves first."""
        return ("energy", "generator")

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """The loss of one of the two players, in nats."""
        play_key, broad_key = jax.random.split(key)
        real, generated = real_and_generated_rows(play_key, modules, batch, fill=1.0)
        generator = modules["generator"] if player == "generator" else stopped(modules["generator"])
        rows = self._importance_weighted(broad_key, generator, modules["energy"], generated.x)
        if player == "energy":
            loss, metrics = self._energy_loss(modules["energy"], real, rows)
        else:
            loss, metrics = self._generator_loss(generator, real, rows)
        return loss, (None, metrics)

    def _importance_weighted(
        self, key: PRNGKey, generator: Any, energy: Energy, x: Array
    ) -> "_Weighed":
        """Rows of the mixture, in its exact proportions: those of G first."""
        broad = round(self.defense * len(x))
        own = len(x) - broad
        others = jax.vmap(generator.prior.sample)(jax.random.split(key, broad))
        x = jax.lax.stop_gradient(jnp.concatenate([x[:own], others]))
        log_g, log_prior = (jax.vmap(part.log_prob)(x) for part in (generator, generator.prior))
        shares = jnp.log(jnp.asarray([own, broad]) / len(x))
        log_q = jnp.logaddexp(shares[0] + jax.lax.stop_gradient(log_g), shares[1] + log_prior)
        energies = jax.vmap(energy.energy)(x)
        return _ImportanceRows(energies, log_g, -energies - log_q, jnp.arange(len(x)) < own)

    def _energy_loss(self, energy: Energy, real: Batch, rows: "_Weighed") -> tuple[Scalar, Metrics]:
        log_z = jax.nn.logsumexp(rows.log_w) - jnp.log(len(rows.log_w))
        nll = jnp.mean(jax.vmap(energy.energy)(real.x)) + log_z
        miss = rows.energies + log_z + rows.log_g
        typical = rows.own & (rows.log_g > jnp.mean(rows.log_g, where=rows.own) - self.reach)
        kept = jnp.where(typical, jnp.exp(-jnp.maximum(jax.lax.stop_gradient(miss), 0.0)), 0.0)
        tie = jnp.sum(kept * _huber(miss, self.bend)) / jnp.sum(rows.own)
        loss = nll + self.agreement * tie + self.drift * log_z**2
        return loss, {"nll": nll, "log_z": log_z, "tie": tie}

    def _generator_loss(
        self, generator: Density, real: Batch, rows: "_Weighed"
    ) -> tuple[Scalar, Metrics]:
        share = jax.nn.softmax(jax.lax.stop_gradient(rows.log_w))
        ess = 1 / (len(share) * jnp.sum(share**2))
        trust = (1 - self.anchor) * ess
        nll = -jnp.mean(jax.vmap(generator.log_prob)(real.x))
        loss = (1 - trust) * nll - trust * jnp.sum(share * rows.log_g)
        entropy = -jnp.mean(rows.log_g, where=rows.own)
        return loss, {"nll": nll, "entropy": entropy, "ess": ess}


class _ImportanceRows(NamedTuple):
    """Rows of the mixture q: -log p + const of the energy, log G, log exp(-E) / q, whose rows."""

    energies: Array
    log_g: Array
    log_w: Array
    own: Array


def _huber(miss: Array, bend: float) -> Array:
    """miss^2 / 2 up to ``bend``, a line of the same slope beyond."""
    size = jnp.abs(miss)
    near = jnp.minimum(size, bend)
    return near * (size - 0.5 * near)
