import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train import fit_to_data

from benchmarks.parts.ring import draw

flow = coupling_flow(
    jax.random.key(0),
    base_dist=Normal(jnp.zeros(2)),
    transformer=RationalQuadraticSpline(knots=16, interval=5),
    flow_layers=6,
)
flow, losses = fit_to_data(jax.random.key(1), flow, jnp.asarray(draw(20_000)))
log_q = np.asarray(flow.log_prob(draw(5_000, seed=1)))
print("held-out log-likelihood", log_q.mean(), log_q.std() / np.sqrt(len(log_q)))
