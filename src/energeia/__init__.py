"""Generative modelling for physicists: every generative model is an energy, seen from two sides.

The verbs live here and are loaded on first use, so that ``energeia --help`` never waits for JAX.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_VERBS = {
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

__all__ = ["__version__", *sorted(_VERBS)]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a verb the first time it is asked for (PEP 562)."""
    if name in _VERBS:
        return getattr(importlib.import_module(_VERBS[name]), name)
    raise AttributeError(f"module 'energeia' has no attribute {name!r}")
