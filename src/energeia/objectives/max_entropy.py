"""The maximum-entropy game of an energy and a generator whose entropy is maximized."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int
from typing_extensions import override

from energeia._core.trees import stopped
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Density, Energy, Metrics, Modules, Objective
from energeia.objectives.adversarial import real_and_generated_rows
from energeia.objectives.entropy import Draws, EntropyTerm, draw_noisy
from energeia.objectives.penalties import Penalty, cosine_decay, scored


class MaxEntropy(Objective):
    """Two players in the coordinates ``v`` of ``Units``, minimizing in turn

        energy:     E_data[E(x)] - E_G[E(x)] + gamma_t / 2 * (sum of penalties)
        generator:  E_G[E(x)] - H(G)

    the alternating descent of Kumar et al. 2019 (arXiv:1901.08508, eqs. 5 and 7). The energy's
    gradient is that of maximum likelihood as far as the generator samples exp(-E): data are the
    positive phase, generated rows the negative one. The generator minimizes its reverse KL
    divergence from exp(-E) / Z; without the entropy it would collapse to the lowest energy.
    Penalties sum the squared slope over all axes of a row; at a constant weight they flatten the
    energy, since at the optimum gamma div(p grad E) = p - p_G, so gamma_t falls from ``gamma`` to
    ``gamma_final`` along half a cosine over ``anneal`` moves of the energy.

    ``modules`` holds ``"energy"``, ``"generator"`` (a ``Pushforward``), ``"units"``, ``"scaling"``
    and, where the entropy term needs it, ``"statistics"`` or ``"proposal"``, updated with the
    generator on the same loss. There is no held-out loss: differences of energies do not measure
    the fit.
    """

    entropy: EntropyTerm
    penalties: tuple[Penalty, ...]
    gamma: float = eqx.field(static=True)
    gamma_final: float = eqx.field(static=True)
    anneal: int = eqx.field(static=True, default=0)
    fill: float = eqx.field(static=True, default=1.0)

    @property
    @override
    def players(self) -> tuple[str, ...]:
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
    """The game for a generator G with a density: its entropy and importance weights are exact.

    Rows come from q = (1 - defensive_fraction) G + defensive_fraction prior, a defensive mixture
    (Hesterberg 1995): samples of the prior, which covers the plane, find wells of the energy that G
    does not sample. With weights w = exp(-E) / q and Z = E_q[w], the players minimize

        energy:     E_data[E(x)] + log Z + consistency_weight * E_G[kept * huber(E + log Z + log G)]
        generator:  -(1 - trust) E_data[log G] - trust E_q[w / Z log G],

    with kept = min(1, exp(-E) / Z G) and trust = (1 - data_weight) * ESS(w) / rows.

    The energy's first two terms are its exact negative log-likelihood, by importance sampling.
    The generator minimizes the *forward* KL divergences from exp(-E) / Z and from the data to
    itself, so that it can recover a lost mode; where the weights of an energy are uneven, ``trust``
    is small. The reverse divergence of ``MaxEntropy`` has the same optimum, but where a flow still
    has mass between modes that mass dominates its gradient, which then does not change the weights
    of the modes.

    The third term is a Huber loss of width ``huber_width`` nats between the energy and that of the
    generator, -log G: a few thousand rows leave gaps in the tails of every mode, where the energy
    would otherwise rise steeply. Only typical rows enter, up to ``typical_range`` nats less likely
    than the mean row (5.5 is 3.6 deviations of a normal in the plane), each with weight ``kept``,
    which is small where the energy is above that of the generator: the energy must be free to
    suppress mass of the generator between modes and in the heavy tails of a spline.
    ``log_z_penalty`` keeps log Z near zero.

    ``modules`` holds ``"energy"``, ``"generator"`` (a ``Density`` and ``Pushforward``), ``"units"``
    and ``"scaling"``. Conditions are not supported: each would have a Z of its own.
    """

    data_weight: float = eqx.field(static=True, default=0.5)
    consistency_weight: float = eqx.field(static=True, default=0.6)
    huber_width: float = eqx.field(static=True, default=1.0)
    defensive_fraction: float = eqx.field(static=True, default=0.1)
    typical_range: float = eqx.field(static=True, default=5.5)
    log_z_penalty: float = eqx.field(static=True, default=1e-3)

    @property
    @override
    def players(self) -> tuple[str, ...]:
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
    ) -> "_ImportanceRows":
        """Rows of the mixture in exact proportions, those of G first."""
        broad = round(self.defensive_fraction * len(x))
        own = len(x) - broad
        others = jax.vmap(generator.prior.sample)(jax.random.split(key, broad))
        x = jax.lax.stop_gradient(jnp.concatenate([x[:own], others]))
        log_g, log_prior = (jax.vmap(part.log_prob)(x) for part in (generator, generator.prior))
        shares = jnp.log(jnp.asarray([own, broad]) / len(x))
        log_q = jnp.logaddexp(shares[0] + jax.lax.stop_gradient(log_g), shares[1] + log_prior)
        energies = jax.vmap(energy.energy)(x)
        return _ImportanceRows(energies, log_g, -energies - log_q, jnp.arange(len(x)) < own)

    def _energy_loss(
        self, energy: Energy, real: Batch, rows: "_ImportanceRows"
    ) -> tuple[Scalar, Metrics]:
        log_z = jax.nn.logsumexp(rows.log_w) - jnp.log(len(rows.log_w))
        nll = jnp.mean(jax.vmap(energy.energy)(real.x)) + log_z
        difference = rows.energies + log_z + rows.log_g
        typical = rows.own & (
            rows.log_g > jnp.mean(rows.log_g, where=rows.own) - self.typical_range
        )
        kept = jnp.where(
            typical, jnp.exp(-jnp.maximum(jax.lax.stop_gradient(difference), 0.0)), 0.0
        )
        consistency = jnp.sum(kept * _huber(difference, self.huber_width)) / jnp.sum(rows.own)
        loss = nll + self.consistency_weight * consistency + self.log_z_penalty * log_z**2
        return loss, {"nll": nll, "log_z": log_z, "consistency": consistency}

    def _generator_loss(
        self, generator: Density, real: Batch, rows: "_ImportanceRows"
    ) -> tuple[Scalar, Metrics]:
        share = jax.nn.softmax(jax.lax.stop_gradient(rows.log_w))
        ess = 1 / (len(share) * jnp.sum(share**2))
        trust = (1 - self.data_weight) * ess
        nll = -jnp.mean(jax.vmap(generator.log_prob)(real.x))
        loss = (1 - trust) * nll - trust * jnp.sum(share * rows.log_g)
        entropy = -jnp.mean(rows.log_g, where=rows.own)
        return loss, {"nll": nll, "entropy": entropy, "ess": ess}


class _ImportanceRows(NamedTuple):
    """Rows of the mixture q: E, log G, log exp(-E) / q, and whether G drew the row."""

    energies: Array
    log_g: Array
    log_w: Array
    own: Array


def _huber(difference: Array, huber_width: float) -> Array:
    """difference^2 / 2 up to ``huber_width``, a line of the same slope beyond."""
    size = jnp.abs(difference)
    near = jnp.minimum(size, huber_width)
    return near * (size - 0.5 * near)
