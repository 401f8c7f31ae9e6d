"""Small games with known answers, for the tests of the loop."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from energeia.contracts import Batch, Density, Objective
from energeia.training.player import Player
from energeia.training.settings import Training
from energeia.training.state import Game


class Gauss(Density):
    """A diagonal Gaussian whose maximum-likelihood fit is the sample's mean and deviation."""

    mean: jax.Array
    log_scale: jax.Array
    shape: tuple = eqx.field(static=True, default=(2,))
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        u = (x - self.mean) * jnp.exp(-self.log_scale)
        return jnp.sum(-0.5 * u**2 - self.log_scale - 0.5 * jnp.log(2 * jnp.pi))

    def sample(self, key, condition=None):
        return self.mean + jnp.exp(self.log_scale) * jax.random.normal(key, self.shape)


class Likelihood(Objective):
    """Mean negative log-likelihood; counts its moves in memory."""

    players = ("model",)

    def init_memory(self, key, modules, batch):
        return {"moves": jnp.zeros((), jnp.int32), "chain": jax.random.key(7)}

    def loss(self, player, key, modules, batch, memory):
        loss = -jnp.mean(jax.jit(jax.vmap(modules["model"].log_prob))(batch.x))
        noise = jax.random.normal(jax.random.fold_in(memory["chain"], memory["moves"]))
        memory = memory | {"moves": memory["moves"] + 1}
        return loss + 0.0 * noise, (memory, {"noise": noise})

    def held_out(self, key, modules, batch):
        return -jnp.mean(jax.jit(jax.vmap(modules["model"].log_prob))(batch.x))


class Bilinear(Objective):
    """f(a, b) = a b + (b^2 - a^2)/2 ... whose only equilibrium is the origin; two players."""

    players = ("a", "b")

    def loss(self, player, key, modules, batch, memory):
        a, b = modules["a"].value, modules["b"].value
        payoff = a * b
        own = payoff + 0.5 * a**2 if player == "a" else -payoff + 0.5 * b**2
        return own, (memory, {})


class Number(eqx.Module):
    """A part of a cast that is one number."""

    value: jax.Array


class Broken(Objective):
    """Its loss is not a number from the fifth round on."""

    players = ("model",)

    def init_memory(self, key, modules, batch):
        return jnp.zeros((), jnp.int32)

    def loss(self, player, key, modules, batch, memory):
        poison = jnp.where(memory >= 4, jnp.nan, 1.0)
        return modules["model"].value * poison, (memory + 1, {})


def gauss_game(rate=0.05):
    player = Player("model", ("model",), optax.adam(rate))
    return Game(Likelihood(), (player,)), {"model": Gauss(jnp.zeros(2), jnp.zeros(2))}


def gauss_rows(count=2000, seed=0):
    rng = np.random.default_rng(seed)
    return Batch(rng.normal(size=(count, 2)) * [2.0, 0.5] + [1.0, -3.0], None)


def settings(**changes):
    base = {"rounds": 300, "batch": 100, "check_every": 50}
    return Training(**{**base, **changes})
