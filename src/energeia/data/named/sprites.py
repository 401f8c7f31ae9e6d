"""Sprites: one white shape on black with known factors, rendered by NumPy. Needs no JAX.

After dSprites (Matthey et al. 2017, github.com/google-deepmind/dsprites-dataset): every combination
of shape, scale, angle and position is equally likely, scales evenly spaced from .5 to 1. Images and
the grid are smaller here, so that the grid can be enumerated, and the shapes have equal areas.
"""

import math
from collections import Counter
from collections.abc import Callable
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from energeia._core.errors import InputError
from energeia.support import Binary, Integer, Support

FACTORS = ("shape", "scale", "angle", "x", "y")
"""The factors in the order of their columns."""
SHAPES = ("square", "ellipse", "heart")
TURNS = (4, 2, 1)
"""How often each shape looks the same within a full turn: the angle of a square is known up to
quarter turns, that of an ellipse up to half turns."""
_SIDE = 0.39
"""The side of the largest square over that of the image."""
_ELLIPSE = math.sqrt(2 / math.pi), math.sqrt(1 / (2 * math.pi))
"""Half axes of an ellipse of area 1, one twice the other."""
_HEART = 1 / math.sqrt(1 + math.pi / 4)
"""The side of the square in a heart of area 1, two neighboring sides of which carry half disks."""
_REACH = _SIDE * _ELLIPSE[0]
"""The farthest point of the largest shape from its center, over the side of the image."""
_SIZES, _LEVELS = range(8, 33), range(2, 257)
_ENUMERATED = 1 << 26
"""Numbers in the largest grid that is enumerated for its entropy."""
_BLOCK = 1024


class Sprites:
    """Images drawn uniformly from a grid of factors, with their exact probabilities.

    ``levels=2`` gives black and white images, pixels whose center is in the shape being white; more
    levels give gray edges, integers from 0 to ``levels - 1``. Angles divide a full turn into
    ``angles`` parts. With an odd number of them a shape has no angle twice up to its symmetry,
    see ``TURNS``, but no encoder can say which of the equivalent angles an image has.

    Two combinations may give the same image, so the entropy is that of the distribution of images,
    at most the logarithm of the size of the grid. It and the probabilities are None for grids of
    more than 2^26 pixels in all.

    Raises:
        InputError: for a size other than 8 to 32, other than 2 to 256 levels, or no scale, angle or
            position.

    >>> source = Sprites()
    >>> rows, factors = source.labeled(seed=0, count=3)
    >>> rows.shape, factors.tolist()[0], source.counts
    ((3, 256), [2, 3, 4, 8, 0], (3, 6, 15, 12, 12))
    """

    name = "sprites"
    periodic_layout = False
    symmetries: tuple[str, ...] = ()

    def __init__(
        self, size: int = 16, levels: int = 2, scales: int = 6, angles: int = 15,
        positions: int = 12,
    ) -> None:  # fmt: skip
        if size not in _SIZES or levels not in _LEVELS or min(scales, angles, positions) < 1:
            raise InputError(
                f"sprites of size={size}, levels={levels}, scales={scales}, angles={angles}, "
                f"positions={positions} were asked for: give a size from {_SIZES[0]} to "
                f"{_SIZES[-1]}, {_LEVELS[0]} to {_LEVELS[-1]} levels, and at least one of the rest"
            )
        self.size, self.levels = size, levels
        self.layout = (size, size)
        self.counts = (len(SHAPES), scales, angles, positions, positions)
        pixel = Binary() if levels == 2 else Integer(0, levels - 1)
        self.support = Support(((pixel, size * size),))

    def labeled(
        self, seed: int, count: int
    ) -> tuple[Int[np.ndarray, "count pixels"], Int[np.ndarray, "count 5"]]:
        """New independent rows, and the number of each factor's value (see ``FACTORS``)."""
        index = np.random.default_rng(seed).integers(math.prod(self.counts), size=count)
        factors = self._factors(index)
        return self.render(factors), factors

    def draw(self, seed: int, count: int) -> Int[np.ndarray, "count pixels"]:
        """New independent rows: those of ``labeled`` for the same seed."""
        return self.labeled(seed, count)[0]

    @cached_property
    def grid(self) -> tuple[Int[np.ndarray, "grid pixels"], Int[np.ndarray, "grid 5"]]:
        """The images of all combinations, and their factors."""
        factors = self._factors(np.arange(math.prod(self.counts)))
        return self.render(factors), factors

    def _factors(self, index: np.ndarray) -> np.ndarray:
        return np.stack(np.unravel_index(index, self.counts), axis=1)

    def values(self, factors: Int[np.ndarray, "n 5"]) -> Float[np.ndarray, "n 5"]:
        """Number of the shape, scale, angle in radians, and center in pixels from the corner.

        >>> Sprites().values(np.array([[1, 5, 0, 0, 11]])).round(2).tolist()
        [[1.0, 1.0, 0.0, 4.98, 11.02]]
        """
        shape, scale, angle, x, y = np.asarray(factors).T
        _, scales, angles, positions, _ = self.counts
        ends = _REACH * self.size, (1 - _REACH) * self.size
        places = np.linspace(*ends, positions) if positions > 1 else np.array([self.size / 2])
        sizes = np.linspace(0.5, 1.0, scales) if scales > 1 else np.ones(1)
        turn = 2 * np.pi * angle / angles
        return np.stack([shape.astype(float), sizes[scale], turn, places[x], places[y]], axis=1)

    def render(self, factors: Int[np.ndarray, "n 5"]) -> Int[np.ndarray, "n pixels"]:
        """The image of each combination of factors, rows of pixels from the top."""
        values = self.values(factors)
        blocks = [values[i : i + _BLOCK] for i in range(0, len(values), _BLOCK)]
        images = [np.round(gray(b, self.size) * (self.levels - 1)).astype(np.uint8) for b in blocks]
        return np.concatenate([np.zeros((0, self.size**2), np.uint8), *images])

    @cached_property
    def _numbers(self) -> Counter[bytes] | None:
        """How many combinations give each image."""
        if math.prod(self.counts) * self.size**2 > _ENUMERATED:
            return None
        return Counter(row.tobytes() for row in self.grid[0])

    @cached_property
    def entropy(self) -> float | None:
        """The exact entropy of the images in nats; None for a large grid."""
        if self._numbers is None:
            return None
        shares = np.array(list(self._numbers.values())) / math.prod(self.counts)
        return float(-np.sum(shares * np.log(shares)))

    def log_prob(self, rows: np.ndarray) -> np.ndarray | None:
        """The exact log-probability of each row in nats; -inf for other images, None for a large
        grid."""
        if self._numbers is None:
            return None
        rows = np.asarray(rows)
        codes = rows.astype(np.uint8)
        counts = [self._numbers[row.tobytes()] for row in codes]
        found = np.where(np.all(codes == rows, axis=1), counts, 0)
        with np.errstate(divide="ignore"):
            return np.log(found.astype(float)) - math.log(math.prod(self.counts))

    def observables(self) -> tuple[()]:
        """None."""
        return ()


