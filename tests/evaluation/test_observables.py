import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.signal import lfilter

from energeia.contracts import Observable
from energeia.data.named.lattice import IsingSource
from energeia.evaluation.observables import measure, table
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import Derived


class First(Observable):
    name: str = eqx.field(static=True, default="x")
    unit: str = eqx.field(static=True, default="m")

    def value(self, x):
        return jnp.ravel(x)[0]


class SquareOfMean(Derived):
    name: str = eqx.field(static=True, default="x squared")
    unit: str = eqx.field(static=True, default="m^2")

    @property
    def parts(self):
        return (First(),)

    def combine(self, means):
        return means[0] ** 2


def chains(seed, phi=0.9):
    noise = np.random.default_rng(seed).normal(size=(4, 1000))
    noise[:, 1:] *= np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)[..., None]


def test_exact_samples_agree_with_exact_values():
    source = IsingSource(Ising(4, 0.4))
    rows = source.draw(0, 4000)
    for row in table(source.observables(), rows, rows[:500]):
        assert abs(row.model.value - row.exact.value) < 4 * row.model.stderr
        assert abs(row.data.value - row.exact.value) < 4 * row.data.stderr
        assert row.model.stderr < row.data.stderr
    # The control: samples at another temperature do not.
    hot = IsingSource(Ising(4, 0.3)).draw(1, 4000)
    energy = table(source.observables(), hot, rows[:500])[0]
    assert abs(energy.model.value - energy.exact.value) > 20 * energy.model.stderr


def test_bias_of_a_function_of_means_is_taken_off():
    found = [
        measure(SquareOfMean(), np.random.default_rng(s).normal(size=(25, 1))).value
        for s in range(300)
    ]
    error = np.std(found) / np.sqrt(300)
    assert abs(np.mean(found)) < 4 * error
    assert abs(np.mean(found) + 1 / 25) > 4 * error  # the control: uncorrected it is 1/25 above


def test_errors_of_chains_are_their_scatter():
    for quantity, shift in ((First(), 0.0), (SquareOfMean(), 2.0)):
        found = [measure(quantity, chains(s) + shift, chains=True) for s in range(30)]
        scatter = np.std([f.value for f in found], ddof=1)
        assert 0.65 < scatter / np.mean([f.stderr for f in found]) < 1.5
        naive = measure(
            quantity, (chains(0) + shift).reshape(-1, 1)[np.random.default_rng(0).permutation(4000)]
        )
        assert scatter / naive.stderr > 2.5  # the control


def test_values_that_are_not_finite_are_counted():
    x = np.ones((10, 1))
    x[3] = np.nan
    found = measure(First(), x)
    assert np.isnan(found.value)
    assert "1 of 10" in found.note
