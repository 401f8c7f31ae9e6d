"""The commands ``sample`` and ``score``: the use of a trained run."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from energeia._core.errors import InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.data.dataset import Dataset
from energeia.data.words import Words
from energeia.estimate import Estimate
from energeia.records import ChainSummary
from energeia.runs.chain_sampling import ChainSettings
from energeia.runs.loading import load
from energeia.runs.opening import open_for
from energeia.runs.progress import RowProgress
from energeia.runs.run import Scores
from energeia.runs.storage.row_files import growing, require_room


def sample(given: arguments.SampleArguments) -> Answer:
    """Draw rows of a run, directly or by chains."""
    _writable(given.out)
    if given.kernel:
        return _sample_chains(given)
    if given.latent or given.step_size:
        raise InputError("--latent and --step-size are those of chains: give --kernel mala, too")
    run = load(given.run)
    blocks = run.sample_batches(
        given.n,
        seed=given.common.seed,
        condition=given.condition or None,
        temperature=given.temperature,
        truncation=given.truncation,
    )
    write_blocks(
        Path(given.out), given.n, blocks, run.columns, run.problem.words, quiet=given.common.json
    )
    shape = [given.n, *run.problem.layout]
    answer = {"run": given.run, "n": given.n, "shape": shape, "out": given.out}
    return answer, lambda: print(f"{given.n:,} samples in {given.out}")


def _sample_chains(given: arguments.SampleArguments) -> Answer:
    if given.truncation:
        raise InputError(
            "--truncation applies without chains and was given with --kernel: leave out one of both"
        )
    settings = ChainSettings(
        kernel=given.kernel or "mala",
        latent=given.latent,
        steps=given.steps,
        step_size=given.step_size,
        temperature=given.temperature,
    )
    run = load(given.run)
    found = run.sample_chains(given.n, settings, given.common.seed, given.condition or None)
    write_blocks(
        Path(given.out), len(found.x), iter([found.x]), run.columns, run.problem.words, quiet=True
    )
    _show_chains(found.chains, found.target, found.step_size)
    answer = {
        "run": given.run,
        "n": len(found.x),
        "shape": list(found.x.shape),
        "out": given.out,
        "target": found.target,
        "step_size": found.step_size,
        "chains": found.chains,
    }
    return answer, lambda: print(f"{len(found.x):,} samples in {given.out}")


def score(given: arguments.ScoreArguments) -> Answer:
    """Log-likelihoods of rows, and their mean."""
    if given.out:
        _writable(given.out)
    run = load(given.run)
    data = open_for(
        given.data,
        run.problem,
        run.config.rows,
        drop_bad_rows=given.drop_bad_rows,
        seed=given.common.seed,
    )
    rows, seed = np.asarray(data.rows), given.common.seed
    if given.out:
        blocks = run.score_batches(
            rows, data.condition, seed=seed, weight=data.weight, errors=data.noise
        )
        mean = _write_scores(Path(given.out), data, blocks, quiet=given.common.json)
    else:
        mean = run.score(
            rows, data.condition, seed=seed, weight=data.weight, errors=data.noise
        ).mean
    answer = {"run": given.run, "log_likelihood": mean, "out": given.out or None}
    note = f"; {mean.note}" if mean.note else ""
    return answer, lambda: print(f"log-likelihood {mean} nats a row, {mean.kind}{note}")


def _writable(out: str) -> None:
    """Check that the output can be written, before any work.

    Raises:
        InputError: for an unknown kind of file or a folder that does not exist.
    """
    path = Path(out)
    if path.suffix not in (".npy", ".csv"):
        raise InputError(f"{out} ends in {path.suffix or 'nothing'}: end it in .npy or .csv")
    if not path.parent.is_dir():
        raise InputError(f"folder {path.parent} does not exist: make it or write elsewhere")


def _write_scores(path: Path, data: Dataset, batches: Iterator[Scores], *, quiet: bool) -> Estimate:
    """Write the number of each row as it is found; their mean."""
    found: list[Scores] = []

    def blocks() -> Iterator[np.ndarray]:
        for batch in batches:
            found.append(batch)
            yield batch.rows

    write_blocks(path, len(data), blocks(), quiet=quiet)
    rows, kind = np.concatenate([batch.rows for batch in found]), found[0].mean.kind
    if data.weight is not None and kind == "exact":
        return Estimate.weighted_mean(rows, data.weight, kind)
    return found[0].mean if len(found) == 1 else Estimate.mean(rows, kind)


def write_blocks(
    path: Path, rows: int, blocks: Iterator[np.ndarray], names: Sequence[str] = (),
    words: Words = (), *, quiet: bool,
) -> None:  # fmt: skip
    """Write rows as they come, and show how far it is; a stop keeps those that are there.

    Raises:
        InputError: if the disk has not enough room, or the file cannot be written.
    """
    first = next(blocks)
    line = RowProgress(path.name, rows, require_room(path, rows, first), quiet=quiet)
    with growing(path, rows, names, words) as file:
        for block in itertools.chain([first], blocks):
            file.write(block)
            line.show(file.rows)


def _show_chains(found: ChainSummary, target: str, step_size: float) -> None:
    """Print the target of chains and their convergence diagnostics on standard error."""
    tau = found.autocorrelation_time
    time = f"above {found.steps / 5:.3g} steps" if tau is None else f"{tau:.3g} steps"
    console = Console(stderr=True)
    console.print(
        f"{found.kernel} on {target}: {found.chains} chains, {found.steps} steps of size "
        f"{step_size:.3g} after burn-in; acceptance {found.acceptance:.3f} (least of a chain "
        f"{found.least_acceptance:.3f}), R-hat {found.r_hat:.3f}, ESS {found.ess:,.0f}, "
        f"autocorrelation time {time}",
        highlight=False,
        soft_wrap=True,
    )
    for warning in chain_warnings(found):
        console.print(f"[yellow]warning:[/] {warning}", highlight=False, soft_wrap=True)


def chain_warnings(found: ChainSummary) -> list[str]:
    """What makes chains less than their mean acceptance and R-hat say, one sentence each."""
    messages = []
    if not found.r_hat < 1.01:
        messages.append("the chains disagree (R-hat above 1.01): give more --steps")
    if found.still_chains:
        messages.append(
            f"{found.still_chains} of {found.chains} chains never moved in {found.steps} steps: "
            "give a smaller --step-size, or 0 to adapt it"
        )
    if found.bias is not None:
        messages.append(_bias(found.bias))
    return messages


def _bias(bias: Estimate) -> str:
    """What Langevin without accept or reject costs, against MALA on the same target."""
    if not bias.finite:
        return "Langevin is biased by its step size, and its mean energy is no number: take mala"
    gap = f"its mean energy lies {bias.value:+.2g} +- {bias.stderr:.1g} nats from that of MALA"
    if abs(bias.value or 0.0) <= 3.0 * (bias.stderr or 0.0):
        return (
            f"Langevin is biased by its step size: here {gap}, no bias beyond 3 errors, which a "
            "longer run may still show"
        )
    return (
        f"Langevin is biased by its step size: {gap} on the same target, more than 3 errors: "
        "give a smaller --step-size, or --kernel mala"
    )