def gray(values: Float[np.ndarray, "n 5"], size: int) -> Float[np.ndarray, "n pixels"]:
    """About the share of each pixel that the shape covers, clip(1/2 - d, 0, 1).

    d is the distance of the center of the pixel to the edge, below zero inside. The share is exact
    for straight edges along pixels.
    """
    shape, scale, angle, x, y = values.T
    center = np.arange(size) + 0.5
    across = center[None, None, :] - x[:, None, None]
    down = center[None, :, None] - y[:, None, None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    side = scale * _SIDE * size
    u = (cos * across + sin * down).reshape(len(values), -1) / side[:, None]
    v = (cos * down - sin * across).reshape(len(values), -1) / side[:, None]
    apart = np.zeros_like(u)
    for number, distance in enumerate(_DISTANCES):
        own = shape == number
        apart[own] = distance(u[own], v[own])
    return np.clip(0.5 - side[:, None] * apart, 0.0, 1.0)


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - 0.5


def _ellipse(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """To first order in the distance: the level k - 1 over its gradient, which k / g replaces."""
    a, b = _ELLIPSE
    level, slope = np.hypot(u / a, v / b), np.hypot(u / a**2, v / b**2)
    return (level - 1) * np.clip(level / np.maximum(slope, 1e-9), b, a)


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """A square with half disks on the sides towards +u and +v, about its center of mass."""
    half = _HEART / 2
    # Half disks of radius h have the area pi h^2 / 2 and their mass 4 h / 3 pi beyond the side.
    shift = math.pi * half**2 / 2 * (half + 4 * half / (3 * math.pi))
    u, v = u + shift, v + shift
    disks = np.minimum(np.hypot(u - half, v), np.hypot(u, v - half)) - half
    return np.minimum(np.maximum(np.abs(u), np.abs(v)) - half, disks)


_DISTANCES: tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ...] = (_square, _ellipse, _heart)
"""The distance to the edge of each shape of area 1, below zero inside."""


def sprites(
    name: str, size: int, levels: int, scales: int, angles: int, positions: int, n: int
) -> Sprites:
    """The source ``sprites:size=16,levels=2``."""
    return Sprites(size, levels, scales, angles, positions)
