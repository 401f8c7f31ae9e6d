"""Tomography: networks and baselines fitted to the same shots and compared."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from energeia._core.errors import EnergeiaError, InputError
from energeia._core.ranges import Count, Scale, Seed, require_ranges
from energeia.data.shots.measurements import Shots
from energeia.estimate import Estimate
from energeia.evaluation.quantum import warnings as warn
from energeia.evaluation.quantum.exact_state import of_state, state_vector
from energeia.evaluation.quantum.quantum_fidelity import unsupported_reason
from energeia.evaluation.quantum.summaries import conclusions, ranked
from energeia.evaluation.quantum.tomography import (
    Operator,
    StateQuantities,
    StateSource,
    default_quantities,
    of_shots,
)
from energeia.physics.quantum.mps import LocallyDepolarized, MatrixProductState, State
from energeia.physics.quantum.pauli import PauliString, hamiltonian
from energeia.physics.quantum.povm import pauli_6, povm_named
from energeia.recipes.catalogue import find
from energeia.runs.comparison import scaled, train_or_resume
from energeia.runs.loading import load
from energeia.runs.opening import Rows, open_rows
from energeia.runs.quantum.states import StateEvaluation, StateScores, evaluate_state
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.storage.files import whole, write_whole
from energeia.tomography_records import StateRecord, Tomography

NETWORKS = ("povm-compact",)
BASELINES = ("product-of-marginals", "k-gram", "linear-autoregressive", "born-machine")
RAW = "pauli-6"
_HELD_OUT = (0.05, 0.1)
"""Least and largest fraction of shots for early stopping, and the same for testing."""
_ENOUGH = 1000
"""Held-out shots that suffice to compare models; more are better used for training."""
_log = logging.getLogger("energeia")


class TomographyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a tomography."""

    shots: str
    """File of the shots, for the record."""
    povm: str
    """The measurement that was made: a name, or a file of effects."""
    truth: str = ""
    """File of the truth, for the record."""
    hamiltonian: str = ""
    """A chain such as ``tfim:J=1,h=1``."""
    observables: tuple[str, ...] = ()
    """Sums of Pauli strings such as ``0.5 Z0 Z8 + X3``."""
    letter: Literal["X", "Y", "Z"] = "Z"
    """The Pauli matrix of the correlators."""
    models: tuple[str, ...] = (*NETWORKS, *BASELINES)
    """The recipes to fit."""
    seeds: Count = 1
    """Trainings of each network and Born machine."""
    scale: Scale = 1.0
    """Multiplies the rounds of every recipe."""
    samples: Count = 50_000
    """Strings drawn from each model."""
    seed: Seed = 0
    """The seed of all random numbers."""

    def __post_init__(self) -> None:
        require_ranges(self)


class TomographyResult(NamedTuple):
    """A tomography and the folders of its runs."""

    path: Path
    record: Tomography
    directories: list[RunDirectory]


class _Job(NamedTuple):
    """One training."""

    name: str
    recipe: str
    source: StateSource
    raw: bool
    """Whether its data are raw bases and signs instead of outcomes."""
    seed: int


