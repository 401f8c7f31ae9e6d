"""Maps of directions on the page."""

import dataclasses

import numpy as np
from tests.report.examples import table_page

from energeia.data.named.directions import vmf
from energeia.report import directions
from energeia.report.page import render
from energeia.support import Real, Sphere, Support


def direction_page():
    rows = np.column_stack([np.arange(400.0), vmf("vmf", 400).draw(0, 400)])
    one = dataclasses.replace(table_page().models[0], samples=rows)
    return dataclasses.replace(
        table_page(), models=[one], layout=(4,), support=Support.of([Real(), Sphere(2)]),
        held_out=rows, columns=("E", "nx", "ny", "nz"),
    )  # fmt: skip


def test_a_direction_has_a_map_of_equal_areas():
    page = direction_page()
    assert directions.starts(page) == [1]
    assert "Density of the direction (nx, ny, nz) on the sphere" in render(page)
    uniform = np.random.default_rng(0).normal(size=(200_000, 3))
    uniform /= np.linalg.norm(uniform, axis=1, keepdims=True)
    counts = 200_000 * directions._counts(uniform)
    expected = 200_000 / counts.size
    assert abs(np.mean((counts - expected) ** 2) / expected - 1) < 4 * np.sqrt(2 / counts.size)


def test_other_pages_have_no_map():
    assert directions.maps(table_page()) == []
