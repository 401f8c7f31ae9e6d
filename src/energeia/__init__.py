"""Generative modelling for physicists: densities, samplers and energies under one interface.

The public functions are imported on first use, so that ``energeia --help`` does not import JAX.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "compare": "energeia.runs.verbs",
    "evaluate": "energeia.runs.verbs",
    "fit": "energeia.runs.verbs",
    "load": "energeia.runs.verbs",
    "resume": "energeia.runs.verbs",
    "mutual_information": "energeia.objectives.mutual_information",
    "inspect": "energeia.data.inspection",
    "open_data": "energeia.data.sources",
    "Estimate": "energeia.estimate",
    "Support": "energeia.support",
    "batched": "energeia._core.batching",
}

__all__ = ["__version__", *sorted(_LAZY)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import a public name on first use (PEP 562)."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'energeia' has no attribute {name!r}")
