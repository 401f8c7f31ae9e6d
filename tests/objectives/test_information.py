"""Bounds on mutual information against correlated Gaussians, I = -log(1 - rho^2) / 2 a column."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.contracts import Density
from energeia.distributions.gaussian import StandardNormal
from energeia.objectives.information import (
    BarberAgakov,
    DonskerVaradhan,
    InfoNce,
    InformationEncoder,
    JensenShannon,
    Nwj,
    Scaling,
    deranged,
)
from energeia.objectives.mutual_information import (
    ESTIMATORS,
    StatisticsTraining,
    mutual_information,
)

RHO = 0.8
TRUTH = -0.5 * np.log(1 - RHO**2)
ROWS = 40_000
QUICK = StatisticsTraining(width=32, moves=400, batch=128, learning_rate=5e-3)


def pairs(rho=RHO, rows=ROWS, columns=1, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, columns))
    return rho * z + np.sqrt(1 - rho**2) * rng.normal(size=(rows, columns)), z


def log_ratio(x, z):
    """log p(x, z) - log p(x) - log p(z), the best statistic."""
    square = x**2 - 2 * RHO * x * z + z**2
    return (-0.5 * square / (1 - RHO**2) + 0.5 * (x**2 + z**2))[:, 0] + TRUTH


def contrast(estimator, shift=0.0):
    """Value and error of an estimator with the best statistic, moved by a constant."""
    x, z = pairs()
    joint, shuffled = log_ratio(x, z), log_ratio(x, np.roll(z, 1, axis=0))
    terms = estimator.contrast(jnp.asarray(joint + shift), jnp.asarray(shuffled + shift))
    terms = np.asarray(terms, float)
    return terms.mean(), terms.std() / np.sqrt(len(terms))


@pytest.mark.parametrize("estimator", [Nwj(), DonskerVaradhan()])
def test_the_best_statistic_gives_the_information(estimator):
    value, error = contrast(estimator)
    assert abs(value - TRUTH) < 4 * error


def test_a_constant_is_forgiven_by_one_bound_alone():
    """The control: NWJ is short of I by e^c - 1 - c, Donsker and Varadhan's is not."""
    value, error = contrast(Nwj(), 0.5)
    assert abs(TRUTH - value - (np.exp(0.5) - 1.5)) < 4 * error
    value, error = contrast(DonskerVaradhan(), 0.5)
    assert abs(value - TRUTH) < 4 * error


def test_the_jensen_shannon_bound_is_the_divergence():
    """By quadrature over both variables; it is neither I nor above log 2."""
    grid = np.linspace(-7, 7, 701)
    x, z = np.meshgrid(grid, grid)
    marginals = np.exp(-0.5 * (x**2 + z**2)) / (2 * np.pi)
    ratio = np.exp(log_ratio(x.reshape(-1, 1), z.reshape(-1, 1))).reshape(x.shape)
    cell = (grid[1] - grid[0]) ** 2
    joint = marginals * ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.nansum(joint * np.log(2 * ratio / (1 + ratio)))
    divergence = 0.5 * cell * (first + np.sum(marginals * np.log(2 / (1 + ratio))))
    value, error = contrast(JensenShannon())
    assert abs(value - divergence) < 4 * error
    assert divergence < TRUTH - 0.2


def test_the_exact_posterior_makes_barber_and_agakov_tight():
    x, z = (jnp.asarray(rows) for rows in pairs())
    unit = Scaling(jnp.array([[-1.0], [1.0]]))

    def encoder(width):
        def network(x):
            return jnp.concatenate([RHO * x, jnp.log(width) * jnp.ones(1)])

        return InformationEncoder(network, unit, unit)

    bound = BarberAgakov(StandardNormal((1,)))
    for width, loss in (
        (np.sqrt(1 - RHO**2), 0.0),
        (1.0, 0.5 * (1 - RHO**2) - 0.5 + TRUTH),
    ):
        terms = np.asarray(bound.terms(encoder(width), x, z, z), float)
        error = terms.std() / np.sqrt(len(terms))
        # The learned scale is bent a little towards one, tanh(x / 8) for x / 8.
        assert abs(TRUTH - terms.mean() - loss) < 4 * error + 1e-3


