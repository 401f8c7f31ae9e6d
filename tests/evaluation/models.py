"""Small models with known answers, one of each capability."""

import equinox as eqx
import jax
import jax.numpy as jnp

from energeia.contracts import Density, Energy, Generator, LatentModel


class Normal(Density):
    """N(mean, sd^2) in every column."""

    mean: float = 0.0
    sd: float = 1.0
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        z = (x - self.mean) / self.sd
        return jnp.sum(-0.5 * z**2 - jnp.log(self.sd) - 0.5 * jnp.log(2 * jnp.pi))

    def sample(self, key, condition=None):
        return self.mean + self.sd * jax.random.normal(key, self.shape)


class Factor(LatentModel):
    """z ~ N(0, 1), x | z ~ N(z, s^2), proposed from the prior: p(x) = N(0, 1 + s^2)."""

    s: float = 1.0
    shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def log_weight(self, key, x, condition=None):
        z = jax.random.normal(key)
        return jax.scipy.stats.norm.logpdf(x[0], z, self.s)

    def sample(self, key, condition=None):
        one, two = jax.random.split(key)
        return jax.random.normal(one, (1,)) + self.s * jax.random.normal(two, (1,))


class Implicit(Generator):
    """Uniform noise: can be drawn from, nothing else."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def sample(self, key, condition=None):
        return jax.random.uniform(key, self.shape)


class Far(Generator):
    """Normal numbers, one row in twenty moved to ``distance``."""

    distance: float
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def sample(self, key, condition=None):
        one, two = jax.random.split(key)
        row = jax.random.normal(one, self.shape)
        return jnp.where(jax.random.uniform(two) < 0.05, self.distance, row)


class Shifted(Generator):
    """The condition with noise on it."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=(1,))

    def sample(self, key, condition=None):
        return condition[0] + jax.random.normal(key, self.shape)


class Copy(Generator):
    """One of the training rows with a little noise."""

    rows: jax.Array
    noise: float = 0.0
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def sample(self, key, condition=None):
        one, two = jax.random.split(key)
        row = self.rows[jax.random.randint(one, (), 0, len(self.rows))]
        return row + self.noise * jax.random.normal(two, self.shape)


class Broken(Generator):
    """One sample in four is not a number."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def sample(self, key, condition=None):
        one, two = jax.random.split(key)
        bad = jax.random.uniform(one) < 0.25
        return jnp.where(bad, jnp.nan, jax.random.normal(two, self.shape))


class Quadratic(Energy):
    """|x|^2 / 2 and nothing more: no partition function, no sampler."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def energy(self, x, condition=None):
        return 0.5 * jnp.sum(x**2)