def tomography(
    shots: Shots, request: TomographyRequest, out: str | Path, *, truth: State | None = None,
    ground_energy: Estimate | None = None, resume: bool = False, quiet: bool = False,
    on_step: Callable[[str], Any] = lambda _: None,
) -> TomographyResult:  # fmt: skip
    """Fit the network and the baselines to shots, and compare shots, truth and models.

    Every model is an ordinary run in a folder below ``out``. Models are fitted to the outcomes of
    the shots' own measurement, the Born machine to raw bases and signs where they are known; all
    are compared as distributions of the shots' own outcomes, on the same held-out shots.

    Args:
        shots: what was measured.
        request: the options.
        out: the folder of the runs.
        truth: the state behind the shots, where it is known.
        ground_energy: the lowest energy of the Hamiltonian, where it is known.
        resume: keep finished runs in ``out`` and continue interrupted ones.
        quiet: no progress on standard error.
        on_step: called with a short description of each step.

    Raises:
        InputError: for a measurement that is not complete, an operator or a truth on other sites,
            an unknown recipe, or an ``out`` that is taken or holds other shots.
        KeyboardInterrupt: after an interruption; ``resume=True`` continues.
    """
    path = Path(out)
    if path.exists() and any(path.iterdir()) and not resume:
        raise InputError(f"{path} is not empty: continue it with --resume or choose another --out")
    quantities = _quantities(shots, request, truth, ground_energy)
    jobs = jobs_of(shots, request)
    path.mkdir(parents=True, exist_ok=True)
    rows = {raw: _open(path, shots, raw, request.seed) for raw in {False, *(j.raw for j in jobs)}}
    held_out = np.asarray(rows[False].test.x).astype(np.uint8)
    evaluation = StateEvaluation.of(held_out, quantities, truth, request.samples, request.seed)
    found: list[StateScores] = []
    for job in jobs:
        on_step(job.name)
        found += _one(RunDirectory(path / job.name), job, rows[job.raw], evaluation, request,
                      quiet=quiet, resume=resume)  # fmt: skip
    states = [*_known(shots, quantities, truth), *(one.record for one in _with_excess(found))]
    record = _record(shots, request, quantities, tuple(states))
    write_whole(path / "tomography.json", msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    return TomographyResult(path, record, [RunDirectory(path / job.name) for job in jobs])


def _quantities(
    shots: Shots, request: TomographyRequest, truth: State | None, ground_energy: Estimate | None
) -> StateQuantities:
    sites = shots.qubits
    pure = truth.state if isinstance(truth, LocallyDepolarized) else truth
    if pure is not None and pure.n_sites != sites:
        raise InputError(
            f"the truth {request.truth} has {pure.n_sites} sites where the shots have {sites}: "
            "give the state that was measured"
        )
    target = None
    if isinstance(truth, MatrixProductState):
        target = np.empty(0, dtype=complex) if unsupported_reason(sites) else state_vector(truth)
    return default_quantities(
        povm_named(request.povm),
        sites,
        hamiltonian=hamiltonian(request.hamiltonian, sites) if request.hamiltonian else (),
        ground_energy=ground_energy,
        observables=tuple(_operator(text) for text in request.observables),
        letter=request.letter,
        target=target,
    )


def _operator(text: str) -> Operator:
    """A sum of Pauli strings: ``0.5 Z0 Z8 + X3``."""
    return tuple(PauliString.parse(part) for part in text.split("+"))


def jobs_of(shots: Shots, request: TomographyRequest) -> list[_Job]:
    """The trainings: each network and Born machine once per seed, each baseline once.

    Raises:
        InputError: for an unknown recipe.
    """
    jobs = []
    for name in dict.fromkeys(request.models):
        born = find(name).name == "born-machine"
        source = "matrix-product" if born else "baseline" if name in BASELINES else "network"
        raw = born and shots.bases is not None
        starts = 1 if source == "baseline" else request.seeds
        for index in range(starts):
            title = f"{name}-{index + 1}" if starts > 1 else name
            jobs.append(_Job(title, name, source, raw, request.seed + index))
    return jobs


def _open(path: Path, shots: Shots, raw: bool, seed: int) -> Rows:
    """Store one representation of the shots as rows in the folder, and open them.

    Both representations are split alike, so that held-out shots are the same for all models.

    Raises:
        InputError: if the folder holds other shots.
    """
    represented = shots.pauli_6() if raw else shots
    file = path / ("raw.npy" if raw else "outcomes.npy")
    if file.is_file():
        if not np.array_equal(np.load(file, allow_pickle=False), represented.outcomes):
            raise InputError(f"{path} holds runs on other shots: choose another --out")
    else:
        with whole(file) as stream:
            np.save(stream, represented.outcomes, allow_pickle=False)
    return open_rows(_data(file, represented.alphabet, len(represented), seed))


def _data(file: Path, alphabet: int, count: int, seed: int) -> DataConfig:
    codes = ",".join(map(str, range(alphabet)))
    least, most = _HELD_OUT
    held = round(min(most, max(least, _ENOUGH / count)), 4)
    return DataConfig(
        spec=str(file),
        support=f"*:categorical({codes})",
        seed=seed,
        fractions=(1 - 2 * held, held, held),
    )


def _one(
    directory: RunDirectory, job: _Job, rows: Rows, evaluation: StateEvaluation,
    request: TomographyRequest, *, quiet: bool, resume: bool,
) -> list[StateScores]:  # fmt: skip
    """Train and evaluate one model; a failure is recorded and does not stop the others."""
    spec = rows.data.provenance.spec
    config = RunConfig(
        recipe=job.recipe,
        data=_data(Path(spec), rows.data.support.sizes[0], len(rows.data), request.seed),
        options=options_of(job, request, len(rows.train.x)),
        seed=job.seed,
    )
    try:
        train_or_resume(directory, config, rows, quiet=quiet, resume=resume)
        run = load(directory.path)
        found = evaluate_state(run.model, evaluation, job.name, job.source)
    except EnergeiaError as problem:
        _log.warning("%s: %s", job.name, problem)
        if not directory.exists():
            raise
        return []
    seconds = directory.status.seconds
    record = msgspec.structs.replace(found.record, run=str(directory.path), seconds=seconds)
    return [found._replace(record=record)]


def options_of(job: _Job, request: TomographyRequest, rows: int) -> msgspec.Struct:
    """Scaled default options; those of a Born machine include the measurement of its rows. Its
    seeds alternate between noise of equal signs (for ground states) and of free signs (for long
    superpositions).
    """
    options = scaled(find(job.recipe), request.scale, rows)
    if job.recipe != "born-machine":
        return options
    signs = "free" if (job.seed - request.seed) % 2 else "alike"
    changed: Any = {"povm": RAW if job.raw else request.povm, "signs": signs}
    return msgspec.structs.replace(options, **changed)


def _known(shots: Shots, quantities: StateQuantities, truth: State | None) -> list[StateRecord]:
    """The records of the shots, from raw bases and signs where they are known, and of the truth."""
    represented, povm = (
        (shots, quantities.povm) if shots.bases is None else (shots.pauli_6(), pauli_6())
    )
    measured = of_shots(represented.outcomes, quantities._replace(povm=povm))
    return [measured, *([] if truth is None else [of_state(truth, quantities)])]


def _with_excess(found: list[StateScores]) -> list[StateScores]:
    """Each model's held-out NLL minus that of the best, paired shot by shot; best first."""
    order = [one.name for one in ranked([scores.record for scores in found])]
    found = sorted(found, key=lambda one: order.index(one.record.name))
    best = max(found, key=lambda one: float(np.mean(one.held_out)), default=None)
    return [
        one
        if best is None or one is best
        else one._replace(
            record=msgspec.structs.replace(
                one.record, nll_excess=Estimate.mean(best.held_out - one.held_out, "exact")
            )
        )
        for one in found
    ]


def _record(
    shots: Shots,
    request: TomographyRequest,
    quantities: StateQuantities,
    states: tuple[StateRecord, ...],
) -> Tomography:
    measured = states[0]
    truth = [state for state in states if state.source == "truth"]
    refused = [] if quantities.target is None else [unsupported_reason(quantities.sites)]
    networks = any(state.source == "network" for state in states)
    record = Tomography(
        shots=request.shots,
        n_shots=len(shots),
        qubits=shots.qubits,
        povm=quantities.povm.name,
        truth=request.truth,
        hamiltonian=request.hamiltonian,
        ground_energy=quantities.ground_energy,
        letter=quantities.letter,
        distances=quantities.distances,
        observables=request.observables,
        block=quantities.block,
        states=states,
        warnings=(
            *warn.of_shots(len(shots), shots.alphabet),
            *(text for exact in truth for text in warn.of_truth(exact, measured)),
            *(warn.of_seeds(request.seeds) if networks else []),
            *filter(None, refused),
        ),
    )
    return msgspec.structs.replace(record, conclusions=conclusions(record))
