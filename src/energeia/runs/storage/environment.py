"""The environment of a run: versions, device, command."""

import importlib.metadata
import platform
import sys
from typing import Any

import jax

import energeia

_PACKAGES = ("jax", "jaxlib", "equinox", "optax", "blackjax", "numpy", "scipy", "scikit-learn")


def environment() -> dict[str, Any]:
    """A record of what may change results: interpreter, packages, machine, device."""
    device = jax.devices()[0]
    return {
        "energeia": energeia.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": f"{device.platform}: {device.device_kind}",
        "devices": jax.device_count(),
        "x64": bool(jax.config.read("jax_enable_x64")),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
        "command": ["energeia", *sys.argv[1:]],
    }
