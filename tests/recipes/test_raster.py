"""``pixelcnn`` and ``pixelrnn`` where every configuration is known: a lattice and a chain."""

import itertools

import numpy as np
import pytest
from scipy.special import logsumexp

import energeia
from energeia.data.named.lattice import IsingSource
from energeia.distributions.discrete import DiscretizedLogistics
from energeia.errors import InputError
from energeia.physics.lattice.ising import Ising
from energeia.recipes.catalogue import RECIPES
from energeia.recipes.options.autoregressive import PixelCnnOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.raster import row_dilations, site_layout
from energeia.runs.building import skeleton
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.support import Binary, Integer, Support

EVERY = np.array(list(itertools.product([-1.0, 1.0], repeat=9)))
CHAIN = 0.9 * np.sum(EVERY[:, 1:] * EVERY[:, :-1], axis=1) + 0.6 * EVERY[:, 0] * EVERY[:, -1]
"""Couplings of neighbors, and one between the ends: the last site has to see the first."""


def kl(log_p, log_q):
    return float(np.sum(np.exp(log_p) * (log_p - log_q)))


def independent_kl(log_p):
    """KL(p || product of the marginals), by enumeration."""
    up = np.exp(log_p) @ (EVERY > 0)
    return kl(log_p, np.sum(np.where(EVERY > 0, np.log(up), np.log1p(-up)), axis=1))


NETWORKS = {"pixelcnn": {"depth": 2, "kernel": 5}, "pixelrnn": {"depth": 1}}


def trained(data, recipe, folder, **more):
    options = NETWORKS[recipe] | {
        "width": 12, "optimization": {"learning_rate": 0.01},
        "training": {"rounds": 400, "check_every": 200, "batch": 128, "average": 0.97},
    }  # fmt: skip
    return energeia.fit(data, recipe, out=folder, options=options, quiet=True, **more)


@pytest.mark.parametrize("recipe", NETWORKS)
def test_a_lattice_is_learned_to_a_few_hundredths_of_a_nat(recipe, tmp_path):
    run = trained("ising:L=3,beta=0.4,n=8000", recipe, tmp_path / "run")
    log_p = IsingSource(Ising(3, 0.4)).log_prob(EVERY)
    log_q = np.asarray(run.log_prob(EVERY.reshape(-1, 3, 3)), float)
    assert abs(logsumexp(log_q)) < 1e-5
    assert 0 < kl(log_p, log_q) < 0.03
    # Control: independent sites are far off.
    assert independent_kl(log_p) > 1.0


def test_a_row_of_columns_whose_ends_are_coupled(tmp_path):
    log_p = CHAIN - logsumexp(CHAIN)
    rows = np.random.default_rng(0).choice(512, size=8000, p=np.exp(log_p))
    reading = DataConfig(support="*:binary(-1,1)")
    run = trained(EVERY[rows], "pixelcnn", tmp_path / "run", reading=reading)
    log_q = np.asarray(run.log_prob(EVERY), float)
    assert abs(logsumexp(log_q)) < 1e-5
    assert 0 < kl(log_p, log_q) < 0.03
    # Controls: independent sites, and neighbors alone, are farther off.
    bonds = CHAIN - 0.6 * EVERY[:, 0] * EVERY[:, -1]
    assert kl(log_p, bonds - logsumexp(bonds)) > 0.05
    assert independent_kl(log_p) > 1.0


@pytest.mark.parametrize("recipe", NETWORKS)
def test_gray_levels_of_channels_have_discretized_logistics(recipe):
    problem = Problem(support=Support(((Integer(0, 255), 48),)), layout=(4, 4, 3), rows=100)
    options = RECIPES[recipe].options()
    config = RunConfig(recipe=recipe, data=DataConfig(spec="x"), options=options)
    model = skeleton(config, problem).modules["model"].inner
    assert model.columns.heads == (DiscretizedLogistics(256, 10, 6),)
    assert model.layout == (4, 4, 3)


def problem_of(*layout):
    return Problem(support=Support(((Binary(), int(np.prod(layout))),)), layout=layout, rows=10)


def test_layouts():
    assert site_layout(problem_of(4, 5)) == (4, 5, 1)
    assert site_layout(problem_of(6, 1, 2)) == (1, 6, 2)
    with pytest.raises(InputError, match="merge the axes"):
        site_layout(problem_of(2, 2, 2, 2))


@pytest.mark.parametrize("length", [1, 7, 50, 300])
def test_dilations_reach_the_row_and_leave_no_gaps(length):
    options = PixelCnnOptions(kernel=4, depth=4)
    seen = {1}
    for dilation in row_dilations(length, options):
        seen |= {site + tap * dilation for site in seen for tap in range(options.kernel)}
    assert seen == set(range(1, max(seen) + 1))
    assert max(seen) >= min(length - 1, options.kernel**options.depth)


@pytest.mark.parametrize("recipe", NETWORKS)
def test_another_order_is_refused(recipe, tmp_path):
    with pytest.raises(InputError, match="order"):
        energeia.fit(EVERY, recipe, out=tmp_path / "run", options={"order": "hilbert"}, quiet=True)
