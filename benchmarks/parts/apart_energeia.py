import tempfile

import jax
import numpy as np

import energeia
from benchmarks.parts.ring import draw

folder = tempfile.mkdtemp() + "/run"
energeia.fit(draw(20_000), "spline-flow", out=folder)
model = energeia.load(folder).model
flow = model.inner
print(f"# {type(flow.base).__name__}, {type(flow.bijection).__name__}")
stein = jax.jit(jax.vmap(lambda x: x @ jax.grad(model.log_prob)(x)))
found = np.asarray(stein(draw(5_000, seed=1)))
print("mean of x . grad log q, exactly -2", found.mean(), found.std() / np.sqrt(len(found)))
