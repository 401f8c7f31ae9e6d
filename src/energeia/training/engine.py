"""Execution of a chunk of rounds, compiled as one scan or round by round."""

import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

from energeia._core.trees import own_copy
from energeia._core.types import PRNGKey
from energeia.training.batches import Source, Streamed
from energeia.training.rounds import Round, scanned, stepped
from energeia.training.state import State

_STREAMED_BYTES = 256 * 2**20


class Engine(NamedTuple):
    """A compiled function that runs ``rounds`` rounds, with its compile time."""

    run: Callable[[State], tuple[State, dict[str, np.ndarray]]]
    mode: Literal["scan", "step"]
    compile_seconds: float


def build_engine(
    run_round: Round,
    source: Source,
    key: PRNGKey,
    rounds: int,
    mode: str,
    state: State,
) -> Engine:
    """Compile the chunk; ``auto`` times both ways on copies of the state, keeps the faster."""
    if mode == "scan":
        return _scan(run_round, source, key, rounds, state)
    if mode == "step":
        return _step(run_round, source, key, rounds, state)
    found = [build(run_round, source, key, rounds, state) for build in (_scan, _step)]
    return min(found, key=lambda engine: _seconds(engine, state))


def _seconds(engine: Engine, state: State) -> float:
    engine.run(own_copy(state))
    start = time.perf_counter()
    engine.run(own_copy(state))
    return time.perf_counter() - start


def _scan(run_round: Round, source: Source, key: PRNGKey, rounds: int, state: State) -> Engine:
    start = time.perf_counter()
    length = _streamed_rounds(source, rounds)
    compiled = scanned(run_round, length).lower(state, source.inputs(0, length), key).compile()
    seconds = time.perf_counter() - start

    def run(state: State) -> tuple[State, dict[str, np.ndarray]]:
        first, parts = int(state.round), []
        for offset in range(0, rounds, length):
            state, metrics = compiled(state, source.inputs(first + offset, length), key)
            parts.append(metrics)
        return state, _joined(parts, np.concatenate)

    return Engine(run, "scan", seconds)


def _step(run_round: Round, source: Source, key: PRNGKey, rounds: int, state: State) -> Engine:
    start = time.perf_counter()
    compiled = stepped(run_round).lower(state, source.inputs(0, 1), key).compile()
    seconds = time.perf_counter() - start

    def run(state: State) -> tuple[State, dict[str, np.ndarray]]:
        first, parts = int(state.round), []
        for offset in range(rounds):
            state, metrics = compiled(state, source.inputs(first + offset, 1), key)
            parts.append(metrics)
        return state, _joined(parts, np.stack)

    return Engine(run, "step", seconds)


def _joined(parts: list[dict[str, Any]], join: Callable[..., np.ndarray]) -> dict[str, np.ndarray]:
    """Fetch all metrics at once: the only wait for the device in a chunk."""
    host = jax.device_get(parts)
    return {name: join([part[name] for part in host]) for name in host[0]}


def _streamed_rounds(source: Source, rounds: int) -> int:
    """The number of rounds to stream at once: a divisor of the chunk within the memory limit."""
    if not isinstance(source, Streamed):
        return rounds
    one = (
        source.moves
        * source.batch
        * sum(4 * int(np.prod(r.shape[1:])) for r in source.rows if r is not None)
    )
    most = max(1, _STREAMED_BYTES // max(one, 1))
    return max(d for d in range(1, rounds + 1) if rounds % d == 0 and d <= most)
