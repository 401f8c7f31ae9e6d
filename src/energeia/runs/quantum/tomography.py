"""From shots to a state: networks and baselines fitted to the same shots, measured side by side."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import numpy as np

from energeia._core.errors import EnergeiaError, InputError
from energeia._core.ranges import Count, Positive, Seed, require_ranges
from energeia.data.shots.measurements import Shots
from energeia.estimate import Estimate
from energeia.evaluation.quantum import warnings as warn
from energeia.evaluation.quantum.exact_state import of_state, state_vector
from energeia.evaluation.quantum.quantum_fidelity import unsupported_reason
from energeia.evaluation.quantum.summaries import conclusions, ranked
from energeia.evaluation.quantum.tomography import Operator, Questions, Sort, of_shots, questions
from energeia.physics.quantum.mps import LocallyDepolarized, MatrixProductState, State
from energeia.physics.quantum.pauli import PauliString, hamiltonian
from energeia.physics.quantum.povm import pauli_6, povm_named
from energeia.recipes.catalogue import find
from energeia.records import StateRecord, Tomography
from energeia.runs.comparison import scaled, train_or_resume
from energeia.runs.opening import Rows, open_rows
from energeia.runs.quantum.states import StateEvaluation, StateScores, evaluate_state
from energeia.runs.run import load
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.storage.files import whole, write_whole

NETWORKS = ("povm-compact",)
BASELINES = ("product-of-marginals", "k-gram", "linear-autoregressive", "born-machine")
RAW = "pauli-6"
_HELD_OUT = (0.05, 0.1)
"""The least and the largest share of shots for early stopping, and as much again for judging."""
_ENOUGH = 1000
"""Shots that tell models apart; more are better trained on."""
_log = logging.getLogger("energeia")


class TomographyRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a tomography is asked to do."""

    shots: str
    """Where the shots came from, for the record."""
    povm: str
    """The measurement that was made: a name, or a file of effects."""
    truth: str = ""
    """Where the truth came from, for the record."""
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
    scale: Positive = 1.0
    """Multiplies the rounds of every recipe."""
    samples: Count = 50_000
    """Strings drawn from each model."""
    seed: Seed = 0
    """Everything random follows from it."""

    def __post_init__(self) -> None:
        require_ranges(self)


class Finished(NamedTuple):
    """A tomography and the folders of its runs."""

    path: Path
    record: Tomography
    directories: list[RunDirectory]


class _Job(NamedTuple):
    """One training."""

    name: str
    recipe: str
    sort: Sort
    raw: bool
    """Whether it sees raw bases and signs in the place of outcomes."""
    seed: int