def test_no_block_says_more_than_its_cap():
    """InfoNCE with statistics that name each row: exactly log K."""

    class Names:
        def table(self, x, z):
            return 1e3 * (x == z[:, 0])

    rows = jnp.arange(512.0)[:, None]
    terms = InfoNce(128).terms(Names(), rows, rows, rows)  # type: ignore[arg-type]
    assert terms.shape == (4,)
    np.testing.assert_allclose(terms, np.log(128), rtol=1e-5)
    assert InfoNce(128).cap(512) == pytest.approx(np.log(128))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_trained_on_one_half_and_told_on_the_other(name):
    x, z = pairs(rows=8000)
    found = mutual_information(x, z, name, training=QUICK)
    assert found.kind == ("estimate" if name == "donsker-varadhan" else "lower bound")
    assert "cap" in found.note
    assert found.value < TRUTH + 4 * found.stderr
    if name != "jensen-shannon":
        assert found.value > TRUTH - 0.15
    # The control: rows that do not belong together share nothing.
    apart = mutual_information(x, np.roll(z, 1, axis=0), name, training=QUICK)
    assert apart.value < 4 * apart.stderr
    assert apart.value > -0.15


def test_near_its_cap_a_bound_says_so():
    z = np.random.default_rng(0).normal(size=(8000, 1))
    found = mutual_information(z + 1e-3, z, "jensen-shannon", training=QUICK)
    assert "near it, so I may be much larger" in found.note


def test_a_derangement_leaves_no_row_and_a_permutation_some():
    rows = jnp.arange(6.0)[:, None]
    keys = jax.random.split(jax.random.key(0), 200)
    stayed = jax.jit(jax.vmap(lambda key: jnp.sum(deranged(key, rows) == rows)))(keys)
    assert int(jnp.max(stayed)) == 0
    shuffled = jax.jit(jax.vmap(lambda key: jnp.sum(jax.random.permutation(key, rows) == rows)))(
        keys
    )
    assert abs(float(jnp.mean(shuffled)) - 1) < 4 / np.sqrt(200)


GOOD = np.random.default_rng(0).normal(size=(600, 2))


@pytest.mark.parametrize(
    ("x", "z", "name", "said"),
    [
        (GOOD, GOOD[:-1], "nwj", "600 rows of x and 599 of z"),
        (GOOD, np.where(GOOD > 2, np.nan, GOOD), "nwj", "z holds NaN"),
        (GOOD.astype(str), GOOD, "nwj", "real numbers"),
        (GOOD[:100], GOOD[:100], "nwj", "lower training.batch"),
        (GOOD, GOOD, "nwji", "did you mean 'nwj'"),
        (np.float64(3.0), GOOD, "nwj", "one row a pair"),
    ],
    ids=["lengths", "nan", "words", "few", "name", "scalar"],
)
def test_data_that_cannot_be_joined_are_refused(x, z, name, said):
    with pytest.raises(InputError, match=said):
        mutual_information(x, z, name, training=QUICK)


def test_the_wrong_prior_overstates():
    """The bound holds for the law of z alone, and says so: twice the width, more nats."""

    class Wide(Density):
        shape: tuple = (1,)
        condition_shape: None = None

        def log_prob(self, x, condition=None):
            return StandardNormal((1,)).log_prob(x / 4) - jnp.log(4.0)

        def sample(self, key, condition=None):
            return 4 * jax.random.normal(key, (1,))

    x, z = pairs(rows=8000)
    found = mutual_information(x, z, "barber-agakov", prior=Wide(), training=QUICK)
    assert found.value > TRUTH + 10 * found.stderr
