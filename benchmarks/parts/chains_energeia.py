import jax
import jax.numpy as jnp

import energeia
from energeia.mcmc import Hmc, Mala, sample
from energeia.stats import mean_error

ring = energeia.energy(lambda x: 8.0 * (jnp.linalg.norm(x) - 2.0) ** 2, 2)
starts = 3.0 * jax.random.normal(jax.random.key(0), (64, 2))
for kernel in (Mala(0.1), Hmc(0.1)):
    chains = sample(jax.random.key(1), ring, kernel, starts, 2000)
    radius = jnp.linalg.norm(chains.positions, axis=-1, keepdims=True)
    name = type(kernel).__name__
    print(f"# {name}: R-hat {chains.diagnosis.r_hat:.4f}, ESS {chains.diagnosis.ess:.0f}")
    print(f"mean radius, {name}", float(radius.mean()), float(mean_error(radius)[0]))
