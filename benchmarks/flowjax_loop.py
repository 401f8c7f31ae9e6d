"""FlowJAX flows: an epoch of ``fit_to_data`` without validation, scoring and drawing."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import paramax
from flowjax.distributions import AbstractDistribution
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import get_batches, step

from benchmarks.task import Contender, Task


def density_contender(
    flow: AbstractDistribution, rows: np.ndarray, batch: int, steps: int, served: int
) -> Contender:
    """Training by epochs of ``steps`` steps, and ``served`` rows scored or drawn in one call."""
    x = jnp.asarray(rows)
    params, static = eqx.partition(
        flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
    )
    log_prob = eqx.filter_jit(lambda flow, x: flow.log_prob(x))
    sample = eqx.filter_jit(lambda flow, key: flow.sample(key, (served,)))
    tasks = {
        "training steps": Task(epoch(params, static, x, batch), steps),
        "log_prob rows": Task(lambda: np.asarray(log_prob(flow, x[:served])), served),
        "samples": Task(lambda: np.asarray(sample(flow, jr.key(1))), served),
    }
    count = sum(leaf.size for leaf in jax.tree.leaves(params) if eqx.is_inexact_array(leaf))
    return Contender(tasks, count)


def epoch(params, static, x: jax.Array, batch: int) -> Callable[[], float]:
    """What ``fit_to_data`` does in an epoch; the mean loss is fetched once, at the end."""
    adam, loss = optax.adam(1e-3), MaximumLikelihoodLoss()
    carried = [params, adam.init(params), jr.key(2)]

    def call() -> float:
        params, state, key = carried
        key, shuffle = jr.split(key)
        losses = []
        for rows in zip(*get_batches((jr.permutation(shuffle, x),), batch), strict=True):
            key, own = jr.split(key)
            params, state, value = step(
                params, static, *rows, optimizer=adam, opt_state=state, loss_fn=loss, key=own
            )
            losses.append(value)
        carried[:] = params, state, key
        return (sum(losses) / len(losses)).item()

    return call
