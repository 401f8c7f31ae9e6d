"""Autoencoders by name: one builder, told apart by their options."""

import numpy as np
import pytest

import energeia
from energeia.errors import InputError
from energeia.objectives import (
    DoublyReparameterized,
    JointIndependence,
    PriorDiscrepancy,
    TotalCorrelation,
    WeightedBound,
)
from energeia.recipes import vae
from energeia.recipes.catalogue import find
from energeia.recipes.options.latent import VaeOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support

NAMES = ("vae", "iwae", "beta-tcvae", "dhsic-vae", "info-vae", "wae-mmd", "autoencoder")
PROBLEM = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=700)
SMALL = {
    "latent": 2, "width": 32, "depth": 1,
    "training": {"rounds": 600, "batch": 100, "check_every": 200, "average": 0.98},
}  # fmt: skip


def objective_of(options):
    return vae._objective(options, PROBLEM)


def test_names_are_objectives():
    found = {name: objective_of(find(name).options()) for name in NAMES}
    assert found["vae"] == WeightedBound(warmup=500)
    assert isinstance(found["iwae"], DoublyReparameterized)
    assert found["iwae"].particles == 50
    assert found["autoencoder"].beta == 0
    assert found["autoencoder"].penalty is None
    assert isinstance(found["wae-mmd"].penalty, PriorDiscrepancy)
    assert isinstance(found["info-vae"].penalty, PriorDiscrepancy)
    assert 0 < found["info-vae"].beta < 1
    assert isinstance(found["dhsic-vae"].penalty, JointIndependence)
    assert found["beta-tcvae"].penalty == TotalCorrelation(700)
    assert all(found[name].strength > 0 for name in ("wae-mmd", "info-vae", "beta-tcvae"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"penalty": "total-correlation", "latent": 1}, "one latent dimension"),
        ({"particles": 8, "beta": 2.0}, "parts of the bound of one particle"),
        ({"particles": 8, "penalty": "mmd"}, "parts of the bound of one particle"),
    ],
)
def test_options_that_do_not_go_together(given, wanted):
    with pytest.raises(InputError, match=wanted):
        objective_of(VaeOptions(**given))


def test_a_wasserstein_autoencoder_fills_the_prior_and_an_autoencoder_does_not(tmp_path):
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 2000)
    rows = np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.05 * rng.normal(size=(2000, 2))
    off = {}
    for name in ("wae-mmd", "autoencoder"):
        run = energeia.fit(rows, name, out=tmp_path / name, quiet=True, options=SMALL)
        z = run.encode(rows)
        # Mean and covariance of the aggregated posterior against those of the prior.
        off[name] = np.abs(np.cov(z.T) - np.eye(2)).max() + np.abs(z.mean(axis=0)).max()
        assert np.sqrt(np.mean((run.decode(z) - rows) ** 2)) < 0.3
        assert run.score(rows[:20]).mean.kind == "lower bound"
    assert off["wae-mmd"] < 0.4
    assert off["autoencoder"] > 0.8
