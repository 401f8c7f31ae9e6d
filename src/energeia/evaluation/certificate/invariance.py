"""Whether a model draws what its log-probability says: chains must leave its draws as they are.

Draws are moved by a Markov chain that leaves exp(log p) invariant. If they are distributed as
p, so are the moved ones, and every mean stays, whatever the chain and however short it is.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import stats
from typing_extensions import override

from energeia._core.batching import map_rows
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy
from energeia.evaluation.certificate.chart import ChartDensity, coordinates_of
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.subject import Subject
from energeia.mcmc.mala import Mala
from energeia.records import CertificateLine
from energeia.support import Circle

NAME = "samples against the log-probability"
_SIZES = 4.0 ** -np.arange(6.0)
"""Step sizes of MALA in standardized units, taken in turn: one of them suits most densities."""
_CYCLES, _MOST_CODES = 3, 96
_DRAWS = 2048
_MOVED = 0.05
"""Share of draws that a chain has to move."""


class OfReals(Energy):
    """The energy of the real coordinates, codes held fixed."""

    chart: ChartDensity
    y: Array

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (int(np.sum(~self.chart.units.coordinates.discrete)),)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return None

    def joined(self, reals: Array) -> Array:
        """All coordinates."""
        return self.y.at[np.flatnonzero(~self.chart.units.coordinates.discrete)].set(reals)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return self.chart.energy(self.joined(x))


def invariance_line(subject: Subject, chart: ChartDensity, refusal: str) -> CertificateLine:
    """The largest change of a mean in standard errors of the paired differences.

    The means are of log p and of two bounded functions of each coordinate: tanh y and its square,
    cosine and sine of an angle, a code and its square. The limit is that of 4 errors of one mean,
    corrected for their number by Bonferroni's inequality.
    """
    if refusal:
        return not_applicable(NAME, refusal)
    y = coordinates_of(chart, subject.draws[:_DRAWS])
    keys = jax.random.split(jax.random.fold_in(subject.key, 2), len(y))
    before, after = map_rows(
        _before_and_after, y, np.asarray(jax.random.key_data(keys)), size=1024, carry=chart
    )
    moved = float(np.mean(np.any(before != after, axis=1)))
    if moved < _MOVED:
        return not_applicable(NAME, f"no step size moves the draws: {moved:.0%} of them moved")
    errors = _in_errors(after - before)
    limit = float(stats.norm.isf(stats.norm.sf(4.0) / len(errors)))
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    note = f"the mean of {_names(chart)[worst]} changes most; {moved:.0%} of {len(y):,} draws moved"
    return compared(NAME, errors[worst], limit, f"{note}; in errors")


def _in_errors(change: Float[np.ndarray, "n f"]) -> np.ndarray:
    mean, spread = np.mean(change, axis=0), np.std(change, axis=0, ddof=1)
    still = (mean == 0) & (spread == 0)
    return np.where(still, 0.0, np.abs(mean) * len(change) ** 0.5 / np.where(still, 1.0, spread))


def _names(chart: ChartDensity) -> list[str]:
    every = range(chart.units.inner_shape[0])
    return ["log p", *(f"a function of coordinate {i}" for _ in range(2) for i in every)]


def _functions(chart: ChartDensity, y: Array) -> Array:
    """log p and two bounded functions of each coordinate."""
    coordinates = chart.units.coordinates
    sizes = jnp.maximum(jnp.asarray(coordinates.sizes, y.dtype) - 1, 1)
    angle = np.array([isinstance(c, Circle) for c in coordinates.columns])
    bounded = jnp.where(coordinates.discrete, y / sizes, jnp.tanh(y))
    first = jnp.where(angle, jnp.cos(y), bounded)
    second = jnp.where(angle, jnp.sin(y), bounded**2)
    return jnp.concatenate([-chart.energy(y)[None], first, second])


def _before_and_after(chart: ChartDensity, y: Array, keys: Array) -> tuple[Array, Array]:
    def one(y: Array, key: Array) -> tuple[Array, Array]:
        return _functions(chart, y), _functions(chart, _moved(chart, y, key))

    return jax.vmap(one)(y, jax.random.wrap_key_data(keys))


def _moved(chart: ChartDensity, y: Array, key: Array) -> Array:
    """A short chain of MALA on the reals and single changes of codes."""
    discrete = chart.units.coordinates.discrete
    steps = _CYCLES * len(_SIZES)
    steps = max(steps, min(4 * int(np.sum(discrete)), _MOST_CODES))
    given = jax.random.split(key, steps), jnp.asarray(np.resize(_SIZES, steps))
    if not discrete.any():
        return _moved_reals(chart, y, given)

    def step(y: Array, given: tuple[Array, Scalar]) -> tuple[Array, None]:
        real_key, code_key = jax.random.split(given[0])
        if not discrete.all():
            y = _moved_reals(chart, y, (real_key[None], given[1][None]))
        return _code_step(chart, y, code_key), None

    return jax.lax.scan(step, y, given)[0]


def _moved_reals(chart: ChartDensity, y: Array, given: tuple[Array, Array]) -> Array:
    """Steps of MALA, one for each key and step size."""
    target = OfReals(chart, y)

    def step(state: Any, given: tuple[Array, Scalar]) -> tuple[Any, None]:
        return Mala(1.0).with_step(given[1]).step(given[0], target, state)[0], None

    start = Mala(1.0).init(target, y[np.flatnonzero(~chart.units.coordinates.discrete)])
    return target.joined(jax.lax.scan(step, start, given)[0].position)


def _code_step(chart: ChartDensity, y: Array, key: Array) -> Array:
    """One code replaced by another one of its alphabet, accepted by the Metropolis ratio."""
    pick, draw, accept = jax.random.split(key, 3)
    place = jnp.asarray(np.flatnonzero(chart.units.coordinates.discrete))
    column = place[jax.random.randint(pick, (), 0, len(place))]
    size = jnp.asarray(chart.units.coordinates.sizes)[column]
    shift = jax.random.randint(draw, (), 1, jnp.maximum(size, 2))
    proposed = y.at[column].set(jnp.mod(y[column] + shift, size))
    change = chart.energy(y) - chart.energy(proposed)
    accepted = jnp.log(jax.random.uniform(accept, dtype=y.dtype)) < change
    return jnp.where(accepted, proposed, y)
