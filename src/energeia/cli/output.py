"""What commands answer: one JSON object, or words and tables for a person."""

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec

Answer = tuple[Any, Callable[[], None]]
"""What ``--json`` prints, and how to show it to a person."""


def to_json(answer: Any) -> str:
    """One object; a number that is not finite becomes null, and its note says so."""
    return json.dumps(_finite(msgspec.to_builtins(answer)), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
