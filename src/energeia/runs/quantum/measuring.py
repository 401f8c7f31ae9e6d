"""Quantum states in files: ground states of chains, and shots of measuring a state."""

import logging
from pathlib import Path

import jax

from energeia.data.shots.measurements import Shots, save_shots
from energeia.physics.quantum.mps import LocallyDepolarized
from energeia.physics.quantum.mps_files import load_mps, save_mps
from energeia.physics.quantum.mps_outcomes import sample_outcomes
from energeia.physics.quantum.pauli import spin_chain
from energeia.physics.quantum.povm import pauli_6, povm_named
from energeia.physics.quantum.spin_chain import GroundState, ground_state
from energeia.runs.storage.files import whole

_LOG = logging.getLogger(__name__)


def write_ground_state(spec: str, out: Path, bond: int = 64) -> GroundState:
    """Find the ground state of a chain such as ``tfim:N=50,J=1,h=1`` and write it to ``out``.

    Raises:
        InputError: for a chain that is not known, or if TeNPy is not installed.
    """
    found = ground_state(spin_chain(spec), bond)
    if not found.converged:
        _LOG.warning(
            "the energy has not converged after %d sweeps: raise --bond",
            found.sweeps,
        )
    with whole(out) as stream:
        save_mps(stream, found.state)
    return found


def measure_state(
    path: Path, povm: str, shots: int, out: Path, noise: float = 0.0, seed: int = 0
) -> Shots:
    """Draw exact shots of the state in a file, with local depolarizing noise, into ``out``.

    ``pauli-4`` shots are drawn as ``pauli-6`` and merged, so that bases and signs are stored.

    Raises:
        InputError: for a file that holds no state, or an unknown measurement.
    """
    named = povm_named(povm)
    if not named.complete:
        _LOG.warning(
            "%s is not informationally complete: no state can be reconstructed from these shots",
            named.name,
        )
    drawn = pauli_6() if povm == "pauli-4" else named
    state = LocallyDepolarized(load_mps(path), noise)
    outcomes = sample_outcomes(state, drawn, shots, jax.random.key(seed))
    kept = Shots.from_outcomes(outcomes, drawn.name, drawn.n_outcomes)
    kept = kept.pauli_4() if povm == "pauli-4" else kept
    with whole(out) as stream:
        save_shots(stream, kept)
    return kept
