"""The energy of a run without rows: found by name, imported where that is allowed, or handed in."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia import support as supports
from energeia._core.errors import InputError, nearest
from energeia._core.precision import use_precision
from energeia._core.trees import Frozen
from energeia.contracts import Batch, Energy
from energeia.data.named.catalog import TARGETS
from energeia.data.named.targets import open_target
from energeia.energies.target import OfStandardizedCondition, Target, target_of
from energeia.physics.invariance import ROWS, require_invariance
from energeia.recipes.options.problem import Problem
from energeia.runs.imports import imported
from energeia.runs.storage.config import TargetConfig
from energeia.support import Real, Support
from energeia.training.batches import ConditionsOnly

_HELD = 2048
"""Draws whose mean free energy is the held-out loss."""
_IN_PYTHON = "python:"


class TargetSubject(NamedTuple):
    """What a run on an energy is trained and checked on; beside ``opening.Rows`` of one on rows."""

    target: Target
    problem: Problem
    train: ConditionsOnly
    valid: Batch
    """Conditions alone, the same at every check."""

    @property
    def energy(self) -> Energy:
        """The energy as a function of standardized conditions."""
        if not self.target.conditions:
            return self.target.energy
        location, scale = (
            Frozen(jnp.asarray([getattr(c, part) for c in self.target.conditions], float))
            for part in ("location", "scale")
        )
        return OfStandardizedCondition(self.target.energy, location, scale)


def target_config(given: Any, reading: TargetConfig | None = None) -> TargetConfig:
    """How a target is found again: its name, or that it is an object of a program."""
    config = reading or TargetConfig()
    if isinstance(given, TargetConfig):
        return given
    if isinstance(given, str):
        return msgspec.structs.replace(config, spec=given)
    return msgspec.structs.replace(config, spec=f"{_IN_PYTHON}{type(given).__name__}")


def open_subject(
    config: TargetConfig, given: Energy | Target | None = None, *, allow_import: bool = False
) -> TargetSubject:
    """The target of a run, ready to train on.

    Raises:
        InputError: for a target that cannot be found, or whose import was not allowed.
    """
    target = _with_reading(find_target(config, given, allow_import=allow_import), config)
    _require_symmetries(config.spec, target)
    problem = Problem(
        subject="target",
        support=target.support,
        layout=tuple(target.layout),
        rows=0,
        condition_dimension=len(target.conditions),
        symmetries=target.symmetries,
        periodic_layout=target.periodic_layout,
        conditions=target.conditions,
    )
    held: Any = target.draw_conditions(0, _HELD)
    train, real = ConditionsOnly(), jnp.result_type(float)
    if held is not None:
        ends = (np.array([[getattr(c, end) for c in target.conditions]]) for end in ("low", "high"))
        encode: Any = problem.standardization.encode_condition
        low, high = (jnp.asarray(encode(end)[0], real) for end in ends)
        train, held = ConditionsOnly(low, high), encode(held).astype(real)
    empty: Any = np.zeros((_HELD, 0), real)
    return TargetSubject(target, problem, train, Batch(empty, held))


def _require_symmetries(spec: str, target: Target) -> None:
    """Check the maps that a target declares on initial rows, at one condition."""
    if not target.symmetries:
        return
    held = target.draw_conditions(0, 1)
    condition = None if held is None else held[0]

    def log_prob(rows: np.ndarray) -> np.ndarray:
        with use_precision(64):
            return -np.asarray(_energies(target.energy, condition, rows))

    rows = target.initial_rows(0, ROWS)
    require_invariance(spec, target.symmetries, target.layout, target.support, log_prob, rows)


@eqx.filter_jit
def _energies(energy: Energy, condition: Any, rows: Any) -> jax.Array:
    """Compiled once for all symmetries, and for a target that is opened again."""
    return jax.vmap(lambda x: energy.energy(x, condition))(rows)


def find_target(
    config: TargetConfig, given: Energy | Target | None = None, *, allow_import: bool = False
) -> Target:
    """The target that a configuration names, or the object that was handed in.

    Raises:
        InputError: for an unknown name, an import that was not allowed, or an object that is not
            there.
    """
    spec = config.spec
    if given is not None:
        return _as_target(given, config)
    if spec.startswith(_IN_PYTHON):
        raise InputError(
            f"this run was trained on {spec.removeprefix(_IN_PYTHON)!r}, an object of a Python "
            "program: hand it in again, as in energeia.resume(run, target=energy)"
        )
    if spec.partition(":")[0] in TARGETS:
        return open_target(spec)
    if ":" in spec:
        return _as_target(
            imported("target", spec, allow_import=allow_import and config.allow_import), config
        )
    raise InputError(f"target {spec!r} is not known: {nearest(spec, TARGETS)}")


def _as_target(given: Any, config: TargetConfig) -> Target:
    if isinstance(given, Target):
        return given
    if not isinstance(given, Energy):
        raise InputError(
            f"a {type(given).__name__} was given as a target where an energy is wanted: make one "
            "with energeia.energy(function, shape)"
        )
    declared = None
    if config.support:
        columns = Support.of([Real()] * int(np.prod(given.shape)))
        declared = supports.parse(config.support, columns)
    return target_of(given, declared)


def _with_reading(target: Target, config: TargetConfig) -> Target:
    """A target with the place and the width that the user gave."""
    given = {"location": config.location, "scale": config.scale}
    return target._replace(**{name: value for name, value in given.items() if value is not None})


def initial_rows(target: Target, count: int, key: jax.Array) -> jax.Array:
    """The rows given to a recipe's builder for scales and initial values."""
    seed = int(jax.random.randint(key, (), 0, 2**31 - 1))
    return jnp.asarray(target.initial_rows(seed, count), jnp.result_type(float))
