"""Declared symmetries are checked on draws: density, support and volume."""

import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.energies.target import target_of
from energeia.physics.invariance import require_invariance
from energeia.physics.lattice.free_field import FreeField
from energeia.physics.lattice.ising import Ising
from energeia.physics.symmetries import register_symmetry, symmetry_group
from energeia.physics.symmetry import PlaneRotations, SymmetryGroup
from energeia.runs.storage.config import TargetConfig
from energeia.runs.targets import open_subject
from energeia.support import Binary, Positive, Real, Support

FIELD = FreeField(3, 0.5)
REALS = Support(((Real(), 9),))
PLANE = Support(((Real(), 2),))


def of_field(names, log_prob=FIELD.log_probs):
    rows = FIELD.draw(seed=0, count=8).reshape(8, -1)
    require_invariance("field", names, (3, 3), REALS, log_prob, rows)


def test_symmetries_of_a_free_field_hold_and_broken_ones_are_named():
    of_field(("translations", "transposition", "reflections", "rotations", "sign-flip"))
    with pytest.raises(InputError, match=r"'sign-flip:center=0.1'.*changes by"):
        of_field(("sign-flip:center=0.1",))
    with pytest.raises(InputError, match=r"'sign-flip'.*changes by"):
        of_field(("translations", "sign-flip"), lambda x: FIELD.log_probs(x - 0.01))
    with pytest.raises(InputError, match=r"'translations'.*changes by"):
        of_field(("translations",), lambda x: FIELD.log_probs(x) - x[:, 0])


def test_a_map_that_leaves_the_support_is_refused():
    rows = np.random.default_rng(0).exponential(size=(8, 2))
    positive = Support(((Positive(), 2),))
    register_symmetry("turned", lambda layout, support: PlaneRotations(4))
    with pytest.raises(InputError, match=r"'turned', which leaves its support"):
        require_invariance("p", ["turned"], (2,), positive, lambda x: 0 * x[:, 0], rows)


class Stretched(PlaneRotations):
    """Control: a map that doubles volumes."""

    def apply(self, index, x):
        return x * jnp.asarray([2.0, 1.0])


def test_a_map_that_changes_volumes_is_refused():
    register_symmetry("stretched", lambda layout, support: Stretched(2))
    rows = np.random.default_rng(0).normal(size=(8, 2))
    with pytest.raises(InputError, match="volumes by a factor 2"):
        require_invariance("p", ["stretched"], (2,), PLANE, lambda x: 0 * x[:, 0], rows)


def test_a_target_is_checked_when_it_is_opened():
    honest = target_of(Ising(3, 0.4))._replace(
        support=Support(((Binary((-1.0, 1.0)), 9),)), symmetries=("translations", "spin-flip")
    )
    assert open_subject(TargetConfig(spec="python:Ising"), honest).problem.symmetries
    biased = honest._replace(energy=target_of(Ising(3, 0.4, h=0.1)).energy)
    with pytest.raises(InputError, match=r"'spin-flip'"):
        open_subject(TargetConfig(spec="python:Ising"), biased)


@pytest.mark.parametrize(
    ("names", "support", "frame"),
    [
        (("sign-flip:center=0.5",), PLANE, ((3.0, -1.0), (0.5, 2.0))),
        (("plane-rotations:n=3,x=1,y=2",), PLANE, ((3.0, -1.0), (2.0, 2.0))),
        (("plane-rotations:n=3,x=1,y=2",), PLANE, ((3.0, -1.0), (0.5, 2.0))),
        (("sign-flip", "translations"), PLANE, ((3.0, -1.0), (0.5, 2.0))),
    ],
)
def test_maps_of_standardized_rows_are_those_of_the_users_rows(names, support, frame):
    here, there = symmetry_group(names, (2,), support), symmetry_group(names, (2,), support, frame)
    location, scale = map(np.asarray, frame)
    x = np.array([0.3, -0.7])
    for index in range(here.order):
        z = there.apply(index, jnp.asarray((x - location) / scale, float))
        assert np.allclose(
            z * scale + location, here.apply(index, jnp.asarray(x, float)), atol=1e-5
        )
        back = there.apply_inverse(index, z)
        assert np.allclose(back * scale + location, x, atol=1e-5)
    assert isinstance(there, SymmetryGroup)


@pytest.mark.parametrize(
    ("spec", "support", "said"),
    [
        ("sign-flip", Support(((Binary(), 2),)), "real columns only"),
        ("sign-flip:centre=1", PLANE, "center"),
        ("plane-rotations", REALS, "two columns"),
        ("translations:by=2", PLANE, "write translations alone"),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(spec, support, said):
    layout = (support.width,)
    with pytest.raises(InputError, match=said):
        symmetry_group([spec], layout, support)
