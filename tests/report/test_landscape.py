"""The picture of an energy on the page: there where a run has one, absent where none has."""

import dataclasses

import numpy as np

from energeia.report.content import LandscapePicture
from energeia.report.landscape import landscapes
from energeia.report.page import render

from .examples import plane_page


def with_panorama(page):
    u = np.linspace(-1, 1, 20)
    heights = 10 * (u[:, None] ** 2 + u**2)
    frame = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]])
    seen = LandscapePicture(frames=frame[None], heights=heights[None], chains=np.zeros((2, 5, 2)))
    first = dataclasses.replace(page.models[0], landscape=seen)
    return dataclasses.replace(page, models=[first, *page.models[1:]])


def test_page_shows_the_energy_of_the_models_that_have_one():
    page = plane_page()
    assert landscapes(page) is None
    assert "chains of MALA" not in render(page)
    shown = with_panorama(page)
    assert page.models[0].title in str(landscapes(shown))
    assert "chains of MALA" in render(shown)
    # The same records give the same bytes.
    assert str(landscapes(shown)) == str(landscapes(shown))


def test_rows_land_where_the_axes_say():
    seen = with_panorama(plane_page()).models[0].landscape
    np.testing.assert_allclose(seen.coordinates(np.array([[3.0, -1.5]])), [[1.0, -0.5]])
