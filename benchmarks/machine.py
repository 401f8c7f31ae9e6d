"""What the numbers were measured on."""

import importlib.metadata
import platform
from datetime import UTC, datetime
from pathlib import Path

_PACKAGES = (
    "energeia", "jax", "equinox", "diffrax", "optax", "numpy", "flowjax", "torch", "zuko",
    "normflows", "pythae", "scikit-learn", "blackjax",
)  # fmt: skip


def describe(threads: int) -> list[str]:
    """The processor, the cores in use, memory and versions; no paths, no names of machines."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return [
        f"processor: {_processor()}, {threads} core{'s' if threads > 1 else ''} in use",
        f"memory: {_memory()}",
        f"system: {platform.system()}, Python {platform.python_version()}",
        f"versions: {versions}",
        f"date: {datetime.now(UTC):%Y-%m-%d}",
    ]


def _processor() -> str:
    return _line("/proc/cpuinfo", "model name") or platform.machine()


def _memory() -> str:
    kilobytes = _line("/proc/meminfo", "MemTotal").removesuffix(" kB")
    return f"{int(kilobytes) / 2**20:.0f} GiB" if kilobytes else "unknown"


def _line(path: str, name: str) -> str:
    """The value of a line ``name : value`` of a system file, or nothing."""
    if not Path(path).exists():
        return ""
    lines = Path(path).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
