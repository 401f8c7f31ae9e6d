"""BlackJAX on the same log-density, with the loop of its documentation for many chains."""

import blackjax
import jax
import numpy as np

from benchmarks.rows.mala import BEND, CHAINS, EPSILON, STEPS, WIDTH
from benchmarks.task import Contender, Task
from energeia.energies.analytic import Banana


def contender() -> Contender:
    target = Banana(BEND, WIDTH)
    mala = blackjax.mala(lambda x: -target.energy(x), EPSILON)

    @jax.jit
    def inference_loop(key, positions):
        def one_step(states, key):
            states, _ = jax.vmap(mala.step)(jax.random.split(key, CHAINS), states)
            return states, states.position

        start = jax.vmap(mala.init)(positions)
        return jax.lax.scan(one_step, start, jax.random.split(key, STEPS))[1]

    x = jax.random.normal(jax.random.key(0), (CHAINS, 2))
    task = Task(lambda: np.asarray(inference_loop(jax.random.key(1), x)), CHAINS * STEPS)
    return Contender({"chain-steps": task})
