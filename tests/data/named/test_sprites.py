"""Sprites: their pixels against the shapes themselves, and their exact probabilities."""

import numpy as np
import pytest

from energeia.data import Sprites, open_data
from energeia.data.named.sprites import SHAPES, TURNS, gray
from energeia.errors import InputError

SMALL = {"scales": 2, "angles": 3, "positions": 4}


def inside(shape, side, x, y, angle, fine):
    """Which points are in the shape, by its inequalities, in a frame of its own."""
    c, s = np.cos(angle), np.sin(angle)
    u, v = fine[0] - x, fine[1] - y
    u, v = (c * u + s * v) / side, (c * v - s * u) / side
    if shape == 0:
        return (np.abs(u) <= 0.5) & (np.abs(v) <= 0.5)
    if shape == 1:
        return np.pi / 2 * (u**2 + 4 * v**2) <= 1  # area pi a b = 1 with a = 2 b
    t = (1 + np.pi / 4) ** -0.5  # t^2 + pi (t / 2)^2 = 1
    shift = np.pi * t**2 / 8 * (t / 2 + 2 * t / (3 * np.pi))
    u, v = u + shift, v + shift
    box = (np.abs(u) <= t / 2) & (np.abs(v) <= t / 2)
    disks = [((u - a) ** 2 + (v - b) ** 2 <= t**2 / 4) for a, b in ((t / 2, 0), (0, t / 2))]
    return box | disks[0] | disks[1]


@pytest.mark.parametrize("shape", range(3), ids=SHAPES)
def test_pixels_are_those_of_the_shape(shape):
    """Gray values against the share of 20 x 20 points of each pixel; black and white, exactly."""
    size, times = 32, 20
    values = np.array([[shape, 0.9, angle, 15.3, 16.4] for angle in (0.0, 0.4, 2.0)])
    side = 0.9 * 0.39 * size
    points = (np.arange(size * times) + 0.5) / times
    for row, found in zip(values, gray(values, size), strict=True):
        inner = inside(shape, side, row[3], row[4], row[2], np.meshgrid(points, points))
        cover = inner.reshape(size, times, size, times).mean(axis=(1, 3))
        assert np.max(np.abs(found.reshape(size, size) - cover)) < 0.25
        assert np.mean(np.abs(found.reshape(size, size) - cover)) < 0.004
        assert inner.mean() * size**2 == pytest.approx(side**2, rel=0.01)  # all of one area
        centers = np.arange(size) + 0.5
        middle = inside(shape, side, row[3], row[4], row[2], np.meshgrid(centers, centers))
        assert np.array_equal(np.round(found.reshape(size, size)) == 1, middle)
        x, y = (np.sum(cover * c) / np.sum(cover) for c in np.meshgrid(centers, centers))
        assert np.allclose([x, y], row[3:], atol=0.02)  # the center is that of mass


@pytest.mark.parametrize("shape", range(3), ids=SHAPES)
def test_an_angle_is_known_up_to_the_symmetry_of_its_shape(shape):
    """One step of the symmetry changes nothing, half of one does."""
    angles = 2 * np.pi * np.array([0.0, 1 / TURNS[shape], 0.5 / TURNS[shape]])
    whole, same, other = gray(np.array([[shape, 1.0, 0.3 + a, 8.0, 8.0] for a in angles]), 16)
    assert np.allclose(whole, same)
    assert np.max(np.abs(whole - other)) > 0.5


def test_probabilities_are_those_of_the_grid():
    source = Sprites(8, **SMALL)
    images, factors = source.grid
    assert len(images) == 3 * 2 * 3 * 4 * 4 == len(np.unique(factors, axis=0))
    distinct, counts = np.unique(images, axis=0, return_counts=True)
    assert len(distinct) < len(images)  # some coincide at this size
    assert np.allclose(np.exp(source.log_prob(distinct)), counts / len(images))
    assert source.entropy == pytest.approx(-np.mean(source.log_prob(images)))
    assert source.log_prob(1 - images[:1])[0] == -np.inf
    rows = source.draw(0, 20_000)
    terms = -source.log_prob(rows)
    assert abs(terms.mean() - source.entropy) < 4 * terms.std() / np.sqrt(len(terms))


def test_draws_come_with_their_factors():
    source = Sprites(16)
    rows, factors = source.labeled(3, 500)
    assert np.array_equal(rows, source.draw(3, 500))
    assert np.array_equal(rows, source.render(factors))
    assert not np.array_equal(rows, source.draw(4, 500))
    area = rows.sum(axis=1) / (0.39 * 16 * source.values(factors)[:, 1]) ** 2
    edge = np.isin(factors[:, 3:], (0, 11)).any(axis=1)
    for where in (edge, ~edge):  # no shape is cut off
        assert abs(area[where].mean() - 1) < 4 * area.std() / np.sqrt(where.sum())
    heavier = [rows[factors[:, 1] == k].sum(axis=1).mean() for k in range(6)]
    assert np.all(np.diff(heavier) > 0)
    centers = source.values(factors)[:, 3]
    x = (rows.reshape(-1, 16, 16) * (np.arange(16) + 0.5)).sum(axis=(1, 2)) / rows.sum(axis=1)
    assert np.std(x - centers) < 0.3 < np.std(centers)


def test_they_are_a_named_source_of_black_and_white_or_gray_images():
    data = open_data("sprites:n=50", seed=7)
    assert data.rows.shape == (50, 256)
    assert data.layout == (16, 16)
    assert str(data.support) == "0-255: binary(0,1)"
    assert np.array_equal(data.rows, Sprites().draw(7, 50))
    many = open_data("sprites:n=20,size=32,levels=256,angles=40,positions=32")
    assert str(many.support) == "0-1023: integer(0,255)"
    assert many.source.entropy is None
    assert many.source.log_prob(many.rows) is None
    with pytest.raises(InputError, match="size from 8 to 32"):
        open_data("sprites:size=64")
    with pytest.raises(InputError, match="2 to 256 levels"):
        Sprites(levels=1)
