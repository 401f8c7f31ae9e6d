"""One network for every order: its density is near the truth, and it fills in any part."""

import itertools

import numpy as np
import pytest

import energeia

SIZES = {"width": 64, "depth": 1, "optimization": {"learning_rate": 4e-3}}
TRAINING = {"rounds": 1500, "check_every": 300, "batch": 250, "average": 0.98}
EVERY = np.array(list(itertools.product([-1.0, 1.0], repeat=9)))


@pytest.fixture(scope="module")
def truth():
    """p of all states of nine spins, each of which aligns with all others, in a field."""
    total = EVERY.sum(axis=1)
    p = np.exp(0.1 * total**2 / 2 + 0.1 * total)
    return p / p.sum()


@pytest.fixture(scope="module")
def runs(truth, tmp_path_factory):
    """``any-order`` and ``made`` of one order, from the same rows."""
    folder = tmp_path_factory.mktemp("any-order")
    rows = EVERY[np.random.default_rng(7).choice(len(EVERY), 6000, p=truth)]
    training = {"training": TRAINING}
    return {
        name: energeia.fit(rows, name, out=folder / name, quiet=True, options=given | training)
        for name, given in {"any-order": SIZES, "made": SIZES | {"orders": 1}}.items()
    }


def test_density_sums_to_one_near_the_truth(runs, truth):
    log_q = runs["any-order"].log_prob(EVERY)
    assert abs(np.exp(log_q).sum() - 1) < 1e-5
    assert np.sum(truth * (np.log(truth) - log_q)) < 0.06
    alone = np.array([truth @ (column > 0) for column in EVERY.T])  # The control.
    log_alone = np.sum(np.log(np.where(EVERY > 0, alone, 1 - alone)), axis=1)
    assert np.sum(truth * (np.log(truth) - log_alone)) > 0.3


def test_any_part_is_filled_by_draws_of_nearly_equal_weight(runs, truth):
    """The known sites are the last of the order, where a model of one order draws at random."""
    holes = np.full((1, 9), np.nan)
    holes[:, 5:] = -1.0
    shares = {}
    for name, run in runs.items():
        found = run.complete(holes, n=64, seed=3)
        shares[name] = found.diagnostics.ess / found.diagnostics.proposals
    assert shares["any-order"] > 0.8
    assert shares["made"] < 0.6
    allowed = np.all(EVERY[:, 5:] == holes[0, 5:], axis=1)
    up = truth[allowed] @ (EVERY[allowed, :5] > 0) / truth[allowed].sum()
    drawn = runs["any-order"].complete(holes, n=4000, seed=5).samples[0]
    error = np.sqrt(up * (1 - up) / len(drawn))
    assert np.all(np.abs((drawn[:, :5] > 0).mean(axis=0) - up) < 4 * error + 0.03)
    # The control: the marginal distribution of the unknown sites, whatever is known.
    assert np.abs(truth @ (EVERY[:, :5] > 0) - up).max() > 0.1
