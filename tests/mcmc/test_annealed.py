"""Annealing brackets log Z where enumeration knows it, and lies where it must."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia.contracts import BlockEnergy, Density, Energy
from energeia.energies.algebra import GeometricPath, Interpolated, Path, Shifted, Tempered
from energeia.energies.analytic import Normal, NormalMixture
from energeia.energies.rbm import Rbm, RbmPath
from energeia.mcmc.annealed import forward, log_partition, reverse, schedule
from energeia.mcmc.bracket import bracket_warnings, certificate, larger_side
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.mala import Mala


@functools.cache
def machine(scale, key=0):
    """16 visible and 12 hidden bits with weights of a given size."""
    rbm = Rbm(jax.random.key(key), (2,) * 16, 12, jnp.full(16, 0.4), 0, scale)
    path = RbmPath(target=rbm, base_field=Frozen(rbm.visible_bias))
    y = jnp.asarray(list(itertools.product([0.0, 1.0], repeat=16)))
    minus = -np.asarray(jax.jit(jax.vmap(rbm.energy))(y), dtype=np.float64)
    log_z = np.logaddexp.reduce(minus)
    return path, np.asarray(y), np.exp(minus - log_z), log_z


@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_bracket_of_a_machine_contains_log_z(scale):
    path, y, p, log_z = machine(scale)
    draws = y[np.random.default_rng(0).choice(len(y), 256, p=p / p.sum())]
    found = log_partition(
        jax.random.key(1), path, Gibbs(), chains=256, temperatures=300, exact=jnp.asarray(draws)
    )
    assert (found.lower.kind, found.upper.kind) == ("lower bound", "upper bound")
    assert found.lower.value - 4 * found.lower.stderr < log_z
    assert log_z < found.upper.value + 4 * found.upper.stderr
    assert found.upper.value - found.lower.value < 0.5
    assert found.certificate.value < log_z
    # The control: the base's own log Z is nowhere near.
    assert abs(float(path.log_partition()) - log_z) > 20 * found.lower.stderr


def test_weights_are_unbiased_even_when_annealing_is_rough():
    path, _, _, log_z = machine(0.5)
    base = float(path.log_partition())
    run = forward(jax.random.key(0), path, Gibbs(), jnp.asarray(schedule(8)), jnp.zeros(8), 20_000)
    w = np.exp(np.asarray(run.log_weights, dtype=np.float64) + base - log_z)
    assert abs(w.mean() - 1) < 4 * w.std() / np.sqrt(len(w))
    assert np.mean(np.log(w)) < -4 * np.log(w).std() / np.sqrt(len(w))


def test_certificate_holds_at_its_rate():
    """One temperature, so the weights scatter; over many seeds it fails no more than delta."""
    path, _, _, log_z = machine(0.5)
    betas, runs, delta = jnp.asarray(schedule(4)), 8, 0.2
    run = forward(jax.random.key(3), path, Gibbs(), betas, jnp.zeros(4), 300 * 16)
    logs = np.asarray(run.log_weights, dtype=np.float64).reshape(300, 16)
    base = float(path.log_partition())
    failed = np.mean([certificate(row + base, runs, delta).value > log_z for row in logs])
    assert failed <= delta + 4 * math.sqrt(delta * (1 - delta) / 300)
    # The control: the mean of the logarithms of single weights, plus its spread, does fail.
    naive = np.mean([row.max() + base > log_z for row in logs])
    assert naive > delta + 0.2


def test_mala_anneals_a_mixture():
    means = jnp.array([[-3.0, 0.0], [3.0, 1.0], [0.0, -4.0]])
    mixture = NormalMixture(means, 0.5, jnp.array([0.5, 0.3, 0.2]))
    base = Normal(jnp.zeros(2), 9.0 * jnp.eye(2))
    path = GeometricPath(base=base, target=mixture)
    draws = jax.jit(jax.vmap(mixture.sample))(jax.random.split(jax.random.key(2), 256))
    found = log_partition(
        jax.random.key(0), path, Mala(1.0), chains=256, temperatures=200, exact=draws
    )
    assert abs(found.lower.value) < 4 * found.lower.stderr + 0.02
    assert abs(found.upper.value) < 4 * found.upper.stderr + 0.02
    tail = np.asarray(found.forward.acceptance)[50:]
    assert np.all(np.abs(tail - 0.574) < 0.2)
    assert log_partition(jax.random.key(0), path, Mala(1.0), temperatures=20).upper.kind == (
        "estimate"
    )


class CurieWeiss(BlockEnergy):
    """E = -(beta / 2N) (sum x)^2 - field sum x; one sweep draws its spins in turn."""

    beta: jax.Array
    field: jax.Array
    size: int = 40
    condition_shape: None = None

    @property
    def shape(self):
        return (self.size,)

    @property
    def blocks(self):
        return 1

    def energy(self, x, condition=None):
        return -self.beta / (2 * self.size) * jnp.sum(x) ** 2 - self.field * jnp.sum(x)

    def draw_block(self, key, block, x, condition=None):
        uniform = jax.random.uniform(key, self.shape)

        def one(i, x):
            field = self.beta / self.size * (jnp.sum(x) - x[i]) + self.field
            return x.at[i].set(jnp.where(uniform[i] < jax.nn.sigmoid(2 * field), 1.0, -1.0))

        return jax.lax.fori_loop(0, self.size, one, x)


class FromField(Path):
    """From free spins in a field: one that prefers up never sees half of a symmetric target."""

    target: CurieWeiss
    field: float

    def at(self, beta):
        field = jnp.asarray((1 - beta) * self.field)
        return CurieWeiss(jnp.asarray(beta * self.target.beta), field)

    def sample(self, key, condition=None):
        up = jax.random.uniform(key, self.target.shape) < jax.nn.sigmoid(2 * self.field)
        return jnp.where(up, 1.0, -1.0)

    def log_partition(self, condition=None):
        return self.target.size * jnp.log(2 * jnp.cosh(self.field))


def test_a_sandwich_that_lies():
    """Both sides agree to a hundredth and miss log Z by ln 2; so this is an estimate, not a bound.

    Curie-Weiss, N = 40, beta = 1.5, annealed from one mode and back from where that led.
    """
    size, beta = 40, 1.5
    k = np.arange(size + 1)
    log_states = [math.lgamma(size + 1) - math.lgamma(i + 1) - math.lgamma(size - i + 1) for i in k]
    exact = np.logaddexp.reduce(np.array(log_states) + beta / (2 * size) * (2 * k - size) ** 2)
    assert abs(exact - 33.318101227922696) < 1e-9
    target = CurieWeiss(jnp.asarray(beta), jnp.zeros(()))
    lied = log_partition(
        jax.random.key(0),
        FromField(target, 2.0),
        Gibbs(),
        chains=64,
        temperatures=200,
        equilibration=20,
    )
    # Both sides ignore the minor mode, up to its little traffic.
    assert abs(lied.upper.value - lied.lower.value) < 0.15
    assert abs(exact - math.log(2) - lied.lower.value) < 0.15
    assert lied.upper.value < exact - 0.4
    assert lied.upper.kind == "estimate"
    assert lied.lower.value < exact
    # The control: a start that knows both modes is honest.
    honest = log_partition(
        jax.random.key(0),
        FromField(target, 0.0),
        Gibbs(),
        chains=64,
        temperatures=200,
        equilibration=20,
    )
    assert abs(honest.lower.value - exact) < 4 * honest.lower.stderr + 0.02


def test_reverse_weights_undo_forward_ones_at_one_temperature():
    """Without moves between, the two sides have opposite weights at the same point."""
    start, end = Normal(jnp.zeros(2), jnp.eye(2)), Normal(jnp.ones(2), 2 * jnp.eye(2))
    path = GeometricPath(base=start, target=end)
    betas = jnp.array([0.0, 1.0])
    frozen = jnp.full(1, -60.0)
    run = forward(jax.random.key(0), path, Mala(1.0), betas, frozen, 8)
    back = reverse(jax.random.key(1), path, Mala(1.0), betas, frozen, run.positions)
    np.testing.assert_allclose(run.log_weights, -back.log_weights, atol=1e-5)


def test_energies_of_the_path():
    start, end = Normal(jnp.zeros(1), jnp.eye(1)), Normal(jnp.ones(1), jnp.eye(1))
    x = jnp.array([0.3])
    middle = Interpolated(start=start, end=end, beta=jnp.asarray(0.25))
    np.testing.assert_allclose(
        middle.energy(x), 0.75 * start.energy(x) + 0.25 * end.energy(x), rtol=1e-6
    )
    np.testing.assert_allclose(
        Tempered(end, jnp.asarray(0.5)).force(x), 0.5 * end.force(x), rtol=1e-6
    )


def test_weights_of_one_chain_have_no_error():
    """Two temperatures to a far and narrow normal of log Z = 0: one chain carries all weight."""
    far = Normal(jnp.full(10, 3.0), 0.1 * jnp.eye(10))
    rough = bracket(far, 2, seed=0)
    assert rough.lower.value < -5
    assert rough.lower.kind == "lower bound"
    assert rough.lower.stderr is None
    assert "no error is known" in rough.lower.note
    assert larger_side(rough).stderr is None
    assert any("effective sample size" in warning for warning in bracket_warnings(rough))
    # The twin: the same target through more temperatures has an error, and it holds.
    fine = bracket(far, 600, seed=0)
    assert abs(fine.lower.value) < 4 * fine.lower.stderr
    assert larger_side(fine).stderr >= abs(fine.upper.value - fine.lower.value)


class Funnel(Density):
    """v ~ N(0, 9) and nine columns N(0, e^v) given v (Neal 2003, section 8): log Z is 0."""

    shape: tuple[int, ...] = (10,)
    condition_shape: None = None

    def log_prob(self, x, condition=None):
        scatter = jnp.sum(x[1:] ** 2) * jnp.exp(-x[0]) + 9 * x[0]
        return -0.5 * (x[0] ** 2 / 9 + scatter + 10 * jnp.log(2 * jnp.pi)) - jnp.log(3.0)

    def sample(self, key, condition=None):
        noise = jax.random.normal(key, (10,))
        return jnp.concatenate([3 * noise[:1], jnp.exp(1.5 * noise[0]) * noise[1:]])


def bracket(target, temperatures, seed):
    path = GeometricPath(base=Normal(jnp.zeros(10), jnp.eye(10)), target=target)
    key = jax.random.key(seed)
    return log_partition(key, path, Mala(1.0), chains=128, temperatures=temperatures)


def test_a_bracket_that_misses_log_z_is_flagged_and_one_that_holds_it_is_not():
    """Over 60 seeds the Gaussian is flagged in 5%, the funnel over 30 seeds in 77%."""
    funnels = [bracket(Funnel(), 300, seed) for seed in range(6)]
    off = [abs(b.upper.value) > 4 * b.upper.stderr for b in funnels]
    assert sum(off) >= 5
    assert sum(bool(bracket_warnings(b)) for b in funnels) >= 3
    spread = np.random.default_rng(0).normal(size=(10, 10))
    covariance = jnp.asarray(spread @ spread.T / 10 + 0.3 * np.eye(10), float)
    normals = [bracket(Normal(jnp.ones(10), covariance), 300, seed) for seed in range(6)]
    assert all(abs(b.lower.value) < 4 * b.lower.stderr for b in normals)
    assert sum(bool(bracket_warnings(b)) for b in normals) <= 1


def test_log_weights_keep_what_float32_rounds_away():
    """A target that is the base plus a constant: every weight is its exponential."""
    base = Normal(jnp.zeros(1), jnp.eye(1))
    path = GeometricPath(base=base, target=Shifted(base, Frozen(jnp.asarray(-3e4))))
    betas = jnp.asarray(schedule(2000), jnp.float32)
    run = forward(jax.random.key(0), path, Mala(1.0), betas, jnp.zeros(2000), 64)
    gap = np.asarray(run.log_weights, np.float64) + 3e4
    assert np.max(np.abs(gap)) < 4e-3  # two units in the last digit
    # The control: the same steps added up in float32.
    steps = -3e4 * np.diff(np.asarray(betas))
    assert abs(float(np.cumsum(steps, dtype=np.float32)[-1]) + 3e4) > 4e-3


def test_too_few_chains():
    path, _, _, _ = machine(0.5)
    with pytest.raises(InputError, match="at least 16"):
        log_partition(jax.random.key(0), path, Gibbs(), chains=4)


class Moved(Density):
    """A normal around its condition."""

    shape: tuple = (2,)
    condition_shape: tuple = (2,)

    def log_prob(self, x, condition=None):
        return -0.5 * jnp.sum((x - condition) ** 2) - jnp.log(2 * jnp.pi)

    def sample(self, key, condition=None):
        return condition + jax.random.normal(key, (2,))


class NarrowMoved(Energy):
    """The same of half the width, not normalized."""

    shape: tuple = (2,)
    condition_shape: tuple = (2,)

    def energy(self, x, condition=None):
        return 2.0 * jnp.sum((x - condition) ** 2)


def test_a_base_that_moves_with_the_condition():
    far, exact = jnp.array([40.0, -30.0]), math.log(math.pi / 2)

    def found(base):
        path = GeometricPath(base=base, target=NarrowMoved())
        return log_partition(jax.random.key(0), path, Mala(0.5), 64, 60, far).lower

    lower = found(Moved())
    assert abs(lower.value - exact) < 4 * lower.stderr < 0.5
    # The control: from a base that stays where it is the target is out of reach.
    assert found(Normal(jnp.zeros(2), jnp.eye(2))).value < exact - 5
