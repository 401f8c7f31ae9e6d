"""The named lattices declare what they are, and their symmetries hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.data.named.targets import open_target
from energeia.errors import InputError
from energeia.physics import Potts, U1Gauge, symmetry_group
from energeia.runs.storage.config import TargetConfig
from energeia.runs.targets import open_subject

KNOWN = {
    "potts:L=3,q=3,beta=0.7": (3, 3),
    "potts:L=3,q=3,beta=0.7,h=0.2": (3, 3),
    "xy:L=3,beta=0.5": (3, 3),
    "u1:L=3,beta=1": (2, 3, 3),
}


@pytest.mark.parametrize("spec", KNOWN)
def test_a_target_is_opened_with_its_symmetries_and_known_values(spec):
    """Opening checks every declared symmetry."""
    target = open_subject(TargetConfig(spec=spec)).target
    assert target.layout == KNOWN[spec]
    assert target.symmetries
    assert target.log_partition(None) is not None
    assert all(exact is not None for _, exact in target.observables)
    rows = target.initial_rows(0, 3)
    target.support.check(rows)


def test_links_move_with_their_sites_and_plain_translations_are_refused():
    target = open_target("u1:L=3,beta=1")
    group = symmetry_group(["link-translations"], target.layout, target.support)
    x = jnp.asarray(target.initial_rows(0, 1)[0], float)
    theta = group.apply(4, x).reshape(2, 3, 3)
    assert np.array_equal(theta, jnp.roll(x.reshape(2, 3, 3), (1, 1), (1, 2)))
    assert np.array_equal(group.apply_inverse(4, theta.ravel()), x)
    with pytest.raises(InputError, match="changes by"):  # noqa: PT012
        wrong = target._replace(symmetries=("translations",))
        open_subject(TargetConfig(spec="python:U1Gauge"), wrong)
    with pytest.raises(InputError, match="one link for each direction"):
        symmetry_group(["link-translations"], (3, 6), target.support)


def test_what_is_not_known_is_none():
    wide = open_target("potts:L=7,q=3")
    assert wide.log_partition(None) is None
    assert [exact for _, exact in wide.observables] == [None, None]
    assert open_target("xy:L=4").log_partition(None) is None


def test_a_range_of_beta_is_a_condition():
    target = open_target("u1:L=2,beta=0.5..2")
    at = np.array([1.5])
    assert target.log_partition(at) == U1Gauge(2, 1.5).log_partition
    x = jnp.asarray(target.initial_rows(0, 1)[0], float)
    ours = jax.jit(target.energy.energy)(x, jnp.asarray(at, float))
    assert abs(float(ours - U1Gauge(2, 1.5).energy(x))) < 1e-5
    assert open_target("potts:beta=0.5..1").log_partition(np.array([0.8])) == pytest.approx(
        Potts(4, 3, 0.8).log_partition
    )
