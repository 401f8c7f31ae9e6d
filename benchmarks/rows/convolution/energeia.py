"""``nn.convolutional`` under a critic, the game of ``objectives.adversarial`` with R1."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.product import PLAIN_ADAM, endless, parameters, training_task
from benchmarks.rows.convolution import (
    BATCH,
    CHANNELS,
    ENDING,
    GAMMA,
    KERNEL,
    PADDED,
    STEPS,
    STRIDE,
    data,
)  # fmt: skip
from benchmarks.task import Contender
from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.critic import Critic
from energeia.nn.convolutional import Convolution
from energeia.objectives.adversarial import Adversarial, MeanDifference
from energeia.objectives.penalties import SlopePenalty
from energeia.support import Real, Support
from energeia.training.player import Player, optimizer
from energeia.training.state import Game


class Network(eqx.Module):
    """Four strided convolutions and a sum."""

    layers: tuple[Convolution, ...]
    last: eqx.nn.Linear

    def __init__(self, key: jax.Array) -> None:
        keys = jax.random.split(key, len(CHANNELS))
        self.layers = tuple(
            Convolution(a, b, kernel=KERNEL, stride=STRIDE, key=k)
            for a, b, k in zip(CHANNELS[:-1], CHANNELS[1:], keys[1:], strict=True)
        )
        self.last = eqx.nn.Linear(ENDING, 1, key=keys[0])

    def __call__(self, x: jax.Array) -> jax.Array:
        h = x.reshape(PADDED, PADDED, 1)
        for layer in self.layers:
            h = jax.nn.silu(layer(h))
        return self.last(h.ravel())


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    d = x.shape[1]
    modules = {
        "critic": Critic(Network(jax.random.key(0)), (d,)),
        "generator": StandardNormal((d,)),
        "units": Units(Support(((Real(), d),)), Frozen(jnp.zeros(d)), Frozen(jnp.ones(d))),
        "scaling": None,
    }
    objective = Adversarial(
        payoff=MeanDifference(), penalties=(SlopePenalty("real"),), gamma=GAMMA, gamma_final=GAMMA
    )
    players = (Player("critic", ("critic",), optimizer(PLAIN_ADAM, training.rounds)),)
    task = training_task(Game(objective, players), modules, np.asarray(x), training)
    return Contender({"training steps": task}, parameters({"critic": modules["critic"]}))
