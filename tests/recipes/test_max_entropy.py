"""The recipe of the game: which generator, which entropy, which networks, and what it refuses."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.unoptimized import run_unoptimized
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


def rows_of(columns):
    """Rows whose columns have unequal scales."""
    factors = 1 + np.arange(len(columns)) % 3
    return (np.arange(ROWS)[:, None] * factors).astype(np.float32)


def assemble(x, columns, layout=None, condition=None, **options):
    problem = Problem(
        support=Support.of(columns),
        layout=layout or (len(columns),),
        rows=ROWS,
        condition_dimension=0 if condition is None else condition.shape[1],
    )
    reference = ReferenceRows(x, condition)
    return build(MaxEntropyOptions(**options), problem, reference, jax.random.key(0))


def played(columns, condition_size=0, **given):
    """An assembly in abstract arrays, every loss of which has been asked for."""

    def first_losses(x, condition):
        made, batch = assemble(x, columns, condition=condition, **given), Batch(x, condition)
        memory = made.objective.init_memory(jax.random.key(1), made.modules, batch)
        for player in made.players:
            key = jax.random.key(2)
            loss, _ = made.objective.loss(player.name, key, made.modules, batch, memory)
            assert loss.shape == ()
            assert set(player.trains) <= set(made.modules)
        return made

    condition = np.ones((ROWS, condition_size), np.float32) if condition_size else None
    return eqx.filter_eval_shape(first_losses, rows_of(columns), condition)


def test_flow_where_its_density_helps_and_a_network_elsewhere():
    few = played([Real(), Circle(0.0, 1.0)])
    assert isinstance(few.objective, DensityGame)
    assert isinstance(few.modules["generator"], Flow)
    for made in (played([Real()] * 9), played([Real()] * 2, condition_size=1)):
        assert isinstance(made.objective, MaxEntropy)
        assert isinstance(made.modules["generator"], ImplicitGenerator)
    with pytest.raises(InputError, match="generator=network"):
        played([Real()] * 2, condition_size=1, generator="flow")
    with pytest.raises(InputError, match="from 0 to below 1"):
        played([Real()] * 2, defensive_fraction=1.0)


@pytest.mark.parametrize(
    ("entropy", "part"), [("information", "statistics"), ("score", "proposal")]
)
def test_what_the_entropy_learns_moves_with_the_generator(entropy, part):
    made = played([Real()] * 3, generator="network", entropy=entropy, latent=2)
    assert made.players[1].trains == ("generator", part)
    with pytest.raises(InputError, match="positive sigma"):
        played([Real()] * 3, generator="network", entropy=entropy, sigma=0.0)


def test_images_get_convolutions_and_one_scale():
    pixels, size = [Integer(0, 255)] * 256, {"latent": 3, "hidden": 4, "entropy": "information"}
    made = played(pixels, layout=(16, 16), channels=2, **size)
    assert isinstance(made.modules["energy"], ConfinedEnergy)
    assert isinstance(made.modules["energy"].network, ImageEncoder)
    model = made.model(made.modules)
    assert isinstance(model, GameModel)
    sample = eqx.filter_eval_shape(lambda model, key: model.sample(key), model, jax.random.key(0))
    assert sample.shape == (256,)
    dense = played(pixels, layout=(16, 16), images=False, **size)
    assert isinstance(dense.modules["energy"].network, ResidualNet)

    def scales(x):
        cases = ((16, 16), True), ((16, 16), False), ((256,), False)
        made = [assemble(x, pixels, layout, images=images, **size) for layout, images in cases]
        return [assembly.modules["units"].scale.value for assembly in made]

    image, without_convolutions, table = run_unoptimized(scales, jnp.asarray(rows_of(pixels)))
    assert np.ptp(image) == np.ptp(without_convolutions) == 0
    assert np.ptp(table) > 1  # the control: columns that are no image keep their own scales
