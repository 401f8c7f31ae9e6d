"""Training on an energy, without rows: the variational free energy of a normalized model."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int
from typing_extensions import override

from energeia._core.errors import NotNormalized
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Density, Energy, Metrics, Modules, Objective


class ReverseKL(Objective):
    """Minimize F = E_q[log q(x) + E(x)] = KL(q || p) - log Z, in nats, over draws of the model.

    The one module is ``"model"``, a ``Density``. A batch counts the draws and holds their
    conditions. With ``reparameterized`` the gradient goes through the draws, which must be smooth
    functions of the parameters; with ``path`` beside it only through them, and log q is that of a
    model held fixed, which leaves out a term of mean zero and vanishes draw by draw at the optimum
    (Roeder, Wu and Duvenaud 2017; Vaitl et al. 2022, arXiv:2207.08219). Otherwise it is the
    score-function estimator with the mean of the other draws as baseline,
    E[(f_i - mean_{j != i} f_j) grad log q(x_i)], f = log q + E, unbiased for any model (Williams
    1992; Kool, van Hoof and Welling 2019). Wu, Wang and Zhang 2019, "Solving statistical mechanics
    using variational autoregressive networks", eq. 4; Noe et al. 2019, "Boltzmann generators", for
    flows.

    A model that lost a mode has a low F, too: F bounds -log Z from above and nothing else.

    With ``anneal`` E counts (t + 1) / anneal of itself at move t, until it counts once: states that
    are apart are found while they are joined (Wu, Wang and Zhang 2019, in their training).

    Raises:
        NotNormalized: if the model is no ``Density``.
    """

    target: Energy
    reparameterized: bool = eqx.field(static=True, default=True)
    path: bool = eqx.field(static=True, default=False)
    anneal: int = eqx.field(static=True, default=0)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""] | None:
        """The number of moves made, where the energy is annealed."""
        return jnp.zeros((), jnp.int32) if self.anneal else None

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Any
    ) -> tuple[Scalar, tuple[Any, Metrics]]:
        """The free energy of a batch of draws; reported with the spread of log w = -log q - E."""
        model, keys = _density(modules), jax.random.split(key, len(batch.x))
        share: Any = 1.0
        if self.anneal:
            share, memory = jnp.minimum((memory + 1) / self.anneal, 1.0), memory + 1
        given = (keys, batch.condition, share)
        if self.reparameterized:
            _, f = (self._path_terms if self.path else self._terms)(model, *given)
            loss = jnp.mean(f)
        else:
            x, f = jax.lax.stop_gradient(self._terms(model, *given))
            log_q = jax.vmap(model.log_prob)(x, batch.condition)
            gain = f - (jnp.sum(f) - f) / max(len(f) - 1, 1)
            surrogate = jnp.mean(gain * log_q)
            loss = jnp.mean(f) + surrogate - jax.lax.stop_gradient(surrogate)
        return loss, (memory, {"free_energy": jnp.mean(f), "spread": jnp.std(f)})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """The free energy of as many draws as the batch counts, in nats."""
        keys = jax.random.split(key, len(batch.x))
        return jnp.mean(self._terms(_density(modules), keys, batch.condition)[1])

    def _path_terms(
        self, model: Density, keys: Array, condition: Condition, share: Any = 1.0
    ) -> tuple[Array, Array]:
        """The same, log q of a model held fixed."""
        fixed = jax.lax.stop_gradient(model)

        def one(key: PRNGKey, condition: Condition) -> tuple[Array, Scalar]:
            x = model.sample(key, condition)
            return x, fixed.log_prob(x, condition) + share * self.target.energy(x, condition)

        return jax.vmap(one)(keys, condition)

    def _terms(
        self, model: Density, keys: Array, condition: Condition, share: Any = 1.0
    ) -> tuple[Array, Array]:
        """Draws, and log q + ``share`` E of each."""

        def one(key: PRNGKey, condition: Condition) -> tuple[Array, Scalar]:
            x, log_q = model.sample_and_log_prob(key, condition)
            return x, log_q + share * self.target.energy(x, condition)

        return jax.vmap(one)(keys, condition)


def _density(modules: Modules) -> Density:
    model = modules["model"]
    if not isinstance(model, Density):
        raise NotNormalized(
            f"a {type(model).__name__} has no exact log-probability of its draws: training on an "
            "energy needs a Density"
        )
    return model
