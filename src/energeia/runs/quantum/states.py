"""Measures a trained model as a quantum state: observables, and distance from the truth."""

from typing import NamedTuple

import jax
import msgspec
import numpy as np
from jaxtyping import Array, Float, UInt8

from energeia.contracts import Density
from energeia.evaluation.likelihood import log_likelihood
from energeia.evaluation.quantum.exact_state import fidelity, of_state
from energeia.evaluation.quantum.tomography import Questions, Scored, Sort, of_shots, with_scores
from energeia.evaluation.samples import draw
from energeia.models.born_machine import BornMachine
from energeia.models.in_units import DensityInUnits
from energeia.physics.quantum.mps import MatrixProductState, State
from energeia.physics.quantum.mps_outcomes import log_prob, sample_outcomes
from energeia.physics.quantum.povm import Povm
from energeia.records import StateRecord

_PAIRED = 20_000
"""Strings on which two log-probabilities are compared: their difference scatters little."""


class Judge(NamedTuple):
    """What all models of a tomography are measured by."""

    asked: Questions
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
        cls, held_out: np.ndarray, asked: Questions, truth: State | None, samples: int, seed: int
    ) -> "Judge":
        """Draw what is shared; the same seed draws the same."""
        key, own = jax.random.split(jax.random.key(seed))
        drawn = log_p = None
        if truth is not None:
            drawn = sample_outcomes(truth, asked.povm, min(samples, _PAIRED), own)
            log_p = log_prob(truth, asked.povm, drawn)
        return cls(asked, held_out, truth, drawn, log_p, samples, key)


class Judged(NamedTuple):
    """The findings, and the log-probability of each held-out shot for paired comparisons."""

    record: StateRecord
    held_out: Float[np.ndarray, " k"]


def judge_state(model: Density, judge: Judge, name: str, sort: Sort) -> Judged:
    """Answer every question by the model, exactly where it is a pure matrix-product state.

    Raises:
        InputError: for strings of another length than was asked about.
    """
    density = outcome_density(model, judge.asked.povm)
    drawn = draw(density, judge.key, judge.samples).x.round().astype(np.uint8)
    if isinstance(density, BornMachine) and density.real.shape[3] == 1:
        record = _of_pure(density.state(), judge, name, sort)
    else:
        record = of_shots(drawn, judge.asked, name, sort)
    held_out = _scores(density, judge.held_out, judge.key)
    return Judged(with_scores(record, held_out, _scored(density, judge, drawn)), held_out)


def _of_pure(state: MatrixProductState, judge: Judge, name: str, sort: Sort) -> StateRecord:
    """Exact answers, the overlap with a pure truth among them, however long the chain."""
    record = of_state(state, judge.asked, name, sort)
    if not isinstance(judge.truth, MatrixProductState):
        return record
    return msgspec.structs.replace(record, quantum_fidelity=fidelity(state, judge.truth))


def outcome_density(model: Density, povm: Povm) -> Density:
    """The model as a distribution of the outcomes of this measurement.

    A Born machine is a state, so that it answers for measurements that it has not seen; any other
    model only knows the outcomes it was trained on.
    """
    if isinstance(model, DensityInUnits) and isinstance(model.inner, BornMachine):
        return model.inner.measured_by(povm)
    return model


def _scored(density: Density, judge: Judge, drawn: np.ndarray) -> Scored | None:
    if judge.truth is None or judge.drawn is None or judge.log_p is None:
        return None
    own = drawn[:_PAIRED]
    return Scored(
        p_at_p=judge.log_p,
        q_at_p=_scores(density, judge.drawn, judge.key),
        p_at_q=log_prob(judge.truth, judge.asked.povm, own),
        q_at_q=_scores(density, own, judge.key),
    )


def _scores(density: Density, rows: np.ndarray, key: Array) -> Float[np.ndarray, " n"]:
    return log_likelihood(density, rows, key=key).rows
