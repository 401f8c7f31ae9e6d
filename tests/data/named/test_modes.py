"""Ring and grid: their density has mass one and the entropy it says."""

import numpy as np
import pytest

from energeia.data.named.modes import MODES
from energeia.data.sources import open_data


@pytest.mark.parametrize("name", MODES)
def test_density_is_normalized_and_its_entropy_right(name):
    truth = MODES[name]
    side = truth.width * np.linspace(-9, 9, 181)
    patch = truth.centers[3] + np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    mass = np.sum(np.exp(truth.log_prob(patch))) * (side[1] - side[0]) ** 2
    assert mass * len(truth.centers) == pytest.approx(1.0, abs=1e-9)
    terms = -truth.density.log_prob(truth.density.sample(0, 20_000))
    assert abs(terms.mean() - truth.density.entropy) < 4 * terms.std() / np.sqrt(len(terms))


def test_they_are_named_sources_of_the_protocol_size():
    data = open_data("ring")
    assert data.rows.shape == (2500, 2)
    assert open_data("grid:n=100").rows.shape == (100, 2)
