"""Options of a recipe in one word, as ``max-entropy:width=64,training.rounds=6000``."""

import json
from typing import Any


def settings(text: str) -> dict[str, Any]:
    """Nested options from ``width=64,training.rounds=6000``.

    >>> settings("width=64,training.rounds=6000")
    {'width': 64, 'training': {'rounds': 6000}}
    """
    found: dict[str, Any] = {}
    for word in filter(None, text.split(",")):
        name, value = word.split("=")
        *path, last = name.split(".")
        here = found
        for part in path:
            here = here.setdefault(part, {})
        here[last] = json.loads(value)
    return found
