"""The free field: its energy, its density and its draws are those of one Gaussian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.sources import open_data
from energeia.physics.lattice.field_observables import free_field_observables
from energeia.physics.lattice.free_field import FreeField
from energeia.recipes.options.flow import RealNVPOptions
from energeia.runs.storage.config import TargetConfig
from energeia.runs.targets import open_subject


@pytest.mark.parametrize(("width", "mass2"), [(2, 1.0), (3, 0.5), (4, 0.25)])
def test_energy_is_the_quadratic_form_whose_log_partition_and_covariance_are_known(width, mass2):
    with jax.enable_x64(True):
        field = FreeField(width, mass2)
        form = np.asarray(jax.hessian(field.energy)(jnp.zeros(width**2, float)))
        sign, log_det = np.linalg.slogdet(form)
        assert sign == 1
        exact = 0.5 * (width**2 * np.log(2 * np.pi) - log_det)
        assert abs(field.log_partition - exact) < 1e-10
        assert np.allclose(np.linalg.inv(form)[0], field.correlations.ravel(), atol=1e-10)
        x = field.draw(seed=0, count=4).reshape(4, -1)
        by_energy = -np.asarray(jax.vmap(field.energy)(jnp.asarray(x))) - exact
        assert np.allclose(field.log_probs(x), by_energy, atol=1e-10)


def test_draws_have_the_exact_means_and_those_of_another_mass_do_not():
    field = FreeField(4, 0.25)
    rows = jnp.asarray(field.draw(np.random.default_rng(), 20_000), float)
    other = jnp.asarray(FreeField(4, 0.3).draw(np.random.default_rng(), 20_000), float)

    def score(x, quantity, exact):
        values = np.asarray(jax.jit(jax.vmap(quantity.value))(x))
        return abs(values.mean() - exact) / (values.std() / len(values) ** 0.5)

    known = free_field_observables(field)
    assert all(score(rows, *pair) < 4.5 for pair in known)
    assert max(score(other, *pair) for pair in known) > 6
    gap = -field.log_probs(np.asarray(rows)) - field.entropy
    assert abs(gap.mean()) < 4.5 * gap.std() / len(gap) ** 0.5


@pytest.mark.parametrize(
    ("spec", "said"), [("free-field:L=1", "least is 2"), ("free-field:mass2=0", "squared mass")]
)
def test_a_field_without_a_distribution_is_refused(spec, said):
    with pytest.raises(InputError, match=said):
        open_data(spec, rows=20)


def test_the_source_declares_its_lattice():
    data = open_data("free-field:L=4", rows=20)
    assert data.layout == (4, 4)
    assert data.periodic_layout
    assert "sign-flip" in data.symmetries
    assert not open_data("moons", rows=20).periodic_layout


def test_the_target_is_the_energy_of_the_source_with_its_lattice_and_its_log_partition():
    subject = open_subject(TargetConfig(spec="free-field:L=4,mass2=0.5"))
    field = FreeField(4, 0.5)
    x = jnp.asarray(field.draw(seed=0, count=1)[0], float)
    assert jnp.allclose(subject.target.energy.energy(x.ravel()), field.energy(x))
    assert subject.target.log_partition(None) == field.log_partition
    assert subject.problem.layout == (4, 4)
    assert subject.problem.periodic_layout
    assert RealNVPOptions().resolved(subject.problem).conditioner == "convolution"
