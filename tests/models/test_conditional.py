"""Chains on p(unknown | known) of models in units, against quadrature and enumeration."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import NoSuchCapability
from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.units import Units
from energeia.contracts import Energy
from energeia.distributions.columns import columns_of
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.algebra import GeometricPath, Tempered
from energeia.energies.analytic import Normal
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import run_chains
from energeia.mcmc.heat_bath import HeatBath
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.mala import Mala, MalaState
from energeia.models.boltzmann import BoltzmannModel
from energeia.models.conditional import conditional_target
from energeia.models.dequantized import Dequantized
from energeia.models.in_units import DensityInUnits, GeneratorInUnits, LatentInUnits
from energeia.models.linear import LinearAutoregressive
from energeia.support import Binary, Integer, Positive, Real, Sphere, Support

COVARIANCE = np.array([[1.0, 0.8], [0.8, 1.0]])
NORMAL, WIDE = run_unoptimized(
    lambda: [Normal(jnp.zeros(2), jnp.asarray(c, float)) for c in (COVARIANCE, 4.0 * np.eye(2))]
)


def units_of(support, location, scale):
    location, scale = (jax.device_put(np.float32(v)) for v in (location, scale))
    return Units(support, Frozen(location), Frozen(scale))


def chains_of(model, traced):
    @jax.jit
    def run(key, x, known):
        traced.append(None)
        target = conditional_target(model, x, known)
        keys = jax.random.split(key, 65)
        starts = jax.vmap(target.start)(keys[1:])
        kernel, begin = tune(keys[0], target.kernel, target.energy, starts, 200)
        found = run_chains(keys[0], kernel, target.energy, begin, 150, 6, 100)
        return jax.vmap(jax.vmap(target.to_user))(found.positions)

    return run


def off(chains, truth):
    """(found - truth) / error between chains, which has to be small."""
    each = np.asarray(chains, float).mean(axis=1)
    error = each.std(ddof=1) / np.sqrt(len(each))
    assert error < 0.05
    return (each.mean() - truth) / error


def test_a_density_of_reals_in_units():
    """log x_0 and x_1 are correlated normals; each is completed given the other, by one program."""
    units = units_of(Support.of([Positive(), Real()]), [1.0, -3.0], [0.5, 2.0])
    traced = []
    run = chains_of(DensityInUnits(NORMAL, units), traced)
    drawn = np.asarray(run(jax.random.key(0), np.float32([np.e, np.nan]), np.array([True, False])))
    assert np.all(drawn[..., 0] == np.float32(np.e))
    assert abs(off((drawn[..., 1] + 3.0) / 2.0, 0.0)) < 4
    drawn = np.asarray(run(jax.random.key(1), np.float32([np.nan, -1.0]), np.array([False, True])))
    y = (np.log(drawn[..., 0]) - 1.0) / 0.5
    assert abs(off(y, 0.8)) < 4
    assert abs(off((y - 0.8) ** 2, 1 - 0.8**2)) < 4
    assert abs(off(y, 0.0)) > 10  # The control: the marginal mean.
    assert len(traced) == 1


def test_a_known_value_of_a_dequantized_column_frees_its_cell():
    """p(x_1 | code) of a normal, x_0 in the cell of its code; the middle of the cell is wrong."""
    support = Support.of([Integer(0, 3), Real()])
    units = units_of(support, [2.0, 0.0], [1.25, 1.0])
    traced = []
    run = chains_of(LatentInUnits(Dequantized(NORMAL, units), units), traced)
    for code in (0.0, 3.0):
        x, known = np.float32([code, np.nan]), np.array([True, False])
        drawn = np.asarray(run(jax.random.key(1), x, known))
        assert np.all(drawn[..., 0] == code)
        grid = (code + np.linspace(0, 1, 4001) - 2.0) / 1.25
        p = np.exp(-(grid**2) / 2)
        mean, square = (0.8 * (p * grid).sum() / p.sum(), 0.64 * (p * grid**2).sum() / p.sum())
        assert abs(off(drawn[..., 1], mean)) < 4
        assert abs(off(drawn[..., 1] ** 2, square + 0.36)) < 4
        # The control: a column held at the near edge of its cell.
        assert abs(off(drawn[..., 1], 0.8 * (code - 2.0) / 1.25)) > 6
    drawn = run(jax.random.key(2), np.float32([np.nan, 1.0]), np.array([False, True]))
    codes, counts = np.unique(np.asarray(drawn)[..., 0], return_counts=True)
    assert set(codes) <= {0.0, 1.0, 2.0, 3.0}
    assert counts.argmax() >= 2
    assert len(traced) == 1


def test_an_energy_that_jumps_between_modes_is_completed_by_local_steps():
    """Jumps draw whole configurations: with known values they would not leave p invariant."""
    model = BoltzmannModel(
        path=GeometricPath(base=WIDE, target=NORMAL),
        kernel=JumpingMala(Mala(0.5), WIDE),
        units=units_of(Support.of([Real(), Real()]), [0.0] * 2, [1.0] * 2),
    )
    x, known = np.float32([1.5, np.nan]), np.array([True, False])
    target = run_unoptimized(conditional_target, model, x, known)
    assert isinstance(target.kernel, Mala)
    drawn = np.asarray(chains_of(model, [])(jax.random.key(1), x, known))
    assert abs(off(drawn[..., 1], 1.2)) < 4
    tempered, key = Tempered(target.energy, np.float32(0.5)), jax.random.key(0)
    start = MalaState(np.zeros(2, np.float32), np.float32(0), np.zeros(2, np.float32))
    with pytest.raises(NoSuchCapability, match="asked to keep known values"):
        model.kernel.step(key, tempered, start)


def test_a_density_of_codes_takes_heat_baths():
    support = Support.of([Binary((-1.0, 1.0)), Integer(2, 4), Binary((-1.0, 1.0))])
    linear = run_unoptimized(LinearAutoregressive, jax.random.key(0), columns_of(support))
    rng = np.random.default_rng(9)
    blocks = tuple(rng.normal(size=b.shape).astype(np.float32) for b in linear.pairs.blocks)
    model = DensityInUnits(
        eqx.tree_at(lambda m: m.pairs.blocks, linear, blocks),
        units_of(support, [0.0] * 3, [1.0] * 3),
    )
    x, known = np.float32([np.nan, 4.0, 1.0]), np.array([False, True, True])
    assert isinstance(run_unoptimized(conditional_target, model, x, known).kernel, HeatBath)
    drawn = np.asarray(chains_of(model, [])(jax.random.key(1), x, known))
    assert np.all(drawn[..., 1:] == [4.0, 1.0])
    rows = np.array(list(itertools.product((-1.0, 1.0), (2.0, 3.0, 4.0), (-1.0, 1.0))), np.float32)
    p = np.exp(np.asarray(jax.jit(jax.vmap(lambda y: model.log_prob(y)))(rows), float))
    truth = p[np.all(rows == [1.0, 4.0, 1.0], axis=1)] / p[(rows[:, 1:] == [4.0, 1.0]).all(1)].sum()
    assert abs(off(drawn[..., 0] == 1.0, truth[0])) < 4
    assert abs(off(drawn[..., 0] == 1.0, p[rows[:, 0] == 1.0].sum())) > 6  # The control.


class Critic(Energy):
    shape: tuple[int, ...] = (2,)
    condition_shape: None = None

    def energy(self, x, condition=None):
        return jnp.sum(x)


def test_models_without_an_energy_of_their_own_are_refused():
    x, known = jnp.zeros(2), jnp.array([True, False])
    units = units_of(Support.of([Real(), Real()]), [0.0] * 2, [1.0] * 2)
    with pytest.raises(NoSuchCapability, match="a StandardNormal has no energy that chains"):
        conditional_target(StandardNormal((2,)), x, known)
    generator = GeneratorInUnits(StandardNormal((2,)), units, None, Critic())
    with pytest.raises(NoSuchCapability, match="is a critic's"):
        conditional_target(generator, x, known)
    sphere = units_of(Support.of([Sphere(1)]), [0.0] * 2, [1.0] * 2)
    with pytest.raises(NoSuchCapability, match="a DensityInUnits has no energy that chains"):
        conditional_target(DensityInUnits(NORMAL, sphere), x, known)
