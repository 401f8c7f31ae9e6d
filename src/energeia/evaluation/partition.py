"""log Z of an energy, by any of several methods that fail in different ways."""

import itertools
import math
from typing import Any, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.batching import map_rows
from energeia._core.errors import InputError, nearest
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy, Kernel
from energeia.distributions.finite import product_of_alphabets
from energeia.distributions.gaussian import RealPeriodicBase
from energeia.energies.algebra import GeometricPath
from energeia.energies.target import Target
from energeia.estimate import Estimate
from energeia.evaluation.budget import LogZSettings, PartitionMethod
from energeia.mcmc.annealed import log_partition
from energeia.mcmc.bracket import bracket_warnings, spanning
from energeia.mcmc.heat_bath import HeatBath
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.sequential import smc
from energeia.mcmc.tempered_partition import tempered_log_z
from energeia.mcmc.tempering import ParallelTempering
from energeia.support import Alphabet

_WIDER = 1.5
"""How much wider than the target says it is the base is, which must cover it."""
_STATES = 1 << 22
_PILOT = 800


class LogZ(msgspec.Struct, frozen=True, kw_only=True):
    """What a method says of log Z, in nats."""

    method: PartitionMethod
    value: Estimate
    """Exact, a stochastic lower bound, or an estimate."""
    lower: Estimate | None = None
    upper: Estimate | None = None
    """From above, where the method has such a side; an estimate unless from exact draws."""
    certificate: Estimate | None = None
    """log Z is above this with probability .95, whatever the spread of the weights."""
    exact: float | None = None
    """Where the target is solved."""
    warnings: tuple[str, ...] = ()
    """Signs that it is further off than its error says; no method sees a mode that no chain saw."""


def log_z_of(
    target: Target, method: PartitionMethod = "smc", *, condition: Any = None, seed: int = 0,
    settings: LogZSettings | None = None,
) -> LogZ:  # fmt: skip
    """log Z(c) = log of the integral of exp(-E(x, c)) over the support, in the user's units.

    - ``smc``: independent populations of particles, see ``mcmc.smc``: a stochastic lower bound.
    - ``annealing``: importance sampling forward and back, see ``mcmc.log_partition``: both sides.
    - ``tempering``: ratios between replicas at neighboring temperatures, see
      ``mcmc.tempered_log_z``.
    - ``enumeration``: the sum over all configurations of finite alphabets, exact.

    Chains move in the coordinates of the models, real numbers or codes, from a base half as wide
    again as ``target.location`` and ``target.scale`` say. All but enumeration know only of modes
    that some chain has seen.

    Raises:
        InputError: for an unknown method, a condition that does not fit, columns that no kernel
            moves, or too many configurations to enumerate.

    >>> import jax.numpy as jnp
    >>> from energeia.energies import energy, target_of
    >>> narrow = target_of(energy(lambda x: 2.0 * jnp.sum((x - 0.5) ** 2), 2))
    >>> found = log_z_of(narrow)
    >>> bool(abs(found.value.value - jnp.log(jnp.pi / 2)) < 4 * found.value.stderr)
    True
    """
    settings = settings or LogZSettings()
    condition = _condition(target, condition)
    key = jax.random.key(seed)
    if method not in get_args(PartitionMethod):
        raise InputError(
            f"method {method!r} is not known: {nearest(method, get_args(PartitionMethod))}"
        )
    if method == "enumeration":
        found = _enumerated(target, condition)
    else:
        found = _METHODS[method](key, *_problem(target, condition, settings), settings)
    return msgspec.structs.replace(found, exact=target.log_partition(condition))


def _condition(target: Target, condition: Any) -> np.ndarray | None:
    names = [c.name for c in target.conditions]
    if condition is None and not names:
        return None
    values = np.asarray([] if condition is None else condition, float).ravel()
    if len(values) != len(names):
        raise InputError(
            f"{len(values)} values of a condition were given, and the target has {len(names)}"
            f"{': ' + ', '.join(names) if names else ''}: give one for each"
        )
    return values


class ChartEnergy(Energy):
    """An energy as one of the coordinates of its support, at one condition."""

    target: Energy
    units: Units
    given: Array | None
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.inner_shape

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        row = self.units.decode(x)
        return self.target.energy(row, self.given) + self.units.encode(row)[1]


