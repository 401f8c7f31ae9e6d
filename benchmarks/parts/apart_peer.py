import tempfile

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train import fit_to_data

from benchmarks.parts.ring import draw


def make(key):
    return coupling_flow(
        key,
        base_dist=Normal(jnp.zeros(2)),
        transformer=RationalQuadraticSpline(knots=16, interval=5),
        flow_layers=6,
    )


path = tempfile.mkdtemp() + "/flow.eqx"
flow, losses = fit_to_data(jax.random.key(1), make(jax.random.key(0)), jnp.asarray(draw(20_000)))
eqx.tree_serialise_leaves(path, flow)
model = eqx.tree_deserialise_leaves(path, make(jax.random.key(0)))
print(f"# {type(model.base_dist).__name__}, {type(model.bijection).__name__}")
stein = jax.jit(jax.vmap(lambda x: x @ jax.grad(model.log_prob)(x)))
found = np.asarray(stein(jnp.asarray(draw(5_000, seed=1))))
print("mean of x . grad log q, exactly -2", found.mean(), found.std() / np.sqrt(len(found)))
