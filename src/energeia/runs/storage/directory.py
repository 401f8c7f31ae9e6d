"""The folder of one run and its files. Needs no JAX, so that reports need none.

``config.toml``: the configuration; ``problem.json``: the variables; ``data.json`` and
``environment.json``: data and software; ``data.npy``: rows that were given in memory;
``metrics.jsonl`` and ``timings.jsonl``: logs of training; ``checkpoints/``; ``status.json``:
progress and outcome; ``timing.json``: how the rounds of a run with minutes were chosen;
``evaluation.json``, ``samples.npy``, ``held_out.npy`` and, for weighted rows,
``held_out_weights.npy``: the evaluation; ``landscape_*.npy``, ``latent_*.npy``: what a report
draws of an energy or of a latent space; ``certificate.json``: the checks of its log-probability.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from energeia._core.errors import CorruptRun, InputError
from energeia.recipes.options.problem import Problem
from energeia.records import Certificate, Evaluation, WeightSummary
from energeia.runs.storage import files, logs
from energeia.runs.storage.config import RunConfig, read_config, to_toml
from energeia.runs.storage.files import make_folder, remove_parts, whole, write_whole
from energeia.runs.storage.kept import located
from energeia.runs.storage.lock import is_locked, locked
from energeia.support import Support


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The progress and outcome of a run."""

    state: Literal["running", "interrupted", "finished", "failed"]
    round: int = 0
    rounds: int = 0
    seconds: float = 0.0
    """Training time, compile time apart, over all sessions."""
    compile_seconds: float = 0.0
    parameters: int = 0
    message: str = ""
    kept_round: int | None = None
    """The round of the state that is kept: the best held-out one under early stopping, else the
    last."""
    held_out: float | None = None
    """The held-out loss of that state."""


class DataRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a run's data."""

    spec: str
    sha256: str
    rows: int
    train: int
    valid: int
    test: int
    columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    """What the values of columns showed and was applied to their support."""
    weight: WeightSummary | None = None
    """What the weights of all rows are worth, where they have any."""


