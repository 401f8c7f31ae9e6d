"""What latent vectors hold, against encoders whose divergences are known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.bijections.units import Units
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.errors import InputError, NoSuchCapability
from energeia.evaluation.latents import latent_report
from energeia.models.encoding import VaeEncoder
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace
from energeia.support import Real, Support

REALS = Support.of([Real(), Real()])


class Encode(eqx.Module):
    """q(z|x) of mean A x and deviation ``scale``, ``size`` being those of all dimensions."""

    matrix: jax.Array
    scale: float

    def __call__(self, features):
        raw = jnp.log(self.scale) * jnp.ones(len(self.matrix))
        return jnp.concatenate([self.matrix @ features[:2], raw])


def encoder(matrix, scale, support=REALS):
    rows = jnp.asarray(np.random.default_rng(9).normal(size=(4000, 2)))
    columns = ColumnLikelihoods(support)
    vae = Vae(
        Encode(jnp.asarray(matrix), scale),
        lambda z: jnp.zeros(columns.size),
        columns,
        NormalSpace(2),
    )
    return VaeEncoder(vae, Units.fit(support, rows), None)


def normal_rows(correlation, n=2048):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 2))
    x[:, 1] = correlation * x[:, 0] + (1 - correlation**2) ** 0.5 * x[:, 1]
    return x


def deviation(found):
    """That of q(z|x), which is not quite what the network says."""
    return float(found.posterior(jnp.zeros(2)).scale[0])


def report(matrix, scale, correlation):
    return latent_report(jax.random.key(0), encoder(matrix, scale), normal_rows(correlation))


def test_the_parts_of_a_linear_encoder_are_those_of_normal_distributions():
    """z = x + noise: q(z) is normal with the covariance C + s^2."""
    correlation = 0.6
    found = report(np.eye(2), 0.5, correlation)
    scale = deviation(encoder(np.eye(2), 0.5))
    covariance = np.array([[1, correlation], [correlation, 1]]) + scale**2 * np.eye(2)
    variance = covariance[0, 0]
    log_det = np.linalg.slogdet(covariance)[1]
    truth = {
        "information": 0.5 * log_det - 2 * np.log(scale),
        "total_correlation": np.log(variance) - 0.5 * log_det,
        "dimension_wise": variance - 1 - np.log(variance),
    }
    for name, value in truth.items():
        estimate = getattr(found, name)
        assert abs(estimate.value - value) < max(4 * estimate.stderr, 0.05), name
        assert estimate.stderr < 0.05
    together = sum(getattr(found, name).value for name in truth)
    assert abs(together - found.divergence.value) < 0.1
    assert abs(sum(e.value for e in found.per_latent) - found.divergence.value) < 1e-9
    assert found.active == (True, True)
    assert found.prior_p_value < 0.01  # its variance is 1.25
    assert found.prior_distance > 0


def test_independent_dimensions_have_no_total_correlation_and_match_the_prior():
    s = deviation(encoder(np.eye(2), 0.6))
    found = report((1 - s**2) ** 0.5 * np.eye(2), 0.6, 0.0)
    assert abs(found.total_correlation.value) < 0.05
    assert abs(found.dimension_wise.value) < 0.05
    assert found.prior_p_value > 0.01
    # The control: one direction of the rows in both dimensions.
    linked = report(np.array([[0.8, 0.0], [0.8, 0.0]]), 0.6, 0.0)
    expected = -0.5 * np.log(1 - (0.64 / (0.64 + s**2)) ** 2)
    assert abs(linked.total_correlation.value - expected) < 0.05 < expected / 2


def test_few_rows_have_the_total_correlation_of_their_clumps_and_an_aggregate_has_not():
    """Independent dimensions with narrow posteriors: 200 rows alone hold log 200 at most."""
    narrow = encoder(0.99 * np.eye(2), 0.02)
    x = normal_rows(0.0, 20_000)
    clumps = latent_report(jax.random.key(1), narrow, x[:200])
    found = latent_report(jax.random.key(1), narrow, x[:200], aggregate=x)
    assert clumps.information.value < np.log(200) + 1e-6
    assert clumps.total_correlation.value > 0.5
    assert abs(found.total_correlation.value) < 0.3
    s = deviation(narrow)
    assert abs(found.information.value + np.log(s**2 / (0.99**2 + s**2))) < 0.4
    assert found.divergence == clumps.divergence
    assert abs(found.prior_distance) < 0.1
    with pytest.raises(InputError, match="a q\\(z\\) of its own"):
        latent_report(jax.random.key(1), narrow, x[:9], np.zeros((9, 1)), aggregate=x)


def test_a_dimension_that_is_not_used_is_named():
    found = report(np.array([[0.9, 0.0], [0.0, 0.0]]), 1.0, 0.0)
    assert found.active == (True, False)
    assert found.per_latent[0].value > 0.3
    assert abs(found.per_latent[1].value) < 1e-6
    assert "1 of 2" in found._repr_html_()


def test_a_run_reports_and_reconstructs():
    rng = np.random.default_rng(1)
    t = rng.normal(size=1500)
    x = np.float32(np.stack([t, -t], axis=1) + 0.1 * rng.normal(size=(1500, 2)))
    small = {"latent": 2, "width": 32, "depth": 1}
    options = small | {"training": {"rounds": 400, "check_every": 100}}
    run = energeia.fit(x, "vae", options=options, quiet=True)
    found = run.latent_report(x)
    assert 1 <= sum(found.active) <= 2
    assert found.information.value > 1.0
    back = run.reconstruct(x)
    assert back.shape == x.shape
    assert np.mean((back - x) ** 2) < 0.2 < np.mean((np.roll(x, 1, axis=0) - x) ** 2)
    flow = energeia.fit(x, "realnvp", options={"training": {"rounds": 50}}, quiet=True)
    assert np.allclose(flow.reconstruct(x[:50]), x[:50], atol=1e-3)
    with pytest.raises(NoSuchCapability, match="variational autoencoders"):
        flow.latent_report(x)
    with pytest.raises(InputError, match="2 or more"):
        run.latent_report(x[:1])
