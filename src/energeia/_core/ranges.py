"""The ranges of options: declared in the type of a field, checked in one place. Needs no JAX.

>>> class Layers(msgspec.Struct, frozen=True):
...     width: Count = 64
>>> require_ranges(Layers(width=-3))
Traceback (most recent call last):
energeia._core.errors.InputError: width was given -3: it must be at least 1
"""

import math
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from energeia._core.errors import InputError

_MOST = 2**31 - 1
_LARGEST = 1e300

Count = Annotated[int, Meta(ge=1, le=_MOST)]
CountOrZero = Annotated[int, Meta(ge=0, le=_MOST)]
CountOrAuto = Annotated[int, Meta(ge=-1, le=_MOST)]
Octaves = Annotated[int, Meta(ge=0, le=64)]
OctavesOrAuto = Annotated[int, Meta(ge=-1, le=64)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
"""JAX keeps 32 bits of a seed and drops the others, so that larger seeds would collide."""
Positive = Annotated[float, Meta(gt=0.0)]
Scale = Annotated[float, Meta(gt=0.0, le=1e4)]
"""What multiplies the rounds of training."""
NonNegative = Annotated[float, Meta(ge=0.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
PositiveShare = Annotated[float, Meta(gt=0.0, le=1.0)]
ProperShare = Annotated[float, Meta(ge=0.0, lt=1.0)]
Finite = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]


def require_ranges(record: Any, named: Callable[[str], str] = str) -> None:
    """Refuse a record with a number outside the range that the type of its field declares.

    NaN and infinity are in no range. ``named`` turns the path of a field, such as
    ``training.batch``, into the name that the user gave.

    Raises:
        InputError: naming the option, the value and the range.
    """
    require_in(type(record), record, "", named)


def require_in(kind: Any, value: Any, path: str = "", named: Callable[[str], str] = str) -> None:
    """The same for a value that should be of a declared type: a number, a tuple, a record, or the
    mapping of field names to values that a record is read from.

    Raises:
        InputError: naming the option, the value and the range.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        for mark in arguments[1:]:
            _require_between(mark, value, named, path)
        require_in(arguments[0], value, path, named)
    elif origin in (Union, UnionType):
        for inner in arguments:
            require_in(inner, value, path, named)
    elif origin is tuple and isinstance(value, tuple | list):
        for inner in arguments:
            for item in value if inner is not Ellipsis else ():
                require_in(inner, item, path, named)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            inside = f"{path}.{field.name}" if path else field.name
            require_in(field.type, _member(value, field.name), inside, named)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _require_between(mark: Any, value: Any, named: Callable[[str], str], path: str) -> None:
    if not isinstance(mark, Meta) or isinstance(value, bool) or not isinstance(value, int | float):
        return
    wanted = why_outside(mark, value)
    if wanted:
        raise InputError(f"{named(path)} was given {value}: it must be {wanted}")


def why_outside(range_: Meta, value: float) -> str:
    """What a number must be that it is not, or nothing where it is in range."""
    if not math.isfinite(value):
        lower = _lower(range_)
        return "a finite number" + (f", {lower}" if lower else "")
    low = (range_.ge is not None and value < range_.ge) or (
        range_.gt is not None and value <= range_.gt
    )
    if low:
        return _lower(range_)
    if range_.le is not None and value > range_.le:
        return f"at most {range_.le:g}" if isinstance(range_.le, float) else f"at most {range_.le}"
    if range_.lt is not None and value >= range_.lt:
        return f"below {range_.lt:g}"
    return ""


def _lower(range_: Meta) -> str:
    if range_.gt is not None:
        return f"above {range_.gt:g}"
    return "" if range_.ge in (None, -_LARGEST) else f"at least {range_.ge:g}"
