"""Times one contender of one row in a separate process, which also isolates its peak memory.

    python -m benchmarks.worker ROW CONTENDER SECONDS THREADS

prints one line of JSON. The cores are set before any library is imported: thread pools are sized by
the available cores.
"""

import importlib
import json
import os
import resource
import sys
import time


def main(row: str, contender: str, seconds: float, threads: int) -> dict:
    hold_to(threads)
    from benchmarks.rows import find
    from benchmarks.task import timed

    chosen = find(row)
    start = time.perf_counter()
    module = importlib.import_module(f"benchmarks.rows.{chosen.module}.{contender}")
    side = module.contender(*chosen.arguments)
    ready = time.perf_counter() - start
    rates = {name: timed(task, seconds)._asdict() for name, task in side.tasks.items()}
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rates": rates,
        "parameters": side.parameters,
        "peak_mb": kilobytes / 1024,
        "ready_seconds": ready,
    }


def hold_to(threads: int) -> None:
    """Keep this process, whatever it imports later, on so many cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["JAX_PLATFORMS"] = "cpu"


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))))
