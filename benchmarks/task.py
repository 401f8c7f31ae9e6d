"""The tasks of a contender, and their timing."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Task(NamedTuple):
    """Work that can be repeated; ``call`` waits until it is done."""

    call: Callable[[], Any]
    units: int
    """Steps, rows or chain-steps in one call."""


class Contender(NamedTuple):
    """One side of a row: tasks by the name of what they count."""

    tasks: dict[str, Task]
    parameters: int = 0
    """Trainable numbers; 0 where there are none."""


class Rate(NamedTuple):
    """Units per second once warm, and what the first call cost on top."""

    per_second: float
    first_call_extra: float
    """Seconds of the first call less those of a later one: compilation, mostly."""


def timed(task: Task, seconds: float) -> Rate:
    """Call once cold, once more to warm up, then again and again for ``seconds``."""
    first = _span(task.call)
    task.call()
    calls, spent = 0, 0.0
    while spent < seconds or calls < 2:
        spent += _span(task.call)
        calls += 1
    return Rate(calls * task.units / spent, max(first - spent / calls, 0.0))


def _span(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
