"""Causal maps of sequences, applied to whole sequences or step by step."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float


class CausalStack(eqx.Module):
    """A map of sequences whose output at time t depends on the inputs up to t.

    ``step`` repeats ``__call__`` one time after the other with a carried state (hidden states, or
    the keys and values of an attention), so that sampling costs one pass in all.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """The size of an output."""

    @abstractmethod
    def __call__(self, xs: Float[Array, "times size"]) -> Float[Array, "times width"]:
        """The outputs of a whole sequence."""

    @abstractmethod
    def start(self) -> Any:
        """The state before the first input."""

    @abstractmethod
    def step(self, state: Any, x: Float[Array, " size"]) -> tuple[Any, Float[Array, " width"]]:
        """The state after one more input, and the output there."""