def _problem(
    target: Target, condition: np.ndarray | None, settings: LogZSettings
) -> tuple[Energy, Density, Kernel]:
    """The energy of the coordinates of chains, a base that covers it, and a kernel."""
    rows = target._replace(scale=_WIDER * target.scale).initial_rows(0, 4096)
    units = Units.fit(target.support, jnp.asarray(rows, float))
    given = None if condition is None else jnp.asarray(condition, float)
    energy, coordinates = ChartEnergy(target.energy, units, given), units.coordinates
    if coordinates.all_discrete:
        values = [c.values for c in coordinates.columns if isinstance(c, Alphabet)]
        return energy, product_of_alphabets(values), HeatBath(values)
    if not (coordinates.all_continuous and coordinates.flat):
        raise InputError(
            f"log Z was asked of columns that no kernel moves together: {target.support}: it is "
            "known of real, bounded and circular ones, or of finite alphabets alone"
        )
    base = RealPeriodicBase(tuple(c.name != "real" for c in coordinates.columns))
    step = 0.5 * coordinates.width ** (-1 / 4)
    return energy, base, Hmc(step, leapfrog_steps=settings.leapfrog_steps)


def _by_smc(
    key: PRNGKey,
    energy: Energy,
    base: Density,
    kernel: Kernel,
    settings: LogZSettings,
) -> LogZ:
    found = smc(
        key, GeometricPath(base=base, target=energy), kernel, settings.chains, moves=settings.moves,
        populations=settings.populations,
    )  # fmt: skip
    return LogZ(
        method="smc", value=found.lower, lower=found.lower, certificate=found.certificate,
        warnings=found.warnings,
    )  # fmt: skip


def _by_annealing(
    key: PRNGKey,
    energy: Energy,
    base: Density,
    kernel: Kernel,
    settings: LogZSettings,
) -> LogZ:
    path = GeometricPath(base=base, target=energy)
    found = log_partition(key, path, kernel, settings.chains, settings.temperatures)
    return LogZ(
        method="annealing", value=spanning(found), lower=found.lower, upper=found.upper,
        certificate=found.certificate, warnings=bracket_warnings(found),
    )  # fmt: skip


def _by_tempering(
    key: PRNGKey,
    energy: Energy,
    base: Density,
    kernel: Kernel,
    settings: LogZSettings,
) -> LogZ:
    tune_key, start_key, run_key = jax.random.split(key, 3)
    keys = jax.random.split(start_key, max(8, settings.chains // 16))
    starts = jax.vmap(base.sample)(keys)
    tempered = ParallelTempering(kernel, settings.levels, base=base)
    tempered, x = tempered.tuned(tune_key, energy, starts, _PILOT)
    found = tempered_log_z(run_key, tempered, energy, x, settings.draws)
    return LogZ(method="tempering", value=found.ratios, warnings=found.warnings)


_METHODS = {"smc": _by_smc, "annealing": _by_annealing, "tempering": _by_tempering}


def _enumerated(target: Target, condition: np.ndarray | None) -> LogZ:
    """The sum over all configurations."""
    columns = [c for c in target.support.columns if isinstance(c, Alphabet)]
    states = math.prod(c.size for c in columns) if columns else 0
    if len(columns) < target.support.width or states > _STATES:
        raise InputError(
            f"enumeration was asked of {target.support}: it sums up to {_STATES:,} configurations "
            "of finite alphabets, so use smc, annealing or tempering"
        )
    total, values = -math.inf, itertools.product(*(c.values for c in columns))
    while block := list(itertools.islice(values, 1 << 16)):
        rows = np.asarray(block, np.float32)
        energies = np.asarray(_energies(target.energy, condition, rows), np.float64)
        total = float(np.logaddexp(total, np.logaddexp.reduce(-energies)))
    note = f"sum over {states:,} configurations"
    return LogZ(method="enumeration", value=Estimate(total, 0.0, "exact", states, note))


def _energies(
    energy: Energy, condition: np.ndarray | None, rows: Float[np.ndarray, "n d"]
) -> Array:
    given = None if condition is None else jnp.asarray(condition, float)
    return map_rows(_block, rows, carry=(energy, given), size=4096)


def _block(carry: tuple[Energy, Array | None], rows: Array) -> Array:
    energy, given = carry
    return jax.vmap(lambda x: energy.energy(x, given))(rows)
