"""Parts of different shapes are refused where they are put together, with both shapes named."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia.bijections.compose import Chain, Stacked
from energeia.bijections.elementwise import Affine, Reverse
from energeia.bijections.scalar import AffineScalar
from energeia.bijections.split import SplitCoupling
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.models.dequantized import Dequantized
from energeia.models.ensemble import Ensemble
from energeia.models.flow import Flow
from energeia.models.in_units import DensityInUnits
from energeia.models.symmetrized import Symmetrized
from energeia.physics.symmetries import symmetry_group
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.baselines import build_linear
from energeia.recipes.options.problem import Problem
from energeia.recipes.options.tomography import LinearOptions
from energeia.support import Binary, Real, Support

KEY = jax.random.key(0)


def affine(size):
    return Affine(jnp.zeros(size), jnp.zeros(size))


def units(size):
    return Units(Support(((Real(), size),)), Frozen(jnp.zeros(size)), Frozen(jnp.ones(size)))


def coupling(order=(0, 1), condition=None, dimension=2):
    return SplitCoupling(
        jnp.asarray(order), AffineScalar(2.0), periodic=(False,) * dimension,
        condition_shape=condition, octaves=0, width=4, depth=1, key=KEY,
    )  # fmt: skip


class Told(eqx.Module):
    """A base with a condition."""

    shape: tuple = eqx.field(static=True, default=(2,))
    condition_shape: tuple = eqx.field(static=True, default=(1,))


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: Flow(StandardNormal((3,)), affine(2)), r"\(3,\).*\(2,\)"),
        (lambda: Flow(Told(), coupling(condition=(2,))), r"condition of shape \(1,\).*\(2,\)"),
        (lambda: Chain((affine(2), Reverse((3,)))), r"\(2,\), \(3,\)"),
        (lambda: Chain((coupling(condition=(1,)), coupling(condition=(2,)))), r"\(1,\), \(2,\)"),
        (lambda: coupling(order=(0, 1, 2)), r"\(3,\).*\(2,\)"),
        (lambda: Stacked(Affine(jnp.zeros((3, 2)), jnp.zeros((2, 2)))), "'2', '3'"),
        (lambda: Ensemble(Flow(StandardNormal((2,)), affine(2)), 3), "'2'.* 3 was wanted"),
        (lambda: Dequantized(Flow(StandardNormal((2,)), affine(2)), units(3)), r"\(2,\).*\(3,\)"),
        (lambda: DensityInUnits(StandardNormal((2,)), units(3)), r"\(2,\).*\(3,\)"),
        (
            lambda: Symmetrized(
                StandardNormal((3,)),
                symmetry_group(["translations"], (2, 2), Support(((Binary(), 4),))),
            ),
            r"\(3,\).*\(4,\)",
        ),
    ],
)
def test_parts_of_different_shapes_are_refused(build, reason):
    with pytest.raises(InputError, match=reason):
        build()


def test_parts_of_one_shape_are_put_together():
    flow = Flow(StandardNormal((2,)), Chain((affine(2), coupling(condition=(1,)))))
    assert flow.condition_shape == (1,)
    shifts = Affine(jnp.zeros((3, 2)), jnp.zeros((3, 2)))
    assert Stacked(shifts).shape == (2,)
    np.testing.assert_array_equal(Stacked(shifts).forward(jnp.ones(2))[0], 1.0)
    layers = eqx.filter_vmap(lambda order: coupling(order))(jnp.array([[0, 1], [1, 0], [0, 1]]))
    assert Stacked(layers).shape == (2,)
    members = eqx.filter_vmap(lambda shift: Flow(StandardNormal((2,)), Affine(shift, shift)))(
        jnp.zeros((3, 2))
    )
    assert Ensemble(members, 3).shape == (2,)


def test_linear_autoregressive_starts_from_real_columns_as_they_are():
    rows = np.random.default_rng(0).normal(size=(400, 2))
    problem = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=400)
    reference = ReferenceRows(jnp.asarray(rows, float), None)
    made = build_linear(LinearOptions(components=3), problem, reference, KEY)
    model = made.model(made.modules)
    y = jax.vmap(lambda x: model.units.encode(x)[0])(reference.x)
    exact = model.inner.columns.initial(y)
    rounded = model.inner.columns.initial(jnp.round(y))
    np.testing.assert_allclose(model.inner.pairs.bias, exact, atol=1e-5)
    assert float(jnp.max(jnp.abs(rounded - exact))) > 0.01
