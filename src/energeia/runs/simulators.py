"""Rows of a simulator: drawn once, kept beside the run, and trained on like other rows."""

import importlib
import sys
from typing import Any, NamedTuple

import msgspec

from energeia._core.errors import InputError, nearest
from energeia._core.specs import parse_parameters
from energeia.data.named.catalog import SIMULATORS
from energeia.data.readers import Table
from energeia.data.simulator import Simulator
from energeia.runs.imports import imported
from energeia.runs.storage.config import DataConfig, SimulatorConfig
from energeia.runs.storage.kept import KEPT, ROWS_FILE

_IN_PYTHON = "python:"


class DrawnRows(NamedTuple):
    """Rows of a simulator, and how the configuration of a run writes them down."""

    simulator: SimulatorConfig
    data: DataConfig
    table: Table


def draw_rows(
    given: Any, reading: SimulatorConfig | None, seed: int, *, allow_import: bool, quiet: bool
) -> DrawnRows:
    """Draw as many rows as the budget allows.

    Raises:
        InputError: for a simulator that cannot be found or that returns what cannot be modeled.
    """
    config = given if isinstance(given, SimulatorConfig) else reading or SimulatorConfig()
    if isinstance(given, str):
        config = msgspec.structs.replace(config, spec=given)
    elif isinstance(given, Simulator):
        config = msgspec.structs.replace(config, spec=f"{_IN_PYTHON}{type(given).__name__}")
    found = (
        given if isinstance(given, Simulator) else _found(config.spec, allow_import=allow_import)
    )

    def show(count: int) -> None:
        if not quiet and (count == config.budget or count % 10_000 == 0):
            print(f"simulator: {count:,} of {config.budget:,} draws", file=sys.stderr)

    table = found.draw(config.budget, seed, show)
    data = DataConfig(
        spec=f"{KEPT}{ROWS_FILE}", condition=found.conditions(config.learn), seed=seed,
        findings=False,
    )  # fmt: skip
    return DrawnRows(config, data, table)


def _found(spec: str, *, allow_import: bool) -> Simulator:
    name = spec.partition(":")[0]
    if name in SIMULATORS:
        named = SIMULATORS[name]
        module, _, function = named.loader.partition(":")
        parameters = parse_parameters("simulator", spec, named.parameters)
        return getattr(importlib.import_module(module), function)(**parameters)
    if ":" not in spec:
        raise InputError(f"simulator {spec!r} is not known: {nearest(spec, SIMULATORS)}")
    found = imported("simulator", spec, allow_import=allow_import)
    if not isinstance(found, Simulator):
        raise InputError(
            f"{spec} is a {type(found).__name__} where a simulator is wanted: make one with "
            "energeia.data.Simulator"
        )
    return found
