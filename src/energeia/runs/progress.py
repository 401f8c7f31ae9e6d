"""Progress of training on standard error: a live line on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from energeia.runs.storage.row_files import size as size_of
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


class RowProgress:
    """How far a file of rows is, on standard error; silent where it is soon written."""

    _SOON = 16

    def __init__(self, name: str, rows: int, size: float, *, quiet: bool = False) -> None:
        self.name, self.rows, self.size, self.quiet = name, rows, size, quiet
        self._began = self._last = time.monotonic()
        self._first = 0

    def show(self, done: int) -> None:
        """Report one block; the second one tells the time that all will take."""
        now = time.monotonic()
        first, self._first = self._first == 0, self._first or done
        if self.quiet or first or self.rows <= self._SOON * self._first:
            return
        left = (now - self._began) * (self.rows - done) / max(done - self._first, 1)
        if done <= 2 * self._first:
            line = f"{self.rows:,} rows, about {size_of(self.size)} and {duration(left)}"
        elif now - self._last > _EVERY_SECONDS:
            line = f"{done:,} of {self.rows:,} rows  {duration(left)} left"
        else:
            return
        self._last = now
        print(f"{self.name}: {line}", file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """A time in the unit that suits it.

    >>> duration(12.3), duration(600), duration(7200), duration(1e6)
    ('12 s', '10 min', '2 h', '11.6 days')
    """
    for most, unit, name in ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172_800.0, 3600.0, "h")):
        if seconds < most:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86_400:.1f} days"


def describe(progress: TrainingProgress) -> str:
    """The losses at one check, as short text."""
    losses = [f"{name.split('/')[0]} {value:.4g}" for name, value in progress.metrics.items()
              if name.endswith("/loss")]  # fmt: skip
    held = [] if progress.held_out is None else [f"held-out {progress.held_out:.4g}"]
    return "  ".join([*losses, *held])