class RunDirectory:
    """Paths and records of one run."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @classmethod
    def create(cls, path: str | Path, config: RunConfig) -> "RunDirectory":
        """Make the folder of a new run.

        Raises:
            InputError: if the folder already holds a run, or the folder cannot be made.
        """
        run = cls(path)
        run.require_free()
        make_folder(run.checkpoints)
        write_whole(run.path / "config.toml", to_toml(config))
        return run

    def require_free(self) -> None:
        """Refuse a folder in which there is a run.

        Raises:
            InputError: if there is one.
        """
        if self.exists():
            raise InputError(
                f"{self.path} already holds a run: continue it with `energeia resume {self.path}` "
                "or choose another --out"
            )

    @classmethod
    def open(cls, path: str | Path) -> "RunDirectory":
        """Open an existing run.

        Raises:
            InputError: if there is none.
        """
        run = cls(path)
        if not run.exists():
            raise InputError(
                f"{path} holds no run (no config.toml): `energeia list` shows the runs"
            )
        return run

    def exists(self) -> bool:
        """Whether the folder holds a run."""
        return (self.path / "config.toml").is_file()

    def config(self) -> RunConfig:
        """The configuration, with rows that are kept in this folder."""
        config = read_config(self.path / "config.toml")
        if config.data is None:
            return config
        return msgspec.structs.replace(config, data=located(config.data, self.path))

    def set_training(self, training: Any) -> None:
        """Rewrite the configuration, atomically, with other settings of training."""
        path = self.path / "config.toml"
        config = read_config(path)
        options: Any = msgspec.structs.replace(config.options, training=training)  # pyright: ignore[reportCallIssue]
        write_whole(path, to_toml(msgspec.structs.replace(config, options=options)))

    def write(self, name: str, record: Any) -> None:
        """Write a record as JSON, atomically."""
        content = msgspec.json.format(msgspec.json.encode(record), indent=1)
        write_whole(self.path / name, content + b"\n")

    def read(self, name: str, kind: type) -> Any:
        """Read a record.

        Raises:
            CorruptRun: if it is missing or damaged.
        """
        try:
            return msgspec.json.decode((self.path / name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError, msgspec.ValidationError) as problem:
            raise CorruptRun(f"{self.path / name} cannot be read ({problem})") from None

    @property
    def status(self) -> Status:
        """The status: what was written last, checked against the lock and the checkpoints.

        A run that no process trains is not running, and a run without its last checkpoint is not
        finished.
        """
        written = Status(state="running")
        if (self.path / "status.json").is_file():
            written = self.read("status.json", Status)
        if written.state == "running" and not is_locked(self.path):
            why = f"it was killed; `energeia resume {self.path}` goes on"
            return msgspec.structs.replace(written, state="interrupted", message=why)
        if written.state == "finished" and not self._has_checkpoint(written.round):
            last = max(self.rounds_kept, default=0)
            why = (
                f"its checkpoint of round {written.round} is missing; `energeia resume "
                f"{self.path}` trains on from round {last}"
            )
            return msgspec.structs.replace(written, state="interrupted", round=last, message=why)
        return written

    @property
    def rounds_kept(self) -> list[int]:
        """The rounds of the stored checkpoints, in order."""
        return sorted(int(header.stem) for header in self.checkpoints.glob("[0-9]*.json"))

    def _has_checkpoint(self, number: int) -> bool:
        stem = self.checkpoints / f"{number:09d}"
        return all(stem.with_suffix(end).is_file() for end in (".json", ".safetensors"))

    def locked(self) -> AbstractContextManager[None]:
        """Keep other processes from training this run.

        Raises:
            InputError: if another process trains it.
        """
        return locked(self.path)

    def tidy(self) -> None:
        """Remove the partial files of a killed process; requires the lock."""
        for folder in (self.path, self.checkpoints):
            remove_parts(folder)

    @property
    def problem(self) -> Problem:
        """The variables and their symmetries."""
        return self.read("problem.json", Problem)

    @property
    def support(self) -> Support | None:
        """The support that the run recorded; None for a run that has not begun to train."""
        return self.problem.support if (self.path / "problem.json").is_file() else None

    @property
    def data(self) -> DataRecord:
        """Which data the run saw."""
        return self.read("data.json", DataRecord)

    @property
    def evaluation(self) -> Evaluation | None:
        """The evaluation, or None."""
        if not (self.path / "evaluation.json").is_file():
            return None
        return self.read("evaluation.json", Evaluation)

    @property
    def certificate(self) -> Certificate | None:
        """The certificate, or None."""
        if not (self.path / "certificate.json").is_file():
            return None
        return self.read("certificate.json", Certificate)

    def check_data(self, sha256: str) -> None:
        """Raise if the data are not those that the run started with.

        Raises:
            InputError: if the checksum differs.
        """
        if (self.path / "data.json").is_file():
            record = self.data
            if record.sha256 != sha256:
                raise InputError(
                    f"the data of {self.path} ({record.spec}) have changed since it was started: "
                    "restore the old data or start a new run"
                )

    def history(self) -> list[dict[str, Any]]:
        """The metrics of every check.

        Raises:
            CorruptRun: if they are damaged before their last line.
        """
        return logs.entries(self.path / "metrics.jsonl")

    def append(self, name: str, entry: dict[str, Any]) -> None:
        """Append one line to a log."""
        logs.append(self.path / name, entry)

    def rewind(self, last_round: int) -> None:
        """Remove log entries after a round, and an incomplete last line.

        Raises:
            CorruptRun: if a log is damaged before its last line.
        """
        for name in ("metrics.jsonl", "timings.jsonl"):
            logs.rewind(self.path / name, last_round)

    def save_rows(self, name: str, rows: np.ndarray) -> None:
        """Store rows for the report."""
        with whole(self.path / name) as stream:
            np.save(stream, rows, allow_pickle=False)

    def save_held_out(self, rows: np.ndarray, weight: Any) -> None:
        """Store held-out rows for the report, and their weights where they have any."""
        self.save_rows("held_out.npy", rows)
        weights = self.path / "held_out_weights.npy"
        if weight is not None:
            self.save_rows(weights.name, np.asarray(weight[: len(rows)], np.float64))
        elif weights.is_file():
            files.disk.remove(weights)  # those of other rows, which were held out before

    def load_rows(self, name: str) -> np.ndarray | None:
        """Stored rows, or None.

        Raises:
            CorruptRun: if the file is damaged.
        """
        path = self.path / name
        if not path.is_file():
            return None
        try:
            return np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as problem:
            raise CorruptRun(
                f"{path} cannot be read ({problem}): remove it and evaluate the run again"
            ) from None


def find_runs(root: str | Path) -> list[RunDirectory]:
    """Every run in a folder and below, by path."""
    return [RunDirectory(config.parent) for config in sorted(Path(root).rglob("config.toml"))]


def fresh_folder(root: str | Path, stem: str) -> Path:
    """The first of ``root/stem``, ``root/stem-2``, ... that does not exist."""
    slug = "".join(c if c.isalnum() else "-" for c in stem.lower()).strip("-") or "run"
    path, number = Path(root) / slug, 2
    while path.exists():
        path, number = Path(root) / f"{slug}-{number}", number + 1
    return path
