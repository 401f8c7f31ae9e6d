"""The recipe of the game: which generator, which entropy, which networks, and what it refuses."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from energeia._core.errors import InputError
from energeia.contracts import Batch
from energeia.energies.confined import ConfinedEnergy
from energeia.models.flow import Flow
from energeia.models.game import GameModel
from energeia.models.generator import ImplicitGenerator
from energeia.nn.images import ImageEncoder
from energeia.nn.residual import ResidualNet
from energeia.objectives.max_entropy import DensityGame, MaxEntropy
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.max_entropy import build
from energeia.recipes.options.max_entropy import MaxEntropyOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Circle, Integer, Real, Support

ROWS = 6


def assemble(columns, layout=None, condition_size=0, **options):
    support = Support.of(columns)
    problem = Problem(
        support=support,
        layout=layout or (len(columns),),
        rows=ROWS,
        condition_dimension=condition_size,
    )
    x = jnp.tile(jnp.arange(float(ROWS))[:, None], (1, support.dimension))
    condition = jnp.ones((ROWS, condition_size)) if condition_size else None
    made = build(
        MaxEntropyOptions(**options), problem, ReferenceRows(x, condition), jax.random.key(0)
    )
    batch = Batch(x, condition)
    memory = made.objective.init_memory(jax.random.key(1), made.modules, batch)
    for player in made.players:

        def loss(modules, player=player):
            key = jax.random.key(2)
            return made.objective.loss(player.name, key, modules, batch, memory)[0]

        assert eqx.filter_eval_shape(loss, made.modules).shape == ()
        assert set(player.trains) <= set(made.modules)
    return made


def test_flow_where_its_density_helps_and_a_network_elsewhere():
    few = assemble([Real(), Circle(0.0, 1.0)])
    assert isinstance(few.objective, DensityGame)
    assert isinstance(few.modules["generator"], Flow)
    for made in (assemble([Real()] * 9), assemble([Real()] * 2, condition_size=1)):
        assert isinstance(made.objective, MaxEntropy)
        assert isinstance(made.modules["generator"], ImplicitGenerator)
    with pytest.raises(InputError, match="generator=network"):
        assemble([Real()] * 2, condition_size=1, generator="flow")
    with pytest.raises(InputError, match="from 0 to below 1"):
        assemble([Real()] * 2, defensive_fraction=1.0)


@pytest.mark.parametrize(
    ("entropy", "part"), [("information", "statistics"), ("score", "proposal")]
)
def test_what_the_entropy_learns_moves_with_the_generator(entropy, part):
    made = assemble([Real()] * 3, generator="network", entropy=entropy, latent=2)
    assert made.players[1].trains == ("generator", part)
    with pytest.raises(InputError, match="positive sigma"):
        assemble([Real()] * 3, generator="network", entropy=entropy, sigma=0.0)


def test_images_get_convolutions_and_one_scale():
    pixels = [Integer(0, 255)] * 256
    made = assemble(pixels, (16, 16), entropy="information", channels=2, latent=3, hidden=4)
    assert isinstance(made.modules["energy"], ConfinedEnergy)
    assert isinstance(made.modules["energy"].network, ImageEncoder)
    assert jnp.ptp(made.modules["units"].scale.value) == 0
    model = made.model(made.modules)
    assert isinstance(model, GameModel)
    assert jax.eval_shape(model.sample, jax.random.key(0)).shape == (256,)
    dense = assemble(pixels, (16, 16), entropy="information", images=False, latent=3, hidden=4)
    assert isinstance(dense.modules["energy"].network, ResidualNet)
    assert jnp.ptp(dense.modules["units"].scale.value) == 0
