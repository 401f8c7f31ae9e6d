"""The output of commands: one JSON object, or text and tables."""

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec

Answer = tuple[Any, Callable[[], None]]
"""The object that ``--json`` prints, and a function that prints it as text."""


def to_json(answer: Any) -> str:
    """One JSON object; numbers that are not finite become null."""
    return json.dumps(_finite(msgspec.to_builtins(answer)), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
