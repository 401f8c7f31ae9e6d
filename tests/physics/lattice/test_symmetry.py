"""Symmetry groups: closed, refused where they cannot act; and what mixing over them does."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.models.in_units import DensityInUnits
from energeia.models.made import Made
from energeia.models.symmetrized import Symmetrized
from energeia.physics.lattice.ising import Ising
from energeia.physics.symmetries import symmetry_group
from energeia.support import Binary, Real, Support

SPINS = Support(((Binary((-1.0, 1.0)), 9),))
NAMES = ("translations", "transposition", "reflections", "rotations", "spin-flip")


@eqx.filter_jit
def made(support, width, reference=None):
    return Made(jax.random.key(0), columns_of(support), width=width, reference=reference)


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ((), 1),
        (("spin-flip",), 2),
        (("translations",), 9),
        (("transposition",), 2),
        (("reflections",), 4),
        (("rotations",), 4),
        (("reflections", "transposition"), 8),
        (NAMES, 144),
    ],
)
def test_group_is_closed_with_the_order_it_should_have(names, order):
    group = symmetry_group(names, (3, 3), SPINS)
    assert group.order == order
    x = jax.random.normal(jax.random.key(0), (9,))
    act = jax.jit(jax.vmap(group.apply, in_axes=(0, None)))
    every = np.asarray(act(jnp.arange(order), x))
    assert np.allclose(every[0], x)
    rows = {tuple(np.round(row, 4)) for row in every}
    assert len(rows) == order
    twice = [act(jnp.arange(order), y) for y in every]
    assert {tuple(np.round(row, 4)) for row in np.asarray(twice).reshape(-1, 9)} == rows


def test_ising_energy_is_invariant_and_a_wrong_energy_is_not():
    group = symmetry_group(NAMES, (4, 4), Support(((Binary((-1.0, 1.0)), 16),)))
    x = jnp.asarray(Ising(4, 0.4).draw(seed=0, count=1)[0]).ravel()
    moved = jax.jit(jax.vmap(lambda g: group.apply(g, x)))(jnp.arange(group.order))
    assert np.ptp(jax.jit(jax.vmap(Ising(4, 0.4).energy))(moved)) < 1e-5
    assert np.ptp(jax.jit(jax.vmap(Ising(4, 0.4, h=0.1).energy))(moved)) > 0.1


@pytest.mark.parametrize(
    ("names", "layout", "support", "said"),
    [
        (("translation",), (3, 3), SPINS, "did you mean 'translations'"),
        (("transposition",), (1, 9), SPINS, "square"),
        (("rotations",), (9,), SPINS, "square"),
        (("spin-flip",), (3, 3), Support(((Real(), 9),)), "binary"),
        (("translations",), (2, 4), SPINS, "9 columns"),
        (("translations",), (2,), Support.of([Binary(), Real()]), "one kind"),
    ],
)
def test_what_cannot_act_is_refused(names, layout, support, said):
    with pytest.raises(InputError, match=said):
        symmetry_group(names, layout, support)


def test_symmetrized_density_is_exact_and_never_further_from_an_invariant_truth():
    support = Support(((Binary((-1.0, 1.0)), 9),))
    every = np.array(list(itertools.product((-1.0, 1.0), repeat=9)), np.float32)
    inner = made(support, 40)
    inner = jax.tree.map(lambda a: 3 * a if eqx.is_inexact_array(a) else a, inner)
    model = DensityInUnits(inner, Units.fit(support, every))
    group = symmetry_group(NAMES, (3, 3), support)
    mixed = Symmetrized(model, group, chunk=8)
    log_q, log_p = (np.asarray(jax.jit(jax.vmap(m.log_prob))(every), float) for m in (model, mixed))
    assert abs(np.exp(log_p).sum() - 1) < 1e-4
    code = {tuple(row): i for i, row in enumerate(every)}
    moved = np.asarray(jax.jit(jax.vmap(lambda x: jax.vmap(lambda g: group.apply(g, x))(
        jnp.arange(group.order))))(every))  # fmt: skip
    by_hand = [np.mean([np.exp(log_q[code[tuple(y)]]) for y in orbit]) for orbit in moved[::17]]
    assert np.allclose(by_hand, np.exp(log_p)[::17], rtol=1e-4)
    energy = np.asarray(jax.jit(jax.vmap(Ising(3, 0.3).energy))(every), float)
    truth = np.exp(-energy) / np.exp(-energy).sum()
    assert truth @ -log_p < truth @ -log_q
    # Control: a truth that the group changes may end further away.
    own = np.exp(log_q) / np.exp(log_q).sum()
    assert own @ -log_p > own @ -log_q


def test_symmetrized_samples_have_no_magnetization():
    support = Support(((Binary((-1.0, 1.0)), 9),))
    inner = made(support, 18, jnp.ones((9, 9)))
    model = DensityInUnits(inner, Units.fit(support, jnp.ones((2, 9))))
    mixed = Symmetrized(model, symmetry_group(("spin-flip",), (3, 3), support))
    keys = jax.random.split(jax.random.key(1), 4000)
    plain, flipped = (np.asarray(jax.jit(jax.vmap(m.sample))(keys)).mean(1) for m in (model, mixed))
    assert abs(flipped.mean()) < 4 * flipped.std() / 4000**0.5
    assert abs(plain.mean()) > 4 * plain.std() / 4000**0.5
