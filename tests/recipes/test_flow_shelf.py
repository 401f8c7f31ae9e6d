"""Flows by name, against densities that are known: a curved one, and one with an angle."""

import numpy as np
import pytest
from scipy.stats import norm, vonmises

import energeia

LIMITS = {
    "nice": (0.12, {"layers": 4, "width": 32, "depth": 1}),
    "maf": (0.08, {"layers": 3, "width": 32, "depth": 1}),
    "iaf": (0.25, {"layers": 3, "width": 32, "depth": 1}),
    "nsf-ar": (0.06, {"layers": 2, "width": 32, "depth": 1, "bins": 8}),
    "planar": (0.30, {}),
    "radial": (0.47, {}),
}
"""Largest divergence from the truth, in nats, and small options. A radial layer can hardly bend."""
ROUNDS = {"training": {"rounds": 400, "batch": 256, "check_every": 100}}


def banana(rng, n):
    x = rng.normal(size=n)
    return np.stack([x, 0.6 * x**2 + 0.4 * rng.normal(size=n)], axis=1)


def log_banana(rows):
    x, y = rows.T
    return norm.logpdf(x) + norm.logpdf(y, 0.6 * x**2, 0.4)


@pytest.mark.parametrize("name", LIMITS)
def test_flows_reach_a_curved_density(name):
    limit, options = LIMITS[name]
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 4000)
    run = energeia.fit(np.float32(rows), name, quiet=True, options=options | ROUNDS)
    assert np.mean(log_banana(fresh) - run.log_prob(np.float32(fresh))) < limit
    # Half or more of what a normal distribution lacks is found.
    x, y = run.sample(2000, seed=1).T
    assert np.mean(np.clip(y, -4, 4) * (np.clip(x, -2, 2) ** 2 - 1)) > 0.1


def test_a_normal_distribution_is_far_from_it():
    """The control of the limits above, which is where flows start."""
    rng = np.random.default_rng(0)
    rows, fresh = banana(rng, 6000), banana(rng, 4000)
    normal = energeia.fit(np.float32(rows), "gaussian", quiet=True)
    assert np.mean(log_banana(fresh) - normal.log_prob(np.float32(fresh))) > 0.55
    x, y = normal.sample(2000, seed=1).T
    assert np.mean(np.clip(y, -4, 4) * (np.clip(x, -2, 2) ** 2 - 1)) < 0.1


@pytest.mark.parametrize("name", ["nice", "nsf-ar"])
def test_an_angle_stays_on_its_circle(name):
    rng = np.random.default_rng(1)

    def draw(n):
        angle = rng.vonmises(2.5, 4.0, n)
        return np.stack([angle, np.cos(angle) + 0.3 * rng.normal(size=n)], axis=1)

    def log_p(rows):
        return vonmises.logpdf(rows[:, 0], 4.0, 2.5) + norm.logpdf(
            rows[:, 1], np.cos(rows[:, 0]), 0.3
        )

    rows, fresh = draw(6000), draw(4000)
    reading = energeia.runs.DataConfig(support="0:circle(-3.141592653589793,3.141592653589793)")
    run = energeia.fit(rows, name, quiet=True, options=LIMITS[name][1] | ROUNDS, reading=reading)
    # Shifts cannot narrow a uniform angle.
    limit = {"nice": 1.5, "nsf-ar": 0.05}[name]
    assert np.mean(log_p(fresh) - run.log_prob(fresh)) < limit
    drawn = run.sample(2000, seed=1)
    assert np.all((drawn[:, 0] >= -np.pi - 1e-6) & (drawn[:, 0] <= np.pi + 1e-6))
