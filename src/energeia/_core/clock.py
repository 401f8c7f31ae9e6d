"""The clock by which training is timed; tests put one of their own in its place."""

import time
from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    """What tells the time."""

    now: Callable[[], float] = time.perf_counter
    """Seconds since some moment."""


clock = Clock()
