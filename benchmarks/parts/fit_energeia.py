import jax
import jax.numpy as jnp
import numpy as np

import energeia
from benchmarks.parts.ring import draw
from energeia.bijections import Affine, Chain, Spline, coupling_stack
from energeia.distributions import StandardNormal
from energeia.models import Flow

layers = [
    Affine(jnp.zeros(2), jnp.zeros(2)),
    coupling_stack(Spline(16), 6, dimension=2, key=jax.random.key(0)),
]
flow = Flow(StandardNormal((2,)), Chain(layers))
fitted = energeia.fit(draw(20_000), model=flow)
log_q = np.asarray(jax.vmap(fitted.model.log_prob)(draw(5_000, seed=1)))
print("held-out log-likelihood", log_q.mean(), log_q.std() / np.sqrt(len(log_q)))
