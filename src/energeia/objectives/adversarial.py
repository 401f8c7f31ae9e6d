"""Adversarial training of a critic, which distinguishes data from samples, and a generator.

The critic is an energy, low on data. A ``Payoff`` gives both losses from the energies of one batch
of each kind; penalties on the critic's gradient are separate parts.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.objectives.penalties import Penalty, cosine_decay, scored

Energies = Float[Array, " rows"]


class Payoff(eqx.Module):
    """The losses of both players, from the energies of real and of generated rows.

    Rows are paired: row i of both batches has the same condition. With D = -E the critic's
    output, each subclass gives its losses in the notation of its paper.
    """

    @abstractmethod
    def critic(self, real: Energies, generated: Energies) -> Scalar:
        """The critic's loss."""

    @abstractmethod
    def generator(self, real: Energies, generated: Energies) -> Scalar:
        """The generator's loss."""


class Relativistic(Payoff):
    """E softplus(-(D(x) - D(G(z)))) for the critic, the roles exchanged for the generator.

    Relativistic pairing (Jolicoeur-Martineau 2019, arXiv:1807.00734; Huang et al. 2024,
    arXiv:2501.05441, eq. 2): only differences of energies enter, so every generated row gets a
    gradient.
    """

    def critic(self, real: Energies, generated: Energies) -> Scalar:
        """E softplus(E(x) - E(G(z)))."""
        return jnp.mean(jax.nn.softplus(real - generated))

    def generator(self, real: Energies, generated: Energies) -> Scalar:
        """E softplus(E(G(z)) - E(x))."""
        return jnp.mean(jax.nn.softplus(generated - real))


class NonSaturating(Payoff):
    """Logistic classification; the generator maximizes log sigmoid(D(G(z))) (Goodfellow et al.
    2014).

    The optimal critic is D = log p_data / p_generated.
    """

    def critic(self, real: Energies, generated: Energies) -> Scalar:
        """E softplus(-D(x)) + E softplus(D(G(z)))."""
        return jnp.mean(jax.nn.softplus(real)) + jnp.mean(jax.nn.softplus(-generated))

    def generator(self, real: Energies, generated: Energies) -> Scalar:
        """E softplus(-D(G(z)))."""
        return jnp.mean(jax.nn.softplus(generated))


class Minimax(Payoff):
    """The zero-sum game; at the optimal critic its value is 2 JSD(p_data, p_generated) - 2 log 2.

    Goodfellow et al. 2014, arXiv:1406.2661, eq. 1 and theorem 1.
    """

    def critic(self, real: Energies, generated: Energies) -> Scalar:
        """-E log sigmoid(D(x)) - E log(1 - sigmoid(D(G(z))))."""
        return jnp.mean(jax.nn.softplus(real)) + jnp.mean(jax.nn.softplus(-generated))

    def generator(self, real: Energies, generated: Energies) -> Scalar:
        """E log(1 - sigmoid(D(G(z))))."""
        return -jnp.mean(jax.nn.softplus(-generated))


class MeanDifference(Payoff):
    """The Kantorovich-Rubinstein dual of the first Wasserstein distance: D has slope at most one.

    Arjovsky et al. 2017, arXiv:1701.07875, eq. 2; a penalty must enforce that slope.
    """

    def critic(self, real: Energies, generated: Energies) -> Scalar:
        """E D(G(z)) - E D(x)."""
        return jnp.mean(real) - jnp.mean(generated)

    def generator(self, real: Energies, generated: Energies) -> Scalar:
        """-E D(G(z))."""
        return jnp.mean(generated)


class Adversarial(Objective):
    """The game of a critic and a generator, in the coordinates ``v`` of ``Units``.

    ``modules`` holds ``"critic"`` (an Energy of v), ``"generator"`` (a Generator of v), ``"units"``
    and ``"scaling"`` of the conditions, or None. The critic minimizes payoff + gamma_t / 2 * (sum
    of penalties), the generator its payoff alone. gamma_t goes from ``gamma`` to ``gamma_final``
    along half a cosine over ``anneal`` moves of the critic, counted in the memory: a large penalty
    stabilizes the start, a small one allows sharp densities at the end (Huang et al. 2024,
    arXiv:2501.05441, appendix D). A discrete value is dequantized over the fraction ``fill`` of its
    cell.

    There is no held-out loss: the distance of a few hundred generated rows from held-out ones is so
    noisy that it can select an early, collapsed state, so the averaged final generator is kept.
    """

    payoff: Payoff
    penalties: tuple[Penalty, ...]
    gamma: float = eqx.field(static=True)
    gamma_final: float = eqx.field(static=True)
    fill: float = eqx.field(static=True, default=0.5)
    anneal: int = eqx.field(static=True, default=0)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("critic", "generator")

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""]:
        """The number of moves that the critic has made."""
        return jnp.zeros((), jnp.int32)

    def weight(self, moves: Array) -> Scalar:
        """gamma_t after a number of moves of the critic."""
        return cosine_decay(self.gamma, self.gamma_final, moves / max(self.anneal, 1))

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Array
    ) -> tuple[Scalar, tuple[Array, Metrics]]:
        """The loss of one of the two players; both report the mean energies of both batches."""
        draw_key, penalty_key = jax.random.split(key)
        real, generated = real_and_generated_rows(draw_key, modules, batch, self.fill)
        critic = modules["critic"]
        if player == "generator":
            on_real = jax.vmap(critic.energy)(real.x, real.condition)
            on_generated = jax.vmap(critic.energy)(generated.x, generated.condition)
            metrics = {"gap": jnp.mean(on_generated) - jnp.mean(on_real)}
            return self.payoff.generator(on_real, on_generated), (memory, metrics)
        data, scored_generated = scored(critic, real), scored(critic, generated)
        keys = jax.random.split(penalty_key, max(len(self.penalties), 1))
        total_penalty = sum(
            (
                p.value(k, critic, data, scored_generated)
                for p, k in zip(self.penalties, keys, strict=False)
            ),
            start=jnp.zeros(()),
        )
        payoff = self.payoff.critic(data.energies, scored_generated.energies)
        metrics = {
            "gap": jnp.mean(scored_generated.energies) - jnp.mean(data.energies),
            "penalty": total_penalty,
        }
        return payoff + 0.5 * self.weight(memory) * total_penalty, (memory + 1, metrics)


def real_and_generated_rows(
    key: PRNGKey, modules: Modules, batch: Batch, fill: float
) -> tuple[Batch, Batch]:
    """The batch in coordinates v, and an equal number of generated rows under the same
    conditions."""
    noise_key, draw_key = jax.random.split(key)
    units, scaling = modules["units"], modules["scaling"]
    condition = batch.condition if scaling is None else scaling(batch.condition)

    def dequantize(key: PRNGKey, x: Array) -> Array:
        y, _ = units.encode(x)
        noise = 0.5 + fill * (jax.random.uniform(key, y.shape, y.dtype) - 0.5)
        return units.scale_codes(y + jnp.where(units.coordinates.discrete, noise, 0.0))[0]

    def draw(key: PRNGKey, condition: Condition) -> Array:
        return modules["generator"].sample(key, condition)

    rows = len(batch.x)
    real = jax.vmap(dequantize)(jax.random.split(noise_key, rows), batch.x)
    axes = (0, None if condition is None else 0)
    generated = jax.vmap(draw, in_axes=axes)(jax.random.split(draw_key, rows), condition)
    return Batch(real, condition), Batch(generated, condition)
