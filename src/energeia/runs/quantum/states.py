"""Evaluation of a trained model as a quantum state: observables, and distance from the truth."""

from typing import NamedTuple

import jax
import msgspec
import numpy as np
from jaxtyping import Array, Float, UInt8

from energeia.contracts import Density
from energeia.evaluation.likelihood import log_likelihood
from energeia.evaluation.quantum.exact_state import fidelity, of_state
from energeia.evaluation.quantum.tomography import (
    ScoredStrings,
    StateQuantities,
    StateSource,
    of_shots,
    with_scores,
)
from energeia.evaluation.samples import draw
from energeia.models.born_machine import BornMachine
from energeia.models.in_units import DensityInUnits
from energeia.physics.quantum.mps import MatrixProductState, State
from energeia.physics.quantum.mps_outcomes import log_prob, sample_outcomes
from energeia.physics.quantum.povm import Povm
from energeia.tomography_records import StateRecord

_PAIRED = 20_000
"""Number of strings on which two log-probabilities are compared; their difference varies little."""


class StateEvaluation(NamedTuple):
    """What the evaluation of all models of a tomography shares."""

    quantities: StateQuantities
    held_out: UInt8[np.ndarray, "k sites"]
    """Shots that no model was trained on."""
    truth: State | None
    drawn: UInt8[np.ndarray, "n sites"] | None
    """Fresh shots of the truth."""
    log_p: Float[np.ndarray, " n"] | None
    """Their exact log-probabilities."""
    samples: int
    key: Array

    @classmethod
    def of(
        cls,
        held_out: np.ndarray,
        quantities: StateQuantities,
        truth: State | None,
        samples: int,
        seed: int,
    ) -> "StateEvaluation":
        """Draw the shared samples, reproducibly from ``seed``."""
        key, own = jax.random.split(jax.random.key(seed))
        drawn = log_p = None
        if truth is not None:
            drawn = sample_outcomes(truth, quantities.povm, min(samples, _PAIRED), own)
            log_p = log_prob(truth, quantities.povm, drawn)
        return cls(quantities, held_out, truth, drawn, log_p, samples, key)


class StateScores(NamedTuple):
    """The record, and the log-probability of each held-out shot for paired comparisons."""

    record: StateRecord
    held_out: Float[np.ndarray, " k"]


def evaluate_state(
    model: Density, setting: StateEvaluation, name: str, source: StateSource
) -> StateScores:
    """Compute all quantities from the model, exactly where it is a pure matrix-product state.

    Raises:
        InputError: for strings whose length is not the number of sites.
    """
    density = outcome_density(model, setting.quantities.povm)
    drawn = draw(density, setting.key, setting.samples).x.round().astype(np.uint8)
    if isinstance(density, BornMachine) and density.real.shape[3] == 1:
        record = _of_pure(density.state(), setting, name, source)
    else:
        record = of_shots(drawn, setting.quantities, name, source)
    held_out = _scores(density, setting.held_out, setting.key)
    return StateScores(with_scores(record, held_out, _scored(density, setting, drawn)), held_out)


def _of_pure(
    state: MatrixProductState, setting: StateEvaluation, name: str, source: StateSource
) -> StateRecord:
    """Exact values, including the overlap with a pure truth for chains of any length."""
    record = of_state(state, setting.quantities, name, source)
    if not isinstance(setting.truth, MatrixProductState):
        return record
    return msgspec.structs.replace(record, quantum_fidelity=fidelity(state, setting.truth))


def outcome_density(model: Density, povm: Povm) -> Density:
    """The model as a distribution of the outcomes of this measurement.

    A Born machine is a state, so it predicts any measurement; other models only predict the
    measurement they were trained on.
    """
    if isinstance(model, DensityInUnits) and isinstance(model.inner, BornMachine):
        return model.inner.measured_by(povm)
    return model


def _scored(density: Density, setting: StateEvaluation, drawn: np.ndarray) -> ScoredStrings | None:
    if setting.truth is None or setting.drawn is None or setting.log_p is None:
        return None
    own = drawn[:_PAIRED]
    return ScoredStrings(
        p_at_p=setting.log_p,
        q_at_p=_scores(density, setting.drawn, setting.key),
        p_at_q=log_prob(setting.truth, setting.quantities.povm, own),
        q_at_q=_scores(density, own, setting.key),
    )


def _scores(density: Density, rows: np.ndarray, key: Array) -> Float[np.ndarray, " n"]:
    return log_likelihood(density, rows, key=key).rows
