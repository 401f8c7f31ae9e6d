"""FlowJAX: ``coupling_flow``, trained by an epoch of its ``fit_to_data`` without validation."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import paramax
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal
from flowjax.flows import coupling_flow
from flowjax.train.losses import MaximumLikelihoodLoss
from flowjax.train.train_utils import get_batches, step

from benchmarks.rows.coupling import BINS, HALF_WIDTH, SERVED, SIZES, data
from benchmarks.task import Contender, Task


def contender(transformer: str, size: str) -> Contender:
    sizes = SIZES[size]
    x = jnp.asarray(data(sizes))
    spline = RationalQuadraticSpline(knots=BINS, interval=HALF_WIDTH)
    flow = coupling_flow(
        jr.key(0),
        base_dist=StandardNormal((sizes.dimension,)),
        transformer=spline if transformer == "spline" else None,
        flow_layers=sizes.layers,
        nn_width=sizes.width,
        nn_depth=2,
        nn_activation=jax.nn.silu,
    )
    params, static = eqx.partition(
        flow, eqx.is_inexact_array, is_leaf=lambda leaf: isinstance(leaf, paramax.NonTrainable)
    )
    log_prob = eqx.filter_jit(lambda flow, x: flow.log_prob(x))
    sample = eqx.filter_jit(lambda flow, key: flow.sample(key, (SERVED,)))
    tasks = {
        "training steps": Task(epoch(params, static, x, sizes.batch), sizes.steps),
        "log_prob rows": Task(lambda: np.asarray(log_prob(flow, x[:SERVED])), SERVED),
        "samples": Task(lambda: np.asarray(sample(flow, jr.key(1))), SERVED),
    }
    count = sum(leaf.size for leaf in jax.tree.leaves(params) if eqx.is_inexact_array(leaf))
    return Contender(tasks, count)


def epoch(params, static, x, batch):
    """What ``fit_to_data`` does in an epoch; the mean loss is fetched once, at the end."""
    adam, loss = optax.adam(1e-3), MaximumLikelihoodLoss()
    carried = [params, adam.init(params), jr.key(2)]

    def call():
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
