"""log Z and the likelihood of a game by exact weights, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.confined import ConfinedEnergy
from energeia.evaluation.likelihood import log_likelihood
from energeia.models.flow import Flow
from energeia.models.game import GameModel
from energeia.models.generator import ImplicitGenerator
from energeia.models.importance import importance_log_partition
from energeia.support import Real, Support

UNITS = Units(Support(((Real(), 2),)), Frozen(jnp.ones(2)), Frozen(jnp.full(2, 3.0)))
WELL = ConfinedEnergy(lambda v: jnp.full(1, 5.0), (2,), stiffness=1.5)
WIDE = Flow(StandardNormal((2,)), Affine(jnp.zeros(2), jnp.zeros(2)))
KEY = jax.random.key(0)


def test_partition_and_likelihood_are_those_of_the_normal():
    truth = np.log(2 * np.pi / 1.5) - 5.0
    found = importance_log_partition(WELL, WIDE, KEY)
    assert abs(found.value - truth) < 4 * found.stderr
    assert 0 < found.stderr < 0.01
    x = np.asarray([[1.0, 1.0], [4.0, 1.0]])
    rows = log_likelihood(GameModel(WELL, WIDE, UNITS), x, key=KEY)
    exact = -0.75 * np.sum((x - 1) ** 2 / 9, axis=1) - np.log(2 * np.pi / 1.5) - 2 * np.log(3)
    assert rows.estimate.kind == "estimate"
    np.testing.assert_allclose(rows.rows, exact, atol=0.02)
    # The control: unweighed rows give the mean energy, not the free one.
    drawn = jax.jit(jax.vmap(WIDE.sample))(jax.random.split(KEY, 5000))
    unweighed = -float(jnp.mean(jax.jit(jax.vmap(WELL.energy))(drawn)))
    assert abs(unweighed - truth) > 100 * found.stderr


def test_without_a_density_there_is_no_likelihood():
    model = GameModel(WELL, ImplicitGenerator(lambda z: z, latent=2, shape=(2,)), UNITS)
    assert model.estimate_log_partition(KEY, chains=16, temperatures=10) is None
    assert log_likelihood(model, np.ones((3, 2)), key=KEY).kind == "none"
