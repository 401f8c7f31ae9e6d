"""Parsing of specifications of the form ``name:key=value,key=value``."""

import math
from typing import Any, NamedTuple

from energeia._core.errors import InputError, nearest


class Parameter(NamedTuple):
    """The type and the default of one parameter of a specification."""

    kind: type
    default: Any
    ranged: bool = False
    """Whether a range ``low..high`` may be given, which is read as a pair."""


def parse_parameters(what: str, spec: str, known: dict[str, Parameter]) -> dict[str, Any]:
    """The parameters in ``spec``, defaults filled in; ``what`` is the noun in error messages.

    Raises:
        InputError: for an unknown parameter, or a value of the wrong kind.

    >>> parse_parameters("source", "moons:n=100", {"n": Parameter(int, 20_000)})
    {'n': 100}
    """
    name, _, rest = spec.partition(":")
    values = {key: parameter.default for key, parameter in known.items()}
    for part in filter(None, (p.strip() for p in rest.split(","))):
        key, equals, text = part.partition("=")
        if key not in known:
            advice = nearest(key, known) if known else f"write {name} alone"
            raise InputError(f"the {what} {name!r} has no parameter {key!r}: {advice}")
        kind = known[key].kind
        if known[key].ranged and ".." in text:
            values[key] = _range(what, name, key, text)
            continue
        try:
            values[key] = kind(text)
            if kind is float and not math.isfinite(values[key]):
                equals = ""
        except ValueError:
            equals = ""
        if not equals or text == "":
            article = {"int": "a whole number", "float": "a finite number"}.get(
                kind.__name__, "a name"
            )
            raise InputError(
                f"{key!r} of the {what} {name!r} was given {text!r} where {article} was wanted: "
                f"write {name}:{key}={known[key].default}"
            )
    return values


def _range(what: str, name: str, key: str, text: str) -> tuple[float, float]:
    """A pair of ascending finite numbers from ``low..high``."""
    try:
        low, high = (float(end) for end in text.split("..", 1))
    except ValueError:
        low, high = math.nan, math.nan
    if not -math.inf < low < high < math.inf:
        raise InputError(
            f"{key!r} of the {what} {name!r} was given the range {text!r}: write two finite "
            f"numbers, the lower first, as in {name}:{key}=1..2"
        )
    return low, high
