"""The moves of both games on Gaussians, where every gradient has a closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import Batch, Density, Energy, Pushforward
from energeia.distributions.gaussian import StandardNormal
from energeia.objectives.entropy import VolumeEntropy
from energeia.objectives.max_entropy import DensityGame, MaxEntropy
from energeia.objectives.penalties import SlopePenalty
from energeia.support import Real, Support

SUPPORT = Support(((Real(), 1),))
PLAIN = Units(SUPPORT, Frozen(jnp.zeros(1)), Frozen(jnp.ones(1)))
STIFFNESS, SPREAD, ROWS = 1.5, 1.2, 2048


class Well(Energy):
    """a x^2 / 2."""

    stiffness: jax.Array
    shape: tuple = eqx.field(static=True, default=(1,))
    condition_shape: None = eqx.field(static=True, default=None)

    def energy(self, x, condition=None):
        return 0.5 * self.stiffness * jnp.sum(x**2)


class Scaled(Pushforward, Density):
    """x = s z."""

    spread: jax.Array
    shape: tuple = eqx.field(static=True, default=(1,))
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    def prior(self):
        return StandardNormal((1,))

    def transform(self, z, condition=None):
        return self.spread * z

    def log_prob(self, x, condition=None):
        return self.prior.log_prob(x / self.spread) - jnp.log(self.spread)


CAST = {
    "energy": Well(jnp.asarray(STIFFNESS)),
    "generator": Scaled(jnp.asarray(SPREAD)),
    "units": PLAIN,
    "scaling": None,
}


def gradients(objective, player, count=50):
    """The gradient of one player's loss, over many batches of data N(0, 1)."""

    @jax.jit
    def one(key):
        draw, play = jax.random.split(key)
        batch = Batch(jax.random.normal(draw, (ROWS, 1)), None)
        memory = objective.init_memory(key, CAST, batch)

        def loss(part):
            return objective.loss(player, play, CAST | {player: part}, batch, memory)[0]

        return jax.tree.leaves(eqx.filter_grad(loss)(CAST[player]))[0]

    return np.asarray(jax.lax.map(one, jax.random.split(jax.random.key(0), count)), np.float64)


def pull(found, truth):
    return abs(found.mean() - truth) / (found.std(ddof=1) / np.sqrt(len(found)))


def test_weighted_energy_climbs_its_exact_likelihood():
    truth = 0.5 * (1 - 1 / STIFFNESS)  # d/da [a <x^2> / 2 - log(a) / 2]
    game = DensityGame(consistency_weight=0.0, log_z_penalty=0.0)
    assert pull(gradients(game, "energy"), truth) < 4
    # The control: the plain contrast takes the generator for exp(-E), which it is not here.
    contrast = MaxEntropy(VolumeEntropy(), (), 0.0, 0.0)
    found = gradients(contrast, "energy")
    assert pull(found, truth) > 20
    assert pull(found, 0.5 * (1 - SPREAD**2)) < 4


def test_density_generator_lowers_its_forward_divergence_from_energy_and_data():
    def forward(variance):  # d/ds of -<log N(x; 0, s^2)> under a normal of that variance
        return 1 / SPREAD - variance / SPREAD**3

    game = DensityGame(data_weight=0.25)
    trust = 0.75 * share_of_weights(game.defensive_fraction)
    truth = (1 - trust) * forward(1.0) + trust * forward(1 / STIFFNESS)
    assert pull(gradients(game, "generator"), truth) < 4
    assert pull(gradients(DensityGame(data_weight=1.0), "generator"), truth) > 20


def share_of_weights(defensive_fraction):
    """E_q[w]^2 / E_q[w^2] of exp(-E) over the mixture of generator and prior, by quadrature."""
    x = np.linspace(-12.0, 12.0, 20_001)
    p = np.exp(-0.5 * STIFFNESS * x**2)
    normal = [np.exp(-0.5 * (x / s) ** 2) / s for s in (SPREAD, 1.0)]
    q = (1 - defensive_fraction) * normal[0] + defensive_fraction * normal[1]
    return np.sum(p) ** 2 / (np.sum(p**2 / q) * np.sum(q))


def test_weights_of_an_energy_that_knows_nothing_count_for_little():
    """A well a tenth as wide as the generator: few rows carry all weight."""
    batch = Batch(jax.random.normal(jax.random.key(0), (ROWS, 1)), None)

    def spread_of(stiffness, data_weight):
        modules = CAST | {"energy": Well(jnp.asarray(stiffness))}
        return jax.grad(
            lambda s: DensityGame(data_weight=data_weight).loss(
                "generator", jax.random.key(1), modules | {"generator": Scaled(s)}, batch, None
            )[0]
        )(jnp.asarray(SPREAD))

    alone = spread_of(1.0, 1.0)
    pulls = [abs(spread_of(stiffness, 0.0) - alone) for stiffness in (1e4, 1e6)]
    assert pulls[1] < 0.2 * pulls[0] < 0.2 * 0.2


class TwoWells(Energy):
    """-log of N(0, .05^2) + N(2, .05^2): Z = 2, of which a narrow generator sees half."""

    shape: tuple = eqx.field(static=True, default=(1,))
    condition_shape: None = eqx.field(static=True, default=None)

    def energy(self, x, condition=None):
        centers = jnp.asarray([0.0, 2.0])
        logs = jax.scipy.stats.norm.logpdf(x, centers, 0.05)
        return -jax.nn.logsumexp(logs)


def test_a_well_that_the_generator_never_visits_counts():
    modules = CAST | {"energy": TwoWells(), "generator": Scaled(jnp.asarray(0.06))}
    batch = Batch(jnp.zeros((ROWS, 1)), None)

    def partition(defensive_fraction):
        game = DensityGame(defensive_fraction=defensive_fraction)

        def one(key):
            return jnp.exp(game.loss("energy", key, modules, batch, None)[1][1]["log_z"])

        keys = jax.random.split(jax.random.key(0), 100)
        return np.asarray(jax.jit(lambda keys: jax.lax.map(one, keys))(keys), np.float64)

    assert pull(partition(0.1), 2.0) < 4
    # The control: from the generator alone the far well does not exist.
    assert pull(partition(0.0), 2.0) > 20


def test_generator_lowers_its_reverse_divergence():
    truth = STIFFNESS * SPREAD - 1 / SPREAD  # d/ds [a s^2 / 2 - log s]
    game = MaxEntropy(VolumeEntropy(), (), 0.0, 0.0)
    found = gradients(game, "generator")
    assert pull(found, truth) < 4
    # The control: without the entropy there is nothing to hold the generator apart.
    assert pull(found, STIFFNESS * SPREAD) > 20


def test_tie_vanishes_where_both_sides_agree_and_not_elsewhere():
    game = DensityGame(consistency_weight=1.0)
    batch = Batch(jax.random.normal(jax.random.key(0), (ROWS, 1)), None)

    @jax.jit
    def tie(stiffness):
        modules = CAST | {"energy": Well(stiffness)}
        return game.loss("energy", jax.random.key(1), modules, batch, None)[1][1]["consistency"]

    assert tie(1 / SPREAD**2) < 1e-6  # the noise of log Z, squared
    assert tie(STIFFNESS) > 0.01


@pytest.mark.parametrize(("moves", "weight"), [(0, 2.0), (5, 1.05), (10, 0.1), (99, 0.1)])
def test_penalty_weight_falls_along_half_a_cosine(moves, weight):
    game = MaxEntropy(VolumeEntropy(), (SlopePenalty("real"),), 2.0, 0.1, anneal=10)
    assert float(game.weight(jnp.asarray(moves))) == pytest.approx(weight)
