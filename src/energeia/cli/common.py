"""Options of every command. Needs no JAX."""

from typing import Annotated

import msgspec
from tyro.conf import arg

from energeia._core.ranges import Seed


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Options of every command."""

    seed: Seed = 0
    """The seed of all random numbers."""
    json: bool = False
    """Print one JSON object on standard output and nothing else there."""
    debug: bool = False
    """Show the full traceback of an error."""


CommonArguments = Annotated[Common, arg(name="")]
