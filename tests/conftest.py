"""Settings of every test: compile fast, since each test compiles more than it computes."""

import gc
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

# Modules in one piece compile in three quarters of the time, and the older emitters, where there
# still are, in half. XLA dies of flags it does not know, so each is named with its versions.
FLAGS = {
    "--xla_cpu_use_fusion_emitters=false": ("0.10.",),
    "--xla_cpu_parallel_codegen_split_count=1": ("0.10.", "0.12."),
    "--xla_cpu_enable_concurrency_optimized_scheduler=false": ("0.10.", "0.12."),
    "--xla_cpu_prefer_vector_width=128": ("0.10.", "0.12."),
}
KNOWN = [flag for flag, versions in FLAGS.items() if version("jaxlib").startswith(versions)]
os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *KNOWN]).strip()

import jax  # noqa: E402 (it reads the flags)

jax.config.update("jax_disable_most_optimizations", True)
jax.config.update("jax_traceback_in_locations_limit", 0)

# Runs that are resumed or repeated compile the same programs again, in either worker: the session
# keeps them in a folder of its own, whose name the workers inherit.
OWNER = "ENERGEIA_TEST_PROGRAMS" not in os.environ
PROGRAMS = os.environ.get("ENERGEIA_TEST_PROGRAMS") or tempfile.mkdtemp(prefix="energeia-")
os.environ["ENERGEIA_TEST_PROGRAMS"] = PROGRAMS
jax.config.update("jax_compilation_cache_dir", PROGRAMS)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.15)


def pytest_unconfigure():
    if OWNER:
        shutil.rmtree(PROGRAMS, ignore_errors=True)


# Collecting a heap that only grows is a fifth of the time.
gc.set_threshold(200_000, 100, 100)

MOST_MAPS = 20_000
"""Pieces of memory of a process, a few for each program, after which programs are dropped: a system
allows some 65,000, and one more ends the process."""
MAPS = Path("/proc/self/maps")


def pytest_runtest_teardown(item, nextitem):
    """Between files, where hardly a program is shared."""
    if (nextitem is not None and nextitem.path == item.path) or not MAPS.exists():
        return
    with MAPS.open("rb") as stream:
        many = sum(1 for _ in stream) > MOST_MAPS
    if many:
        jax.clear_caches()
        gc.collect()


# Each worker compiles on a core of its own: threads that wander cost a tenth of the time.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER and hasattr(os, "sched_setaffinity"):
    CORES = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {CORES[int(WORKER.removeprefix("gw")) % len(CORES)]})
