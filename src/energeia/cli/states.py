"""The commands ``ground-state`` and ``measure``."""

from pathlib import Path

from energeia._core.errors import InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.estimate import Estimate
from energeia.runs.quantum.measuring import measure_state, write_ground_state


def find_ground_state(given: arguments.GroundStateArguments) -> Answer:
    """Write the ground state of a chain; print its energy, and the exact one where it is known."""
    _writable(given.out)
    found = write_ground_state(given.chain, Path(given.out), given.bond)
    answer = {
        "chain": given.chain,
        "sites": found.state.n_sites,
        "bond": found.state.bond,
        "energy": Estimate(found.energy, 0.0, "upper bound", 1, "variational"),
        "exact_energy": found.exact,
        "sweeps": found.sweeps,
        "converged": found.converged,
        "out": given.out,
    }

    def show() -> None:
        exact = "" if found.exact is None else f", {found.energy - found.exact:.1e} above the exact"
        print(
            f"{found.state.n_sites} sites, bond dimension {found.state.bond}, "
            f"energy {found.energy:.10g}{exact}, in {given.out}"
        )

    return answer, show


def measure(given: arguments.MeasureArguments) -> Answer:
    """Write exact shots of a state."""
    _writable(given.out)
    seed = given.common.seed
    made = measure_state(
        Path(given.state), given.povm, given.shots, Path(given.out), given.noise, seed
    )
    answer = {
        "state": given.state,
        "povm": made.povm,
        "shots": len(made),
        "sites": made.qubits,
        "noise": given.noise,
        "seed": seed,
        "out": given.out,
    }
    text = f"{len(made):,} shots of {made.qubits} sites by {made.povm} in {given.out}"
    return answer, lambda: print(text)


def _writable(out: str) -> None:
    """Check that the output can be written, before any work.

    Raises:
        InputError: for a file that is not .npz, or a folder that does not exist.
    """
    if Path(out).suffix != ".npz":
        raise InputError(
            f"{out} does not end in .npz, the format of states and shots: end it in .npz"
        )
    if not Path(out).parent.is_dir():
        raise InputError(f"folder {Path(out).parent} does not exist: make it or write elsewhere")
