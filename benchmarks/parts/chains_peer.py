import blackjax
import jax
import jax.numpy as jnp


def logdensity(x):
    return -8.0 * (jnp.linalg.norm(x) - 2.0) ** 2


def inference_loop(key, kernel, initial_states, num_samples, num_chains):
    @jax.jit
    def one_step(states, key):
        states, _ = jax.vmap(kernel)(jax.random.split(key, num_chains), states)
        return states, states

    return jax.lax.scan(one_step, initial_states, jax.random.split(key, num_samples))[1]


starts = 3.0 * jax.random.normal(jax.random.key(0), (64, 2))
warmup = blackjax.window_adaptation(blackjax.hmc, logdensity, num_integration_steps=10)
(_, parameters), _ = warmup.run(jax.random.key(1), starts[0], num_steps=1000)
algorithms = {
    "Mala": blackjax.mala(logdensity, step_size=0.1),
    "Hmc": blackjax.hmc(logdensity, **parameters),
}
for name, algorithm in algorithms.items():
    initial_states = jax.vmap(algorithm.init)(starts)
    states = inference_loop(jax.random.key(2), algorithm.step, initial_states, 3000, 64)
    x = jnp.swapaxes(states.position[1000:], 0, 1)
    r_hat = blackjax.diagnostics.potential_scale_reduction(x).max()
    ess = blackjax.diagnostics.effective_sample_size(x).min()
    print(f"# {name}: R-hat {r_hat:.4f}, ESS {ess:.0f}")
    radius = jnp.linalg.norm(x, axis=-1)
    ess = blackjax.diagnostics.effective_sample_size(radius)
    print(f"mean radius, {name}", float(radius.mean()), float(radius.std() / jnp.sqrt(ess)))
