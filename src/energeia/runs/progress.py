"""Progress of training on standard error: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from energeia.training.loop import TrainingProgress

_EVERY_SECONDS = 5.0


class ProgressLine:
    """Loss, held-out score, rate and time left, on standard error."""

    def __init__(self, name: str, rounds: int, done: int = 0, *, quiet: bool = False) -> None:
        self.name, self.rounds, self.done, self.quiet = name, rounds, done, quiet
        self.live: Progress | None = None
        self._last = time.monotonic()
        self._ran, self._seconds = 0, 0.0

    def __enter__(self) -> "ProgressLine":
        if self.quiet:
            return self
        if sys.stderr.isatty():
            self.live = Progress(
                TextColumn("{task.description:<14}"),
                BarColumn(24),
                TextColumn("{task.percentage:3.0f}%"),
                TextColumn("{task.fields[text]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self.live.start()
            self._task = self.live.add_task(
                self.name, total=self.rounds, completed=self.done, text="compiling"
            )
        else:
            print(f"{self.name}: {self.rounds} rounds, compiling", file=sys.stderr, flush=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self.live is not None:
            self.live.stop()

    def show(self, progress: TrainingProgress) -> None:
        """Show one check; outside a terminal at most every few seconds, and always the last."""
        self._ran += progress.round - self.done
        self._seconds += progress.run_seconds
        self.done = progress.round
        if self.quiet:
            return
        rate = self._ran / max(self._seconds, 1e-9)
        text = f"{describe(progress)}  {rate:.0f}/s"
        if self.live is not None:
            self.live.update(self._task, completed=progress.round, text=text)
        elif progress.finished or time.monotonic() - self._last > _EVERY_SECONDS:
            self._last = time.monotonic()
            left = (self.rounds - progress.round) / max(rate, 1e-9)
            end = "done" if progress.finished else f"{left:.0f} s left"
            line = f"{self.name}: round {progress.round}/{self.rounds}  {text}  {end}"
            print(line, file=sys.stderr, flush=True)


def describe(progress: TrainingProgress) -> str:
    """The losses at one check, as short text."""
    losses = [f"{name.split('/')[0]} {value:.4g}" for name, value in progress.metrics.items()
              if name.endswith("/loss")]  # fmt: skip
    held = [] if progress.held_out is None else [f"held-out {progress.held_out:.4g}"]
    return "  ".join([*losses, *held])
