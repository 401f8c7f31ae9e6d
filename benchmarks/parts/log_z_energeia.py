import jax
import jax.numpy as jnp

import energeia
from energeia.energies import GeometricPath, fitted_normal
from energeia.mcmc import Hmc, Mala, log_partition, sample

ring = energeia.energy(lambda x: 8.0 * (jnp.linalg.norm(x) - 2.0) ** 2, 2)
starts = 3.0 * jax.random.normal(jax.random.key(0), (64, 2))
chains = sample(jax.random.key(1), ring, Hmc(0.1), starts, 500)
path = GeometricPath(fitted_normal(chains.rows), ring)
bracket = log_partition(jax.random.key(2), path, Mala(0.1), temperatures=300)
print("# from above:", bracket.upper)
print("log Z", bracket.lower.value, bracket.lower.stderr)
