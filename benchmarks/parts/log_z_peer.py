import blackjax
import blackjax.smc.resampling as resampling
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.smc import extend_params


def prior_log_prob(x):
    return jax.scipy.stats.norm.logpdf(x, scale=1.5).sum()


def loglikelihood(x):
    return -8.0 * (jnp.linalg.norm(x) - 2.0) ** 2 - prior_log_prob(x)


parameters = {
    "step_size": 0.2, "inverse_mass_matrix": jnp.eye(2), "num_integration_steps": 10
}  # fmt: skip
smc = blackjax.adaptive_tempered_smc(
    prior_log_prob,
    loglikelihood,
    blackjax.hmc.build_kernel(),
    blackjax.hmc.init,
    extend_params(parameters),
    resampling.systematic,
    0.8,
    num_mcmc_steps=10,
)
step = jax.jit(smc.step)


def log_z(key, particles=256):
    key, init_key = jax.random.split(key)
    state = smc.init(1.5 * jax.random.normal(init_key, (particles, 2)))
    total = 0.0
    while state.tempering_param < 1:
        key, subkey = jax.random.split(key)
        state, info = step(subkey, state)
        total += float(info.log_likelihood_increment)
    return total


found = [log_z(key) for key in jax.random.split(jax.random.key(0), 8)]
print("log Z", np.mean(found), np.std(found, ddof=1) / np.sqrt(8))
