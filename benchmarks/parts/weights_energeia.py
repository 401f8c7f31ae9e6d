import jax
import jax.numpy as jnp

import energeia
from benchmarks.parts.ring import draw
from energeia.bijections import Affine, Chain, Spline, coupling_stack
from energeia.distributions import StandardNormal
from energeia.evaluation import reweight
from energeia.models import Flow

ring = energeia.energy(lambda x: 8.0 * (jnp.linalg.norm(x) - 2.0) ** 2, 2)
layers = [
    Affine(jnp.zeros(2), jnp.zeros(2)),
    coupling_stack(Spline(16), 6, dimension=2, key=jax.random.key(0)),
]
flow = Flow(StandardNormal((2,)), Chain(layers))
fitted = energeia.fit(draw(20_000), model=flow)
found = reweight(jax.random.key(1), fitted.model, ring, 10_000)
radius = found.mean(jnp.linalg.norm)
print(f"# ESS {found.ess:.0f}")
print("log Z", found.log_partition.value, found.log_partition.stderr)
print("mean radius", radius.value, radius.stderr)
