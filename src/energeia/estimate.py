"""A number with its error, its kind and its sample size. Needs no JAX."""

import html
import math
from typing import Literal, get_args

import msgspec
import numpy as np

Kind = Literal["exact", "lower bound", "upper bound", "estimate", "none"]
KINDS: tuple[str, ...] = get_args(Kind)
_FLIP = {"lower bound": "upper bound", "upper bound": "lower bound"}


class Estimate(msgspec.Struct, frozen=True):
    """A value, its standard error, and whether it is exact, a bound or an estimate.

    ``kind`` describes each averaged term, not the sampling error of their mean:
    a mean of exact log-probabilities over held-out rows is ``exact`` with a standard error; a mean
    of importance-weighted bounds is a ``lower bound`` with a standard error. ``none`` marks a
    number that the model cannot give, for the reason in ``note``; its value is None.

    >>> print(Estimate(-81.8, 0.4, "lower bound", 360))
    >= -81.8 +- 0.4
    >>> (Estimate(2.0, 0.3, "exact", 9) - Estimate(1.0, 0.4, "lower bound", 9)).kind
    'upper bound'
    """

    value: float | None
    stderr: float | None
    kind: Kind
    n: int
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"an Estimate of kind {self.kind!r}: the kinds are {', '.join(KINDS)}")
        if self.kind != "none" and self.value is None:
            raise ValueError("an Estimate without a value must be of kind 'none' and say why")

    @classmethod
    def none(cls, reason: str) -> "Estimate":
        """The estimate of a quantity that the model cannot give, with the reason."""
        return cls(None, None, "none", 0, reason)

    @classmethod
    def exact(cls, value: float, note: str = "") -> "Estimate":
        """A number known without error."""
        return cls(float(value), 0.0, "exact", 1, note)

    @classmethod
    def mean(cls, terms: "np.ndarray", kind: Kind, note: str = "") -> "Estimate":
        """The mean of independent terms with its standard error.

        Terms that are not finite propagate to the mean and are counted in the note. One term has
        no known error.

        >>> Estimate.mean([2.0], "exact").stderr is None
        True
        """
        terms = np.asarray(terms, dtype=np.float64).ravel()
        if terms.size == 0:
            return cls.none("no terms to average")
        bad = int(np.sum(~np.isfinite(terms)))
        if bad:
            note = "; ".join(filter(None, [note, f"{bad} of {terms.size} terms are not finite"]))
        with np.errstate(invalid="ignore"):
            value = float(np.mean(terms))
            if terms.size == 1:
                return cls(value, None, kind, 1, note)
            stderr = float(np.std(terms, ddof=1)) / math.sqrt(terms.size)
        return cls(value, stderr, kind, int(terms.size), note)

    @classmethod
    def weighted_mean(
        cls, terms: "np.ndarray", weight: "np.ndarray", kind: Kind, note: str = ""
    ) -> "Estimate":
        """sum w t / sum w over independent rows, negative weights included, with its error.

        The error is sqrt(sum w^2 (t - mean)^2) / sum w, to first order, times sqrt(n / (n - 1)) for
        n nonzero weights; with weights all alike it is that of ``mean``. A note gives the effective
        number (sum w)^2 / sum w^2.

        >>> Estimate.weighted_mean([1.0, 4.0], [2.0, 1.0], "estimate").value
        2.0
        >>> plain, weighted = np.arange(4.0), np.full(4, 0.3)
        >>> found = Estimate.weighted_mean(plain, weighted, "exact")
        >>> bool(np.isclose(found.stderr, Estimate.mean(plain, "exact").stderr))
        True
        """
        terms, weight = (np.asarray(a, dtype=np.float64).ravel() for a in (terms, weight))
        terms, weight = terms[weight != 0], weight[weight != 0]
        total = float(np.sum(weight))
        if not terms.size or total <= 0:
            return cls.none("the weights of the rows do not add up to a positive number")
        effective = total**2 / float(np.sum(weight**2))
        counted = f"{terms.size} weighted rows worth {effective:.4g} of equal weight"
        bad = int(np.sum(~np.isfinite(terms)))
        unusual = f"{bad} of {terms.size} terms are not finite" if bad else ""
        note = "; ".join(filter(None, [note, counted, unusual]))
        with np.errstate(invalid="ignore"):
            value = float(np.sum(weight * terms)) / total
            spread = math.sqrt(float(np.sum((weight * (terms - value)) ** 2))) / total
        if terms.size == 1:
            return cls(value, None, kind, 1, note)
        stderr = spread * math.sqrt(terms.size / (terms.size - 1))
        return cls(value, stderr, kind, int(terms.size), note)

    @property
    def finite(self) -> bool:
        """Whether there is a value and it is a finite number."""
        return self.value is not None and math.isfinite(self.value)

    def __neg__(self) -> "Estimate":
        return self * -1.0

    def __mul__(self, factor: float) -> "Estimate":
        if self.value is None:
            return self
        factor = float(factor)  # of NumPy it would make values that no file takes
        kind = _FLIP.get(self.kind, self.kind) if factor < 0 else self.kind
        stderr = None if self.stderr is None else abs(factor) * self.stderr
        return Estimate(factor * self.value, stderr, kind, self.n, self.note)  # type: ignore[arg-type]

    __rmul__ = __mul__

    def __add__(self, other: "Estimate | float") -> "Estimate":
        """Add independent estimates; where they are correlated, average paired terms instead."""
        if not isinstance(other, Estimate):
            other = Estimate.exact(other)
        if self.value is None or other.value is None:
            return self if self.value is None else other
        unknown = self.stderr is None or other.stderr is None
        stderr = None if unknown else math.hypot(self.stderr or 0.0, other.stderr or 0.0)
        kind = combine(self.kind, other.kind)
        note = "; ".join(filter(None, dict.fromkeys([self.note, other.note])))
        return Estimate(self.value + other.value, stderr, kind, _fewer(self, other), note)

    __radd__ = __add__

    def __sub__(self, other: "Estimate | float") -> "Estimate":
        return self + (-other)

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        sign = {"lower bound": ">= ", "upper bound": "<= ", "estimate": "~ "}.get(self.kind, "")
        if not self.stderr or not math.isfinite(self.stderr):
            return f"{sign}{self.value:.6g}"
        digits = max(0, 1 - math.floor(math.log10(self.stderr)))
        if f"{self.stderr:.1e}"[0] != "1":
            digits = max(0, digits - 1)
        return f"{sign}{self.value:.{digits}f} +- {self.stderr:.{digits}f}"

    def _repr_html_(self) -> str:
        """The value with its error and its kind, for notebooks."""
        text = html.escape(str(self)).replace("+-", "&plusmn;")
        note = f' title="{html.escape(self.note)}"' if self.note else ""
        return f"<span{note}>{text} <small>({self.kind}, n = {self.n})</small></span>"


def combine(first: Kind, second: Kind) -> Kind:
    """The kind of a sum: the weaker of two, and an estimate where bounds point both ways."""
    if "none" in (first, second):
        return "none"
    if first == second or second == "exact":
        return first
    return second if first == "exact" else "estimate"


def _fewer(first: Estimate, second: Estimate) -> int:
    counts = [e.n for e in (first, second) if not (e.kind == "exact" and e.stderr == 0.0)]
    return min(counts, default=1)
