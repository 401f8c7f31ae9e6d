import jax
import jax.numpy as jnp
import numpy as np
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import Normal
from flowjax.flows import coupling_flow
from flowjax.train import fit_to_data
from scipy.special import logsumexp

from benchmarks.parts.ring import draw


def energy(x):
    return 8.0 * (jnp.linalg.norm(x, axis=-1) - 2.0) ** 2


flow = coupling_flow(
    jax.random.key(0),
    base_dist=Normal(jnp.zeros(2)),
    transformer=RationalQuadraticSpline(knots=16, interval=5),
    flow_layers=6,
)
flow, losses = fit_to_data(jax.random.key(1), flow, jnp.asarray(draw(20_000)))
x, log_q = flow.sample_and_log_prob(jax.random.key(2), (10_000,))
log_w = np.asarray(-energy(x), np.float64) - np.asarray(log_q, np.float64)
log_z = logsumexp(log_w) - np.log(len(log_w))
shares = np.exp(log_w - logsumexp(log_w))
ess = 1 / np.sum(shares**2)
radius = np.linalg.norm(x, axis=-1)
mean = np.sum(shares * radius)
print(f"# ESS {ess:.0f}")
print("log Z", log_z, np.sqrt((len(log_w) / ess - 1) / (len(log_w) - 1)))
print("mean radius", mean, np.sqrt(np.sum(shares**2 * (radius - mean) ** 2)))
