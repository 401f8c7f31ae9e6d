"""Reconstructions and traversals of linear autoencoders, whose rows are known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.evaluation.latent_scan import MOST_ROWS, scan_latents, summarize_latents
from energeia.evaluation.latents import latent_report
from energeia.evaluation.warnings import recordable
from energeia.models.encoding import encoder_of
from energeia.models.flow import Flow
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace
from energeia.records import LatentSummary
from energeia.support import Real, Support

REALS = Support.of([Real(), Real()])
INWARD, OUTWARD = np.diag([0.2, 0.9]), np.array([[1.0, 0.5], [-0.5, 2.0]])
ROWS = np.random.default_rng(3).normal(size=(1500, 2)) * [2.0, 0.5] + [1.0, -1.0]
UNITS = Units.fit(REALS, jnp.asarray(ROWS))


def encode(features):
    """q(z|y) of mean A y + c, where there is a condition c, and of deviation one."""
    shift = features[2:] if features.size > 2 else 0.0
    return jnp.concatenate([jnp.asarray(INWARD, float) @ features[:2] + shift, jnp.zeros(2)])


def decode(z):
    """p(y|z) of mean B z: logits, centers and raw scales of the columns."""
    center = jnp.asarray(OUTWARD, float) @ z[:2]
    return jnp.concatenate([jnp.zeros(2), center, jnp.zeros(2)])


def autoencoder(conditions=None):
    vae = Vae(encode, decode, ColumnLikelihoods(REALS), NormalSpace(2), conditions)
    return LatentInUnits(vae, UNITS, None)


def expected(means):
    """The rows of latent vectors."""
    y = means @ OUTWARD.T
    return y * np.asarray(UNITS.scale.value) + np.asarray(UNITS.location.value)


def latent_means(x):
    y = (x - np.asarray(UNITS.location.value)) / np.asarray(UNITS.scale.value)
    return y @ INWARD.T


def test_means_of_rows_and_along_dimensions_are_those_of_a_linear_autoencoder():
    scan = scan_latents(autoencoder(), ROWS, None, order=(1, 0))
    count = len(scan.rows)
    np.testing.assert_array_equal(scan.rows, ROWS[:count])
    means = latent_means(ROWS[:count])
    np.testing.assert_allclose(scan.reconstructions, expected(means), rtol=1e-3, atol=1e-3)
    assert list(scan.dimensions) == [1, 0]
    assert (scan.positions[0], scan.positions[-1]) == (-2.5, 2.5)
    for j, path in zip(scan.dimensions, scan.traversals, strict=True):
        z = np.repeat(means[:1], len(scan.positions), axis=0)
        z[:, j] = scan.positions
        np.testing.assert_allclose(path, expected(z), rtol=1e-3, atol=1e-3)
        # The control: at zero in place of the first row's mean the others give other rows.
        z[:, 1 - j] = 0.0
        assert np.max(np.abs(path - expected(z))) > 0.05


def test_each_row_has_its_condition_and_a_traversal_that_of_the_first():
    shifts = np.random.default_rng(4).normal(size=(len(ROWS), 2))
    scan = scan_latents(autoencoder((2,)), ROWS, shifts, order=(0,))
    count = len(scan.rows)
    means = latent_means(ROWS[:count]) + shifts[:count]
    np.testing.assert_allclose(scan.reconstructions, expected(means), rtol=1e-3, atol=1e-3)
    z = np.stack([scan.positions, np.full(len(scan.positions), means[0, 1])], axis=1)
    np.testing.assert_allclose(scan.traversals[0], expected(z), rtol=1e-3, atol=1e-3)


def test_the_record_is_the_report_of_the_first_rows():
    model = autoencoder()
    found = summarize_latents(model, ROWS, seed=2)
    report = latent_report(jax.random.key(2), encoder_of(model), ROWS[:MOST_ROWS])
    assert found.rows == MOST_ROWS < len(ROWS)
    for name in found.__struct_fields__:
        assert getattr(found, name) == getattr(report, name)
    assert found.order == (1, 0)  # the second dimension follows its column
    assert summarize_latents(model, ROWS, seed=3).information != found.information


def test_a_record_without_finite_numbers_can_be_stored():
    broken = eqx.tree_at(lambda m: m.inner.encoder, autoencoder(), lambda y: encode(y) * jnp.nan)
    found, _ = recordable({"latent": summarize_latents(broken, ROWS[:10])})
    stored = msgspec.json.decode(msgspec.json.encode(found["latent"]), type=LatentSummary)
    assert stored.divergence.kind == stored.per_latent[0].kind == "none"
    assert stored.prior_p_value is None
    assert scan_latents(broken, ROWS[:10], None, order=stored.order) is None
    whole, _ = recordable({"latent": summarize_latents(autoencoder(), ROWS[:10])})
    assert whole["latent"].divergence.kind == "exact"


def test_a_flow_has_an_encoder_and_nothing_to_show():
    flow = DensityInUnits(
        Flow(StandardNormal((2,)), Affine(jnp.zeros(2), jnp.zeros(2))), UNITS, None
    )
    assert encoder_of(flow) is not None
    assert summarize_latents(flow, ROWS) is None
    assert scan_latents(flow, ROWS, None, order=(0, 1)) is None
