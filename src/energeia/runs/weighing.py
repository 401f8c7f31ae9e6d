"""Exact weights of a run on an energy: what its draws say of that energy."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.errors import InputError
from energeia._core.ranges import Count, Seed, require_in
from energeia.contracts import Density
from energeia.energies.target import Target
from energeia.evaluation.reweighting import Reweighted, reweight
from energeia.runs.targets import open_subject


def weighed(
    run: Any, n: int, seed: int, condition: Any = None, *, allow_import: bool = False
) -> Reweighted:
    """``n`` draws of the model of a run with their weights against its energy.

    Raises:
        InputError: for a run on rows, a condition that is missing or of another length, or an
            energy that is not at hand.
    """
    require_in(Count, n, "n")
    require_in(Seed, seed, "seed")
    if run.config.target is None:
        raise InputError(
            f"weights against an energy were asked of a run that was trained on rows, "
            f"{run.config.spec}: use run.score for its likelihood"
        )
    subject = open_subject(run.config.target, run.target, allow_import=allow_import)
    model = run.standardized_model
    assert isinstance(model, Density)  # the free energy has trained it
    given = _standardized(subject.target, condition)
    return reweight(jax.random.key(seed), model, subject.energy, n, given)


def _standardized(target: Target, condition: Any) -> Any:
    names = [c.name for c in target.conditions]
    values = np.asarray([] if condition is None else condition, float).ravel()
    if len(values) != len(names):
        raise InputError(
            f"{len(values)} values of a condition were given, and the energy has {len(names)}"
            f"{': ' + ', '.join(names) if names else ''}: give one for each"
        )
    if not names:
        return None
    units = [(c.location, c.scale) for c in target.conditions]
    return jnp.asarray([(v - m) / s for v, (m, s) in zip(values, units, strict=True)], float)
