"""Models for certificates: exact ones with arbitrary parameters, and broken ones."""

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia._core.trees import trainable
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.elementwise import Affine
from energeia.contracts import Bijection, Density
from energeia.evaluation.certificate.certify import OWN, _draws
from energeia.evaluation.certificate.subject import Subject, widened
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.support import Categorical, Circle, Interval, Positive, Real, Support

CONTINUOUS = Support.of([Circle(0.0, 2 * np.pi), Interval(0.0, 1.0)])
MIXED = Support.of([Categorical((0.0, 1.0, 2.0)), Positive(), Real()])


def rows(support, n=400):
    rng = np.random.default_rng(0)
    z = rng.normal(size=n)
    columns = {
        "circle": rng.vonmises(0.5 * z, 2.0) % (2 * np.pi),
        "interval": 1 / (1 + np.exp(-z - rng.normal(size=n))),
        "categorical": rng.integers(0, 3, n).astype(float),
        "positive": np.exp(0.5 * z + 0.3 * rng.normal(size=n)),
        "real": z + rng.normal(size=n),
    }
    return np.column_stack([columns[factor.name] for factor in support.factors])


def built(recipe, support, x, noise=0.1, **options):
    """A recipe's model with initial parameters and noise on them, without training."""
    found = find(recipe)
    given = msgspec.structs.replace(found.defaults("rows"), **options)
    problem = Problem(support=support, layout=(support.width,), rows=len(x))

    def make(x, key):
        assembly = found.load()(given, problem, ReferenceRows(x, None), key)
        return assembly.model(assembly.modules)

    model = run_unoptimized(make, jnp.asarray(x, jnp.float32), jax.random.key(0))
    moving, fixed = eqx.partition(model, trainable(model))
    leaves, tree = jax.tree.flatten(moving)
    rng = np.random.default_rng(1)
    moved = [a + np.asarray(noise * rng.normal(size=a.shape), np.float32) for a in leaves]
    return eqx.combine(jax.tree.unflatten(tree, moved), fixed)


def subject(model, support, x, seed=0):
    """A subject without conditions, as ``certify`` makes it; use it in 64 bits."""
    key = jax.random.key(seed)
    model = widened(model)
    return Subject(model, support, x, None, None, _draws(model, key, None, OWN), key)


class Stretched(Bijection):
    """An affine map whose log-determinant is wrong by a factor."""

    inner: Affine
    factor: float
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    def shape(self):
        return self.inner.shape

    def forward(self, x, condition=None):
        y, log_det = self.inner.forward(x)
        return y, self.factor * log_det

    def inverse(self, y, condition=None):
        x, log_det = self.inner.inverse(y)
        return x, self.factor * log_det


class Scaled(Density):
    """N(0, 1) in every column, sampled ``sd`` times as wide, its density ``mass`` times as high."""

    sd: float = 1.0
    mass: float = 1.0
    shape: tuple[int, ...] = eqx.field(static=True, default=(2,))
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        return jnp.sum(jax.scipy.stats.norm.logpdf(x)) + jnp.log(self.mass)

    def sample(self, key, condition=None):
        return self.sd * jax.random.normal(key, self.shape)


class Biased(Density):
    """Codes 0 and 1 of equal probability, of which 1 is drawn with probability ``drawn``."""

    drawn: float = 0.5
    shape: tuple[int, ...] = eqx.field(static=True, default=(3,))
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        known = jnp.all((x == 0) | (x == 1))
        return jnp.where(known, -len(x) * jnp.log(2.0), -jnp.inf)

    def sample(self, key, condition=None):
        return jax.random.bernoulli(key, self.drawn, self.shape).astype(float)
