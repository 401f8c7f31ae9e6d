"""All that is asked of a quantum state: of shots, of samples of a model, and exactly."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np
from jaxtyping import Complex, Float, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.quantum import reduced, shadows
from energeia.evaluation.quantum import warnings as warn
from energeia.evaluation.quantum.classical_fidelity import classical_fidelity, kl, ratio_mean
from energeia.evaluation.quantum.purity import purity, renyi_2
from energeia.evaluation.quantum.quantum_fidelity import quantum_fidelity
from energeia.physics.quantum.pauli import PauliString
from energeia.physics.quantum.povm import Povm, require_complete
from energeia.records import StateRecord

PAIR = 2
"""Neighboring sites whose density matrices are looked at."""

Operator = tuple[PauliString, ...]
Sort = Literal["shots", "truth", "network", "baseline", "matrix-product"]


class Questions(NamedTuple):
    """What is asked of a state of ``sites`` qubits."""

    povm: Povm
    sites: int
    hamiltonian: Operator = ()
    ground_energy: Estimate | None = None
    observables: tuple[Operator, ...] = ()
    letter: str = "Z"
    distances: tuple[int, ...] = ()
    block: tuple[int, ...] = ()
    """The sites whose purity is asked."""
    target: Complex[np.ndarray, " D"] | None = None
    """A pure state to compare with, first site slowest; empty where it has too many sites to be
    written down, so that the refusal is told."""


def questions(
    povm: Povm, sites: int, *, hamiltonian: Operator = (), ground_energy: Estimate | None = None,
    observables: Sequence[Operator] = (), letter: str = "Z", target: np.ndarray | None = None,
) -> Questions:  # fmt: skip
    """The usual questions: correlators up to half the chain, purity of up to 4 central sites.

    Raises:
        InputError: for a measurement that is not complete, fewer than two sites, or an operator
            that reaches beyond them.
    """
    require_complete(povm)
    for operator in (hamiltonian, *observables):
        shadows.require_within(operator, sites)
    if sites < 2:
        raise InputError(f"{sites} site has no correlations: bring shots of two qubits or more")
    width = min(4, sites)
    first = (sites - width) // 2
    return Questions(
        povm, sites, hamiltonian, ground_energy, tuple(observables), letter,
        tuple(range(1, max(2, sites // 2 + 1))), tuple(range(first, first + width)), target,
    )  # fmt: skip


def of_shots(
    outcomes: Int[np.ndarray, "n sites"],
    asked: Questions,
    name: str = "shots",
    sort: Sort = "shots",
) -> StateRecord:
    """Every question answered from strings of outcomes, measured or drawn from a model.

    Raises:
        InputError: for another number of sites, an operator that the measurement does not
            determine, or fewer than 4 strings.
    """
    if outcomes.shape[1] != asked.sites:
        raise InputError(
            f"strings of {outcomes.shape[1]} outcomes were given where {asked.sites} sites are "
            "asked about: measure the same chain"
        )
    povm = asked.povm
    lowest = _lowest(reduced.blocks(outcomes, povm, PAIR))
    mixed = purity(outcomes[:, asked.block], povm)
    return _cautioned(
        StateRecord(
            name=name,
            sort=sort,
            correlations=shadows.correlations(outcomes, povm, asked.letter, asked.distances),
            energy=_expectation(outcomes, asked, asked.hamiltonian),
            observables=tuple(
                shadows.expectation(outcomes, povm, operator) for operator in asked.observables
            ),
            smallest_eigenvalue=lowest.smallest,
            lowest_block=lowest.sites,
            purity=mixed,
            renyi_2=renyi_2(mixed),
            quantum_fidelity=_fidelity(outcomes, asked),
            samples=len(outcomes),
        ),
        asked,
    )


class ScoredStrings(NamedTuple):
    """Paired log-probabilities in nats, of the truth P and of a model Q."""

    p_at_p: Float[np.ndarray, " n"]
    q_at_p: Float[np.ndarray, " n"]
    p_at_q: Float[np.ndarray, " m"]
    q_at_q: Float[np.ndarray, " m"]


def with_scores(
    record: StateRecord, held_out: Float[np.ndarray, " k"], scored: ScoredStrings | None
) -> StateRecord:
    """The record with held-out NLL and, where the truth is known, divergence and fidelity."""
    fields: dict[str, Any] = {"nll": -Estimate.mean(held_out, "exact")}
    warnings = record.warnings
    if scored is not None:
        ratio = ratio_mean(scored.p_at_q, scored.q_at_q)
        warnings += tuple(warn.of_ratio(ratio))
        fields |= {
            "kl": kl(scored.p_at_p, scored.q_at_p),
            "classical_fidelity": classical_fidelity(scored.p_at_p, scored.q_at_p),
            "ratio": ratio,
        }
    return msgspec.structs.replace(record, warnings=warnings, **fields)


def _lowest(states: list[reduced.ReducedState]) -> reduced.ReducedState:
    """The one whose smallest eigenvalue lies furthest below zero in errors."""
    return min(states, key=lambda state: warn.distance_in_errors(state.smallest))


def _expectation(outcomes: np.ndarray, asked: Questions, operator: Operator) -> Estimate | None:
    return shadows.expectation(outcomes, asked.povm, operator) if operator else None


def _fidelity(outcomes: np.ndarray, asked: Questions) -> Estimate | None:
    if asked.target is None:
        return None
    return quantum_fidelity(outcomes, asked.povm, asked.target)


def _cautioned(record: StateRecord, asked: Questions) -> StateRecord:
    warnings = [
        *warn.of_energy(record.energy, asked.ground_energy),
        *warn.of_density_matrices(record.smallest_eigenvalue, record.lowest_block),
        *warn.of_support(asked.povm, asked.observables, record.samples),
    ]
    return msgspec.structs.replace(record, warnings=(*record.warnings, *warnings))
