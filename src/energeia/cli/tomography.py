"""The command ``tomography``: read shots and truth, fit, show the table, write the page."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from energeia._core.errors import InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.data.shots.measurements import Shots
from energeia.data.shots.readers import read_shots
from energeia.estimate import Estimate
from energeia.physics.quantum.mps import LocallyDepolarized, State
from energeia.physics.quantum.mps_files import load_mps
from energeia.physics.quantum.pauli import spin_chain
from energeia.physics.quantum.povm import POVMS, povm_named, require_complete
from energeia.physics.quantum.spin_chain import free_fermion_energy
from energeia.report.numbers import amount, number
from energeia.report.tomography import columns, write_tomography
from energeia.runs.quantum.tomography import BASELINES, NETWORKS, TomographyRequest, tomography
from energeia.runs.storage.directory import fresh_folder
from energeia.tomography_records import Tomography

_SHOWN = ("KL", "held-out", "NLL excess", "classical", "⟨", "energy", "smallest")
"""Prefixes of the columns shown in a terminal; the page has all."""


def reconstruct(given: arguments.TomographyArguments) -> Answer:
    """Run the command; the result and a function that prints it."""
    if given.resume and not given.out:
        raise InputError("--resume was given without --out: name the folder of the tomography")
    shots, povm = _read(given)
    path = Path(given.out) if given.out else fresh_folder("runs", Path(given.shots).stem)
    try:
        found = tomography(
            shots,
            _request(given, povm),
            path,
            truth=_truth(given),
            ground_energy=_ground_energy(given.hamiltonian, shots.qubits),
            resume=given.resume,
            quiet=given.common.json,
            on_step=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        print(f"stopped; continue with the same command and --out {path} --resume", file=sys.stderr)
        raise
    page = path / "report.html"
    write_tomography(found.record, page)
    answer = {"tomography": found.record, "report": str(page)}
    return answer, lambda: _show(found.record, page)


def _read(given: arguments.TomographyArguments) -> tuple[Shots, str]:
    """The shots, and the measurement as ``povm_named`` takes it.

    Raises:
        InputError: for shots that cannot be read, or a measurement that does not determine states.
    """
    own = bool(given.povm) and given.povm not in POVMS
    povm = povm_named(given.povm) if given.povm else None
    shots = read_shots(
        given.shots,
        None if povm is None else povm.name,
        alphabet=povm.n_outcomes if own and povm is not None else None,
        first=given.first,
        bit_order=given.bit_order,
    )
    name = given.povm or shots.povm
    require_complete(povm_named(name))
    return shots, name


def _truth(given: arguments.TomographyArguments) -> State | None:
    """The state behind the shots, with the noise that they were measured under.

    Raises:
        InputError: for noise on no state, or of a strength outside 0 to 1.
    """
    if not given.truth:
        if given.noise:
            raise InputError("--noise was given without --truth: name the state that it acts on")
        return None
    state = load_mps(given.truth)
    return LocallyDepolarized(state, given.noise) if given.noise else state


def _request(given: arguments.TomographyArguments, povm: str) -> TomographyRequest:
    return TomographyRequest(
        shots=given.shots,
        povm=povm,
        truth=given.truth + (f" with noise {given.noise:g}" if given.noise else ""),
        hamiltonian=given.hamiltonian,
        observables=given.observables,
        letter=given.correlator,
        models=given.models or (*NETWORKS, *BASELINES),
        seeds=given.seeds,
        scale=given.scale,
        samples=given.samples,
        seed=given.common.seed,
    )


def _ground_energy(spec: str, sites: int) -> Estimate | None:
    """The exact lowest energy, where it has a closed form."""
    found = free_fermion_energy(spin_chain(spec, sites)) if spec else None
    return None if found is None else Estimate.exact(found)


def _show(found: Tomography, page: Path) -> None:
    """Print the table, the conclusions and the warnings."""
    shown = [c for c in columns(found) if c.name.startswith(_SHOWN)]
    table = Table(show_edge=False, pad_edge=False, header_style="bold", box=None)
    table.add_column("state", no_wrap=True)
    for column in shown:
        table.add_column(f"{column.name}\n{column.unit}".strip(), justify="right")
    table.add_column("fit\nseconds", justify="right")
    for index, state in enumerate(found.states):
        cells = [number(column.cells[index]) for column in shown]
        table.add_row(state.name, *cells, amount(state.seconds))
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, 140)  # A file has no width.
    console.print(table)
    for sentence in found.conclusions:
        console.print(sentence, highlight=False)
    warned = [*found.warnings, *(f"{s.name}: {w}" for s in found.states for w in s.warnings)]
    for text in warned:
        console.print(f"[yellow]warning:[/] {text}", highlight=False)
    print(f"report: {page}")
