"""The picture of an energy: its plane, its heights, and who has none."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.evaluation.landscape import scan_landscape
from energeia.models.flow import Flow
from energeia.models.game import GameModel
from energeia.models.in_units import DensityInUnits
from energeia.report.content import LandscapePicture
from energeia.support import Real, Support


def game(dimension, scale):
    units = Units(
        Support(((Real(), dimension),)),
        Frozen(jnp.full(dimension, 3.0)),
        Frozen(jnp.asarray(scale, float)),
    )
    flow = Flow(StandardNormal((dimension,)), Affine(jnp.zeros(dimension), jnp.zeros(dimension)))
    return GameModel(flow, flow, units), DensityInUnits(flow, units)


def test_heights_lie_where_the_frames_say():
    scale = np.array([2.0, 1.0, 0.5])
    model, density = game(3, scale)
    rows = 3.0 + scale * np.random.default_rng(0).normal(size=(4000, 3))
    seen = scan_landscape(model, rows, jax.random.key(0), side=21, chains=3, steps=20)
    assert seen.heights.shape == (2, 21, 21)
    assert seen.chains.shape == (3, 20, 3)
    page = LandscapePicture(**seen._asdict())
    for plane, (middle, first, second) in enumerate(seen.frames):
        corner = middle - first + second
        height = seen.heights[plane, -1, 0]
        np.testing.assert_allclose(height, model.energy(jnp.asarray(corner)), rtol=1e-5)
        np.testing.assert_allclose(page.coordinates(corner, plane), [-1.0, 1.0], atol=1e-6)
        assert abs(first @ second) < 1e-5
        spread = np.std(page.coordinates(rows, plane), axis=0)
        np.testing.assert_allclose(spread, 1 / 2.5, rtol=1e-4)
    # One slice runs along the two widest columns, in order; the other one does not.
    assert np.argmax(np.abs(seen.frames[0, 1])) == 0
    assert np.argmax(np.abs(seen.frames[0, 2])) == 1
    assert np.sort(np.abs(seen.frames[1, 1]))[1] > 0.1
    assert scan_landscape(density, rows, jax.random.key(0)) is None


def test_two_columns_are_shown_whole():
    model, _ = game(2, [1.0, 2.0])
    rows = np.random.default_rng(1).normal(size=(500, 2))
    seen = scan_landscape(model, rows, jax.random.key(0), side=11, chains=2, steps=10)
    inside = np.abs(LandscapePicture(**seen._asdict()).coordinates(rows)) < 1
    assert inside.mean() > 0.98
    assert seen.frames.shape == (1, 3, 2)
    assert seen.frames[0, 1, 1] == seen.frames[0, 2, 0] == 0
