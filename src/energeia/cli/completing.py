"""The command ``complete``: unknown entries of rows given the known ones."""

from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console

from energeia._core.errors import InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.evaluation.completion import CompletionSettings
from energeia.records import CompletionSummary
from energeia.runs.completing import Completion, open_holes
from energeia.runs.loading import load
from energeia.runs.storage import files


def complete(given: arguments.CompleteArguments) -> Answer:
    """Complete the rows of a file, and keep draws, kind and diagnostics in another."""
    path = Path(given.out)
    if path.suffix != ".npz":
        raise InputError(
            f"{given.out} ends in {path.suffix or 'nothing'}, and several arrays are written: end "
            "it in .npz"
        )
    if not path.parent.is_dir():
        raise InputError(f"folder {path.parent} does not exist: make it or write elsewhere")
    run = load(given.run)
    holes = open_holes(given.data, run.problem, run.config.rows)
    settings = CompletionSettings(proposals=given.proposals, chains=given.chains, steps=given.steps)
    condition = holes.condition if holes.condition is not None else given.condition or None
    found = run.complete(
        holes.rows, n=given.n, seed=given.common.seed, condition=condition, settings=settings
    )
    write_completion(path, found)
    _show(found.diagnostics)
    shape = list(found.samples.shape)
    answer = {
        "run": given.run, "shape": shape, "out": given.out, "diagnostics": found.diagnostics,
    }  # fmt: skip
    unknown = int((~found.known).sum())
    return answer, lambda: print(
        f"{unknown:,} unknown entries of {shape[0]:,} rows drawn {shape[1]:,} times in {given.out} "
        f"({found.kind})"
    )


def write_completion(path: Path, found: Completion) -> None:
    """Write ``samples``, ``known``, ``ess``, ``r_hat``, ``kind`` and ``diagnostics`` (JSON).

    Raises:
        InputError: if the file cannot be written.
    """
    with files.saying_why(path), files.disk.open(path, "wb") as stream:
        np.savez(
            stream, samples=found.samples, known=found.known, ess=found.ess, r_hat=found.r_hat,
            kind=np.array(found.kind),
            diagnostics=np.array(msgspec.json.encode(found.diagnostics).decode()),
        )  # fmt: skip


def _show(found: CompletionSummary) -> None:
    """Print how the draws were made, and warnings, on standard error."""
    console = Console(stderr=True)
    parts = [found.method]
    if found.proposals:
        parts.append(f"{found.proposals:,} proposals for each row")
    if found.chains:
        parts.append(f"{found.chains} chains of {found.steps} steps for each row")
    if found.ess is not None:
        parts.append(f"least ESS of a row {found.ess:,.0f}")
    if found.r_hat is not None:
        parts.append(f"largest R-hat {found.r_hat:.3f}")
    console.print(", ".join(parts), highlight=False, soft_wrap=True)
    for warning in found.warnings:
        console.print(f"[yellow]warning:[/] {warning}", highlight=False, soft_wrap=True)
