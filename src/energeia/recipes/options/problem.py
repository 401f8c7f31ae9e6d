"""The properties of the data that a recipe needs to build a model. Needs no JAX."""

import msgspec

from energeia.support import Support


class Problem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The variables, their layout, their condition and their declared symmetries."""

    support: Support
    layout: tuple[int, ...]
    """The user's shape of one configuration, such as (8, 8); its product is the dimension."""
    rows: int
    """Training rows."""
    condition_dimension: int = 0
    """Columns that a model is conditioned on; 0 for none."""
    symmetries: tuple[str, ...] = ()
    """Names of symmetries that the source declares, see ``physics.symmetry``."""

    @property
    def dimension(self) -> int:
        """The number of modelled columns."""
        return self.support.dimension

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of one condition, or None."""
        return (self.condition_dimension,) if self.condition_dimension else None
