"""Settings of every test: compile fast, since each test compiles more than it computes."""

import gc
import os

import jax

jax.config.update("jax_disable_most_optimizations", True)

# Collecting a heap that only grows is a fifth of the time.
gc.set_threshold(200_000, 100, 100)

# Each worker compiles on a core of its own: threads that wander cost a tenth of the time.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER and hasattr(os, "sched_setaffinity"):
    CORES = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {CORES[int(WORKER.removeprefix("gw")) % len(CORES)]})
