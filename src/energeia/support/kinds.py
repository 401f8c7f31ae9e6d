"""The factors that a support may hold: the one list of them. Needs no JAX."""

from typing import TypeAlias, get_args

from energeia.support.alphabets import Binary, Categorical, Integer
from energeia.support.links import SpecialUnitary
from energeia.support.manifolds import Rotation, Simplex, Sphere
from energeia.support.numbers import Above, Circle, Interval, Positive, Real

AnyFactor: TypeAlias = (
    Real | Positive | Above | Interval | Circle | Sphere | Rotation | Simplex
    | SpecialUnitary | Integer | Categorical | Binary
)  # fmt: skip

KINDS = {kind.name: kind for kind in get_args(AnyFactor)}
DISCRETE = tuple(sorted(name for name, kind in KINDS.items() if kind.discrete))
CONTINUOUS = tuple(n for n, kind in KINDS.items() if kind.charted and not kind.discrete)
"""Continuous factors whose charts are single numbers: models need not know more of them."""
CURVED = tuple(name for name, kind in KINDS.items() if not kind.charted)
"""Factors without a global chart: a model that takes them knows them."""
