"""Continuous factors of one number: real, positive, above, interval, circle. Needs no JAX."""

from typing import Any, ClassVar

import numpy as np

from energeia.support.factor import Factor, Number, Straight, functions_of


class Real(Straight, frozen=True, tag="real"):
    """Any real number."""

    name: ClassVar[str] = "real"

    @property
    def arguments(self) -> tuple[float, ...]:
        """None."""
        return ()

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return functions_of(x).isfinite(x)

    @property
    def linked(self) -> tuple[Factor, int]:
        """Itself."""
        return self, 1

    def link(self, x: Any) -> Any:
        """x."""
        return x

    def unlink(self, t: Any) -> Any:
        """t."""
        return t

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """Zero."""
        return functions_of(t).zeros_like(t), 0.0


class Positive(Straight, frozen=True, tag="positive"):
    """A real number above zero, charted by its logarithm."""

    name: ClassVar[str] = "positive"
    anchor: ClassVar[float | None] = 1.0

    @property
    def arguments(self) -> tuple[float, ...]:
        """None."""
        return ()

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return functions_of(x).isfinite(x) & (x > 0)

    @property
    def linked(self) -> tuple[Factor, int]:
        """A real number."""
        return Real(), 1

    def link(self, x: Any) -> Any:
        """log x."""
        return functions_of(x).log(x)

    def unlink(self, t: Any) -> Any:
        """exp t, above zero and finite however large t is."""
        at = functions_of(t)
        normal = at.finfo(at.result_type(t))
        return at.clip(at.exp(t), normal.tiny, normal.max)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """-t, since dt/dx = 1/x."""
        return -t, 0.0


class Above(Straight, frozen=True, tag="above"):
    """A real number above ``low``, charted by log(x - low)."""

    low: float
    name: ClassVar[str] = "above"

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its end."""
        return (self.low,)

    @property
    def anchor(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A number above it."""
        return self.low + max(1.0, abs(self.low))

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return functions_of(x).isfinite(x) & (x > self.low)

    @property
    def linked(self) -> tuple[Factor, int]:
        """A real number."""
        return Real(), 1

    def link(self, x: Any) -> Any:
        """log(x - low)."""
        return functions_of(x).log(x - self.low)

    def unlink(self, t: Any) -> Any:
        """low + exp t, strictly above low in the precision of t, and finite."""
        at = functions_of(t)
        dtype = at.result_type(t)
        least = np.nextafter(np.asarray(self.low, dtype), np.asarray(np.inf, dtype))
        return at.clip(self.low + at.exp(t), least, at.finfo(dtype).max)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """-t, since dt/dx = 1/(x - low)."""
        return -t, 0.0


class Interval(Straight, frozen=True, tag="interval"):
    """A real number strictly between ``low`` and ``high``, charted by its logit."""

    low: float
    high: float
    name: ClassVar[str] = "interval"

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its ends."""
        return self.low, self.high

    @property
    def anchor(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Its middle."""
        return 0.5 * (self.low + self.high)

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return (x > self.low) & (x < self.high)

    @property
    def linked(self) -> tuple[Factor, int]:
        """A real number."""
        return Real(), 1

    def link(self, x: Any) -> Any:
        """log((x - low) / (high - x))."""
        log = functions_of(x).log
        return log(x - self.low) - log(self.high - x)

    def unlink(self, t: Any) -> Any:
        """low + (high - low) / (1 + exp(-t)), strictly inside in the precision of t."""
        at = functions_of(t)
        ends = np.array([self.low, self.high], at.result_type(t))
        inside = np.nextafter(ends, ends[::-1])
        logistic = at.exp(-at.logaddexp(at.zeros_like(t), -t))
        return at.clip(self.low + (self.high - self.low) * logistic, *inside)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """log(1 + exp t) + log(1 + exp(-t)) - log(high - low)."""
        at = functions_of(t)
        zero = at.zeros_like(t)
        varying = at.logaddexp(t, zero) + at.logaddexp(-t, zero)
        return varying, -float(np.log(self.high - self.low))


class Circle(Number, frozen=True, tag="circle"):
    """A periodic number in ``[low, high)``; the two ends are one point. Its chart is an angle."""

    low: float
    high: float
    name: ClassVar[str] = "circle"

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its ends."""
        return self.low, self.high

    @property
    def _rate(self) -> float:
        return 2 * np.pi / (self.high - self.low)

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return (x >= self.low) & (x <= self.high)

    def features(self, x: Any) -> Any:
        """Cosine and sine of the angle."""
        at = functions_of(x)
        angle = 2.0 * np.pi * (x - self.low) / (self.high - self.low)
        return at.stack([at.cos(angle), at.sin(angle)], axis=-1)

    @property
    def linked(self) -> tuple[Factor, int]:
        """An angle in [-pi, pi)."""
        return Circle(-np.pi, np.pi), 1

    def link(self, x: Any) -> Any:
        """2 pi (x - low) / (high - low) - pi."""
        return (x - self.low) * self._rate - np.pi

    def unlink(self, t: Any) -> Any:
        """The x of any angle, by its remainder; the high end is the low one."""
        at = functions_of(t)
        turn = at.remainder(t + np.pi, 2 * np.pi) / (2 * np.pi)
        x = self.low + (self.high - self.low) * turn
        # A remainder just below a whole turn is rounded to it.
        return at.where(x >= self.high, self.low, x)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """A constant."""
        return functions_of(t).zeros_like(t), float(np.log(self._rate))

    def tangent(self, x: Any, v: Any) -> Any:
        """All of v."""
        return v

    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """x + v around the circle."""
        period = self.high - self.low
        return self.low + functions_of(x).remainder(x + v - self.low, period), v

    def distance(self, x: Any, y: Any) -> Any:
        """The shorter way around."""
        period = self.high - self.low
        gap = functions_of(x).remainder(x - y, period)
        return functions_of(x).minimum(gap, period - gap)
