"""Settings of every test: compile fast, since each test compiles more than it computes."""

import gc
import os
from importlib.metadata import version

# The older emitters compile in half the time, whole modules in three quarters of that of parts.
# XLA dies of flags it does not know.
if version("jaxlib").startswith("0.10."):
    os.environ["XLA_FLAGS"] = (
        f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_use_fusion_emitters=false "
        "--xla_cpu_parallel_codegen_split_count=1 "
        "--xla_cpu_enable_concurrency_optimized_scheduler=false "
        "--xla_cpu_prefer_vector_width=128"
    )

import jax

jax.config.update("jax_disable_most_optimizations", True)

# Collecting a heap that only grows is a fifth of the time.
gc.set_threshold(200_000, 100, 100)

# Each worker compiles on a core of its own: threads that wander cost a tenth of the time.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER and hasattr(os, "sched_setaffinity"):
    CORES = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {CORES[int(WORKER.removeprefix("gw")) % len(CORES)]})
