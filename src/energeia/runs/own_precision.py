"""Methods that compute with as many bits as their run was trained with."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from energeia._core.precision import use_precision
from energeia.runs.storage.config import RunConfig


class _HasConfig(Protocol):
    config: RunConfig


_P = ParamSpec("_P")
_T = TypeVar("_T")
_Run = TypeVar("_Run", bound=_HasConfig)


def in_own_precision(
    method: Callable[Concatenate[_Run, _P], _T],
) -> Callable[Concatenate[_Run, _P], _T]:
    """A method of a run that computes with as many bits as the run was trained with."""

    @functools.wraps(method)
    def within(self: _Run, *given: _P.args, **named: _P.kwargs) -> _T:
        with use_precision(self.config.precision):
            return method(self, *given, **named)

    return within