def tomography(
    shots: Shots, request: TomographyRequest, out: str | Path, *, truth: State | None = None,
    ground_energy: Estimate | None = None, resume: bool = False, quiet: bool = False,
    say: Callable[[str], Any] = lambda _: None,
) -> Finished:  # fmt: skip
    """Fit the network and the baselines to shots, and measure shots, truth and models alike.

    Every model is an ordinary run in a folder below ``out``. Models see the outcomes of the shots'
    own measurement, except the Born machine, which takes raw bases and signs where they are known;
    all are compared as distributions of the shots' own outcomes, on the same held-out shots.

    Args:
        shots: what was measured.
        request: what is asked.
        out: the folder of the runs.
        truth: the state behind the shots, where it is known.
        ground_energy: the lowest energy of the Hamiltonian, where it is known.
        resume: keep finished runs in ``out`` and go on with interrupted ones.
        quiet: no progress on standard error.
        say: told in a few words what comes next.

    Raises:
        InputError: for a measurement that is not complete, an operator or a truth on other sites,
            an unknown recipe, or an ``out`` that is taken or holds other shots.
        KeyboardInterrupt: after an interruption; ``resume=True`` goes on.
    """
    path = Path(out)
    if path.exists() and any(path.iterdir()) and not resume:
        raise InputError(f"{path} is not empty: go on in it with --resume or choose another --out")
    asked = _questions(shots, request, truth, ground_energy)
    jobs = jobs_of(shots, request)
    path.mkdir(parents=True, exist_ok=True)
    rows = {raw: _open(path, shots, raw, request.seed) for raw in {False, *(j.raw for j in jobs)}}
    held_out = np.asarray(rows[False].test.x).astype(np.uint8)
    evaluation = StateEvaluation.of(held_out, asked, truth, request.samples, request.seed)
    found: list[StateScores] = []
    for job in jobs:
        say(job.name)
        found += _one(RunDirectory(path / job.name), job, rows[job.raw], evaluation, request,
                      quiet=quiet, resume=resume)  # fmt: skip
    states = [*_known(shots, asked, truth), *(one.record for one in _behind(found))]
    record = _record(shots, request, asked, tuple(states))
    write_whole(path / "tomography.json", msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    return Finished(path, record, [RunDirectory(path / job.name) for job in jobs])


def _questions(
    shots: Shots, request: TomographyRequest, truth: State | None, ground_energy: Estimate | None
) -> Questions:
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
    return questions(
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
    """The trainings: each network and Born machine once a seed, each baseline once.

    Raises:
        InputError: for an unknown recipe.
    """
    jobs = []
    for name in dict.fromkeys(request.models):
        born = find(name).name == "born-machine"
        sort = "matrix-product" if born else "baseline" if name in BASELINES else "network"
        raw = born and shots.bases is not None
        starts = 1 if sort == "baseline" else request.seeds
        for index in range(starts):
            title = f"{name}-{index + 1}" if starts > 1 else name
            jobs.append(_Job(title, name, sort, raw, request.seed + index))
    return jobs


def _open(path: Path, shots: Shots, raw: bool, seed: int) -> Rows:
    """Keep one view of the shots as plain rows in the folder, and open them as any run does.

    Both views are split alike, so that no model has seen a held-out shot.

    Raises:
        InputError: if the folder holds other shots.
    """
    seen = shots.pauli_6() if raw else shots
    file = path / ("raw.npy" if raw else "outcomes.npy")
    if file.is_file():
        if not np.array_equal(np.load(file, allow_pickle=False), seen.outcomes):
            raise InputError(f"{path} holds runs on other shots: choose another --out")
    else:
        with whole(file) as stream:
            np.save(stream, seen.outcomes, allow_pickle=False)
    return open_rows(_data(file, seen.alphabet, len(seen), seed))


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
    """Train and measure one model; a failure is written down and does not stop the others."""
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
        found = evaluate_state(run.model, evaluation, job.name, job.sort)
    except EnergeiaError as problem:
        _log.warning("%s: %s", job.name, problem)
        if not directory.exists():
            raise
        return []
    seconds = directory.status.seconds
    record = msgspec.structs.replace(found.record, run=str(directory.path), seconds=seconds)
    return [found._replace(record=record)]


def options_of(job: _Job, request: TomographyRequest, rows: int) -> msgspec.Struct:
    """Scaled defaults; a Born machine is told which measurement its rows are of.

    Its starts take turns: the default one suits ground states, the other one long superpositions.
    """
    options = scaled(find(job.recipe), request.scale, rows)
    if job.recipe != "born-machine":
        return options
    signs = "free" if (job.seed - request.seed) % 2 else "alike"
    changed: Any = {"povm": RAW if job.raw else request.povm, "signs": signs}
    return msgspec.structs.replace(options, **changed)


def _known(shots: Shots, asked: Questions, truth: State | None) -> list[StateRecord]:
    """What the shots say, by raw bases and signs where they are known, and the truth."""
    seen, povm = (shots, asked.povm) if shots.bases is None else (shots.pauli_6(), pauli_6())
    measured = of_shots(seen.outcomes, asked._replace(povm=povm))
    return [measured, *([] if truth is None else [of_state(truth, asked)])]


def _behind(found: list[StateScores]) -> list[StateScores]:
    """Each model's held-out NLL minus that of the best, paired shot by shot; best first."""
    order = [one.name for one in ranked([scores.record for scores in found])]
    found = sorted(found, key=lambda one: order.index(one.record.name))
    best = max(found, key=lambda one: float(np.mean(one.held_out)), default=None)
    return [
        one
        if best is None or one is best
        else one._replace(
            record=msgspec.structs.replace(
                one.record, behind=Estimate.mean(best.held_out - one.held_out, "exact")
            )
        )
        for one in found
    ]


def _record(
    shots: Shots, request: TomographyRequest, asked: Questions, states: tuple[StateRecord, ...]
) -> Tomography:
    measured = states[0]
    truth = [state for state in states if state.sort == "truth"]
    refused = [] if asked.target is None else [unsupported_reason(asked.sites)]
    networks = any(state.sort == "network" for state in states)
    record = Tomography(
        shots=request.shots,
        n_shots=len(shots),
        qubits=shots.qubits,
        povm=asked.povm.name,
        truth=request.truth,
        hamiltonian=request.hamiltonian,
        ground_energy=asked.ground_energy,
        letter=asked.letter,
        distances=asked.distances,
        observables=request.observables,
        block=asked.block,
        states=states,
        warnings=(
            *warn.of_shots(len(shots), shots.alphabet),
            *(text for exact in truth for text in warn.of_truth(exact, measured)),
            *(warn.of_seeds(request.seeds) if networks else []),
            *filter(None, refused),
        ),
    )
    return msgspec.structs.replace(record, conclusions=conclusions(record))
