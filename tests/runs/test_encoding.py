"""Latent vectors of rows and rows of latent vectors."""

import numpy as np
import pytest

import energeia
from energeia.errors import InputError, NoSuchCapability

SMALL = {"width": 16, "depth": 1}
FAST = {"optimization": {"learning_rate": 0.02}}


def fitted(folder, data, recipe, rounds, **options):
    mode = "step" if rounds < 10 else "scan"
    # The last state is kept: few held-out rows may prefer the first one.
    training = {"rounds": rounds, "check_every": rounds, "batch": 64, "mode": mode, "patience": 0}
    options = {**SMALL, **options, "training": training}
    return energeia.fit(data, recipe, out=folder, options=options, quiet=True)


def test_a_flow_goes_to_the_latent_space_and_back(tmp_path):
    run = fitted(tmp_path / "run", "moons:n=500", "realnvp", 50, layers=2, **FAST)
    x = run.sample(200)
    z = run.encode(x)
    assert z.shape == (200, 2)
    np.testing.assert_allclose(run.decode(z), x, atol=1e-4)
    assert np.array_equal(run.encode(x, seed=1), z)  # whatever the seed
    assert np.abs(z.mean(axis=0)).max() < 0.4
    assert np.abs(z.std(axis=0) - 1).max() < 0.3
    # The control: data that the model does not know are not normal in its latent space.
    assert np.abs(run.encode(x + 3.0)).mean() > 2 * np.abs(z).mean()


def test_discrete_columns_come_back_as_they_were(tmp_path):
    run = fitted(tmp_path / "run", "ising:L=2,n=100", "realnvp", 2, layers=2)
    x = run.sample(100)
    z = run.encode(x)
    assert np.array_equal(run.decode(z), x)
    assert not np.array_equal(run.encode(x, seed=1), z)  # dequantized by other noise


def test_a_variational_autoencoder_draws_both_ways(tmp_path):
    run = fitted(tmp_path / "run", "moons:n=500", "vae", 300, latent=2, **FAST)
    x = run.sample(300)
    z = run.encode(x)
    assert z.shape == (300, 2)
    again = run.decode(z)
    assert again.shape == x.shape
    # A reconstruction is nearer to its row than another row is.
    near, far = (np.linalg.norm(x - other, axis=1).mean() for other in (again, again[::-1]))
    assert near < 0.5 * far
    with pytest.raises(InputError, match="has"):
        run.encode(np.zeros((3, 5)))


def test_a_model_without_an_encoder_says_so(tmp_path):
    run = fitted(tmp_path / "run", "ising:L=2,n=100", "made", 1, orders=1)
    with pytest.raises(NoSuchCapability, match="made has no encoder"):
        run.encode(run.sample(2))
    with pytest.raises(NoSuchCapability, match="made has no encoder"):
        run.decode(np.zeros((2, 2)))
