"""The quantities of a tomography, estimated from shots or from samples of a model."""

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
from energeia.tomography_records import StateRecord

PAIR = 2
"""Number of neighboring sites in each density matrix."""

Operator = tuple[PauliString, ...]
StateSource = Literal["shots", "truth", "network", "baseline", "matrix-product"]


class StateQuantities(NamedTuple):
    """The quantities to be computed for a state of ``sites`` qubits."""

    povm: Povm
    sites: int
    hamiltonian: Operator = ()
    ground_energy: Estimate | None = None
    observables: tuple[Operator, ...] = ()
    letter: str = "Z"
    distances: tuple[int, ...] = ()
    block: tuple[int, ...] = ()
    """The sites whose purity is computed."""
    target: Complex[np.ndarray, " D"] | None = None
    """A pure state to compare with, first site slowest; empty for so many sites that no vector can
    be stored, which is reported."""


def default_quantities(
    povm: Povm, sites: int, *, hamiltonian: Operator = (), ground_energy: Estimate | None = None,
    observables: Sequence[Operator] = (), letter: str = "Z", target: np.ndarray | None = None,
) -> StateQuantities:  # fmt: skip
    """The default quantities: correlators up to half the chain, purity of up to 4 central sites.

    Raises:
        InputError: for a measurement that is not complete, fewer than two sites, or an operator
            that reaches beyond them.
    """
    require_complete(povm)
    for operator in (hamiltonian, *observables):
        shadows.require_within(operator, sites)
    if sites < 2:
        raise InputError(f"{sites} site has no correlations: give shots of two qubits or more")
    width = min(4, sites)
    first = (sites - width) // 2
    return StateQuantities(
        povm, sites, hamiltonian, ground_energy, tuple(observables), letter,
        tuple(range(1, max(2, sites // 2 + 1))), tuple(range(first, first + width)), target,
    )  # fmt: skip


def of_shots(
    outcomes: Int[np.ndarray, "n sites"],
    quantities: StateQuantities,
    name: str = "shots",
    source: StateSource = "shots",
) -> StateRecord:
    """All quantities from strings of outcomes, measured or drawn from a model.

    Raises:
        InputError: for another number of sites, an operator that the measurement does not
            determine, or fewer than 4 strings.
    """
    if outcomes.shape[1] != quantities.sites:
        raise InputError(
            f"strings of {outcomes.shape[1]} outcomes were given for quantities of "
            f"{quantities.sites} sites: measure the same chain"
        )
    povm = quantities.povm
    blocks = reduced.blocks(outcomes, povm, PAIR)
    lowest = _lowest(blocks)
    mixed = purity(outcomes[:, quantities.block], povm)
    return _with_warnings(
        len(blocks),
        StateRecord(
            name=name,
            source=source,
            correlations=shadows.correlations(
                outcomes, povm, quantities.letter, quantities.distances
            ),
            energy=_expectation(outcomes, quantities, quantities.hamiltonian),
            observables=tuple(
                shadows.expectation(outcomes, povm, operator) for operator in quantities.observables
            ),
            smallest_eigenvalue=_of_the_lowest(lowest.smallest, len(blocks)),
            lowest_block=lowest.sites,
            purity=mixed,
            renyi_2=renyi_2(mixed),
            quantum_fidelity=_fidelity(outcomes, quantities),
            samples=len(outcomes),
        ),
        quantities,
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
    """The state whose smallest eigenvalue is furthest below zero in standard errors."""
    return min(states, key=lambda state: warn.distance_in_errors(state.smallest))


def _of_the_lowest(smallest: Estimate, count: int) -> Estimate:
    """The error widened for having chosen the lowest of many."""
    factor = reduced.selection_quantile(count)
    note = f"the lowest of {count} blocks: the error of one, times {factor:.2f}"
    return msgspec.structs.replace(smallest, stderr=factor * (smallest.stderr or 0.0), note=note)


def _expectation(
    outcomes: np.ndarray, quantities: StateQuantities, operator: Operator
) -> Estimate | None:
    return shadows.expectation(outcomes, quantities.povm, operator) if operator else None


def _fidelity(outcomes: np.ndarray, quantities: StateQuantities) -> Estimate | None:
    if quantities.target is None:
        return None
    return quantum_fidelity(outcomes, quantities.povm, quantities.target)


def _with_warnings(blocks: int, record: StateRecord, quantities: StateQuantities) -> StateRecord:
    warnings = [
        *warn.of_energy(record.energy, quantities.ground_energy),
        *warn.of_density_matrices(record.smallest_eigenvalue, record.lowest_block, blocks),
        *warn.of_support(quantities.povm, quantities.observables, record.samples),
    ]
    return msgspec.structs.replace(record, warnings=(*record.warnings, *warnings))
