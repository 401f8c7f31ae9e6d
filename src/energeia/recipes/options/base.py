"""The record of a recipe. Needs no JAX."""

import importlib
from collections.abc import Callable
from typing import Any

import msgspec

from energeia.recipes.options.families import FAMILIES
from energeia.training.settings import TARGET_DRAWS


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """A published method: its builder, its options, the supports it can model."""

    name: str
    family: str
    summary: str
    """One line for the list of recipes."""
    citation: str
    supports: frozenset[str]
    """The kinds of column it can model."""
    options: type[msgspec.Struct]
    """A frozen Struct of options; its field ``training`` is a ``Training``."""
    builder: str | Callable[..., Any]
    """``module:function``, imported when first built (it needs JAX), or the function itself."""
    accepts: frozenset[str] = frozenset({"rows"})
    """What it can be trained on: ``rows``, or a ``target``, an energy without rows."""
    mixed: bool = True
    """Whether discrete and continuous columns may be mixed."""
    conditional: bool = True
    """Whether it takes a condition."""
    reference_rows: int = 4096
    """Number of training rows given to its builder, for scales and initial values; 0 for all."""
    honors: frozenset[str] = frozenset()
    """Optional fields of ``contracts.Batch`` that its training uses, such as ``weight``; data with
    others are refused."""
    compared_on: frozenset[str] | None = None
    """The kinds of column for which ``compare`` takes it before those that follow it in its family;
    None for all."""
    latent_space: bool = False
    """Whether its runs have a latent space: a generator with an energy on its image."""

    @property
    def likelihood(self) -> str:
        """The kind of its likelihood, by family."""
        return FAMILIES[self.family].likelihood

    @property
    def cost(self) -> str:
        """The cost of sampling and scoring, by family."""
        return FAMILIES[self.family].cost

    @property
    def trained_in_rounds(self) -> bool:
        """Whether it is trained, rather than fitted by its builder in one round."""
        options: Any = self.options()
        return options.training.rounds > 1

    def defaults(self, subject: str = "rows") -> Any:
        """The default options; on a target in batches of at least ``TARGET_DRAWS``."""
        options: Any = self.options()
        if subject == "rows":
            return options
        batch = max(options.training.batch, TARGET_DRAWS)
        training = msgspec.structs.replace(options.training, batch=batch)
        return msgspec.structs.replace(options, training=training)

    def options_of(self, raw: dict[str, Any]) -> Any:
        """Options from plain values, as a run's configuration keeps them."""
        return msgspec.convert(raw, self.options, strict=False)

    def load(self) -> Callable[..., Any]:
        """The builder, ``build(options, problem, reference, key) -> Assembly``, imported."""
        if not isinstance(self.builder, str):
            return self.builder
        module, _, function = self.builder.partition(":")
        return getattr(importlib.import_module(module), function)
