"""The properties of the data that a recipe needs to build a model. Needs no JAX."""

from typing import Literal

import msgspec

from energeia.conditions import ConditionColumn
from energeia.standardization import Standardization
from energeia.support import Support

SMALL_TABLE = 10_000
"""Training rows of a table below which models are coarser by default.

With 4,000, splines of 32 bins and 4 octaves lose .02 to .4 nats a row to ones of 12 bins and one
octave (a copula, a Student distribution, a funnel), and on a response that bends they are equal.
With 50,000 rotated rows a ``made`` of width 128 loses .3 to one of 512.
"""


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The variables, their layout, their condition and their declared symmetries."""

    subject: Literal["rows", "target"] = "rows"
    """What a model is trained on: rows, or an energy without rows."""
    support: Support
    layout: tuple[int, ...]
    """The user's shape of one configuration, such as (8, 8); its product is the dimension."""
    rows: int
    """Training rows; 0 for a target, which has as many as are asked for."""
    periodic_layout: bool = False
    """Whether the sites of a layout are neighbors across its edges, as on a periodic lattice."""
    condition_dimension: int = 0
    """Numbers that a model is conditioned on: columns, or their features once standardized."""
    symmetries: tuple[str, ...] = ()
    """Maps that the source declares, as ``name:parameter=value``, see ``physics.symmetries``."""
    location: tuple[float, ...] = ()
    """Location of each column, see ``Standardization``; empty if rows are not standardized."""
    scale: tuple[float, ...] = ()
    """Scale of each column, likewise."""
    fields: tuple[str, ...] = ()
    """Optional fields of ``contracts.Batch`` that the rows have, such as ``weight``."""
    frame: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    """Location and scale of standardized rows, in whose units symmetries were not declared."""
    conditions: tuple[ConditionColumn, ...] = ()
    """Statistics of each condition column in the training rows; empty where none were recorded."""
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Columns of words, and the words in the order of their codes."""

    @property
    def dimension(self) -> int:
        """The number of modeled columns."""
        return self.support.width

    @property
    def table(self) -> bool:
        """Whether it is about rows of columns, not about fields or images, nor about an energy."""
        return self.subject == "rows" and len(self.layout) == 1

    @property
    def small_table(self) -> bool:
        """Whether it is a table of fewer than ``SMALL_TABLE`` training rows."""
        return self.table and self.rows < SMALL_TABLE

    @property
    def standardization(self) -> Standardization:
        """How rows and conditions are standardized before a model sees them."""
        return Standardization(self.support, self.location, self.scale, self.conditions)

    @property
    def standardized(self) -> "Problem":
        """The problem as recipes see it, of standardized rows and conditions."""
        support = self.standardization.standardized
        layout = self.layout if support.width == self.dimension else (support.width,)
        return msgspec.structs.replace(
            self,
            support=support,
            layout=layout,
            frame=(self.location, self.scale),
            location=(),
            scale=(),
            conditions=(),
            words=(),
            condition_dimension=sum(c.width for c in self.conditions) or self.condition_dimension,
        )

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of one condition, or None."""
        return (self.condition_dimension,) if self.condition_dimension else None
