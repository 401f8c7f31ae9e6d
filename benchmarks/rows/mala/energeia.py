"""``mcmc.mala``: chains side by side in one scan."""

import equinox as eqx
import jax
import numpy as np

from benchmarks.rows.mala import BEND, CHAINS, EPSILON, STEPS, WIDTH
from benchmarks.task import Contender, Task
from energeia.energies.analytic import Banana
from energeia.mcmc.mala import Mala


@eqx.filter_jit
def run(kernel, target, key, x):
    def step(states, key):
        keys = jax.random.split(key, CHAINS)
        states, _ = jax.vmap(lambda k, s: kernel.step(k, target, s))(keys, states)
        return states, states.position

    start = jax.vmap(lambda x: kernel.init(target, x))(x)
    return jax.lax.scan(step, start, jax.random.split(key, STEPS))[1]


def contender() -> Contender:
    target, kernel = Banana(BEND, WIDTH), Mala(2 * EPSILON)
    x = jax.random.normal(jax.random.key(0), (CHAINS, 2))
    task = Task(lambda: np.asarray(run(kernel, target, jax.random.key(1), x)), CHAINS * STEPS)
    return Contender({"chain-steps": task})
