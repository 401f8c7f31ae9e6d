"""log Z of an energy, found as ``fit`` finds one."""

from typing import Any

import msgspec

from energeia.contracts import Energy
from energeia.energies.target import Target
from energeia.evaluation.budget import LogZSettings, PartitionMethod
from energeia.evaluation.partition import LogZ, log_z_of
from energeia.runs.storage.config import TargetConfig
from energeia.runs.targets import open_subject, target_config


def log_z(
    target: Any, method: PartitionMethod = "smc", *, condition: Any = None,
    reading: TargetConfig | None = None, allow_import: bool = False, seed: int = 0,
    settings: LogZSettings | None = None,
) -> LogZ:  # fmt: skip
    """log Z = log of the integral of exp(-E), in the user's units, with its kind and its error.

    Args:
        target: an ``Energy``, a ``Target``, a name such as ``"funnel"``, or a ``TargetConfig``.
        method: smc, annealing, tempering or enumeration, see ``evaluation.log_z_of``. Where two of
            them disagree by more than their errors, neither is to be believed.
        condition: values of the target's conditions, where it has any.
        reading: where the energy is, its location and scale, and its support.
        allow_import: let a target ``"module:attribute"`` be imported.
        seed: of all random numbers.
        settings: how much is spent.

    Raises:
        InputError: for a target, method, condition or columns that cannot be used.

    >>> import jax.numpy as jnp
    >>> import energeia
    >>> well = energeia.energy(lambda x: 8.0 * jnp.sum((x - 1.0) ** 2), 1)
    >>> found = energeia.log_z(well, "tempering")
    >>> bool(abs(found.value.value - 0.5 * jnp.log(jnp.pi / 8)) < 4 * found.value.stderr)
    True
    """
    where = target_config(target, reading)
    if allow_import:
        where = msgspec.structs.replace(where, allow_import=True)
    given = target if isinstance(target, Energy | Target) else None
    subject = open_subject(where, given, allow_import=where.allow_import)
    return log_z_of(subject.target, method, condition=condition, seed=seed, settings=settings)
