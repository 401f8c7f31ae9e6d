"""The named sources of data, the named targets, and their parameters. Needs no JAX."""

import math
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from energeia._core.errors import InputError, nearest
from energeia._core.specs import Parameter, parse_parameters
from energeia.data.readers import is_there
from energeia.support import Support

SubjectKind = Literal["rows", "target", "simulator"]
"""What a model is trained on: rows of data, an energy, or draws of a simulator."""


class Source(Protocol):
    """A distribution that rows were drawn from, with its exact properties."""

    name: str
    layout: tuple[int, ...]
    periodic_layout: bool
    """Whether the sites of the layout are neighbors across its edges."""
    support: Support
    symmetries: tuple[str, ...]
    """Names of symmetries of the distribution, see ``physics.lattice.symmetry``."""
    entropy: float | None
    """Exact differential or discrete entropy in nats; None where it is not known."""

    def draw(self, seed: int, count: int) -> np.ndarray:
        """New independent rows, shape ``(count, d)``."""
        ...

    def log_prob(self, rows: np.ndarray) -> np.ndarray | None:
        """The exact log-density of each row in nats; None where it is not known."""
        ...

    def observables(self) -> tuple[Any, ...]:
        """``(Observable, exact value or None)`` pairs worth measuring."""
        ...


class NamedSource(NamedTuple):
    """A named source: what it is, its parameters, and the function that loads it."""

    summary: str
    parameters: dict[str, Parameter]
    loader: str
    """``module:function``, imported when first opened; given the parameters, it returns a
    ``Source`` that draws, or a ``readers.Table`` of real data."""
    seeded: bool = False
    """Whether the loader draws the rows of its ``Table`` itself: then it is given ``seed``, too."""


class Maker(NamedTuple):
    """A named energy or simulator: its summary, its parameters, and the function that makes it.

    A parameter of an energy that may be a range, as in ``double-well:height=2..6``, then becomes a
    condition, and one model is trained for the whole range.
    """

    summary: str
    parameters: dict[str, Parameter]
    loader: str
    """``module:function``, imported when first used; given the parameters it returns a
    ``Target`` or a ``Simulator``."""


_TOY = {"n": Parameter(int, 20_000)}
_NO_PARAMETERS: dict[str, Parameter] = {}
NAMED: dict[str, NamedSource] = {
    "ising": NamedSource(
        "exact samples of the two-dimensional Ising model, spins -1 and +1",
        {
            "L": Parameter(int, 8),
            "beta": Parameter(float, math.log(1 + math.sqrt(2)) / 2),
            "J": Parameter(float, 1.0),
            "h": Parameter(float, 0.0),
            "n": Parameter(int, 20_000),
        },
        "energeia.data.named.lattice:ising",
    ),
    "free-field": NamedSource(
        "exact samples of a free scalar field on a periodic square lattice",
        {
            "L": Parameter(int, 8),
            "mass2": Parameter(float, 0.25),
            "n": Parameter(int, 20_000),
        },
        "energeia.data.named.lattice:free_field",
    ),
    **{
        name: NamedSource(
            f"the {name} density in two dimensions", _TOY, "energeia.data.named.planar:toys"
        )
        for name in ("8gaussians", "checkerboard", "circles", "moons", "2spirals", "swissroll")
    },
    **{
        name: NamedSource(
            f"{count} narrow Gaussians on a {name}, the PacGAN protocol",
            {"n": Parameter(int, 2500)},
            "energeia.data.named.planar:modes",
        )
        for name, count in (("ring", 8), ("grid", 25))
    },
    "vmf": NamedSource(
        "a mixture of five von Mises-Fisher distributions on the sphere of directions",
        _TOY,
        "energeia.data.named.directions:vmf",
    ),
    "sprites": NamedSource(
        "a square, ellipse or heart on a grid of scale, angle and position, after dSprites",
        {
            "size": Parameter(int, 16),
            "levels": Parameter(int, 2),
            "scales": Parameter(int, 6),
            "angles": Parameter(int, 15),
            "positions": Parameter(int, 12),
            "n": Parameter(int, 30_000),
        },
        "energeia.data.named.sprites:sprites",
    ),
    "digits": NamedSource(
        "1,797 handwritten digits, 8x8, levels 0 to 16",
        _NO_PARAMETERS,
        "energeia.data.named.bundled:digits",
    ),
    **{
        name: NamedSource(
            f"scikit-learn's {name} table; labels=1 adds the column 'class'",
            {"labels": Parameter(int, 0)},
            "energeia.data.named.bundled:table",
        )
        for name in ("iris", "wine", "breast-cancer")
    },
    "mnist": NamedSource(
        "MNIST images, 28x28, levels 0 to 255, from the folder ENERGEIA_DATA",
        {"part": Parameter(str, "train")},
        "energeia.data.named.bundled:mnist",
    ),
    "stacked-mnist": NamedSource(
        "random MNIST digits as channels, 10^digits modes, from the folder ENERGEIA_DATA",
        {
            "part": Parameter(str, "train"),
            "digits": Parameter(int, 3),
            "n": Parameter(int, 20_000),
        },
        "energeia.data.named.stacked:stacked_mnist",
        seeded=True,
    ),
    "binarized-mnist": NamedSource(
        "MNIST binarized once, from the folder ENERGEIA_DATA",
        {"part": Parameter(str, "train")},
        "energeia.data.named.bundled:binarized_mnist",
    ),
}


SIMULATORS: dict[str, Maker] = {
    "gaussian-linear": Maker(
        "theta ~ N(0, 0.1), x ~ N(theta, 0.1) in each of d columns",
        {"d": Parameter(int, 10)},
        "energeia.data.named.simulators:gaussian_linear",
    ),
    "two-moons": Maker(
        "two parameters in a square, x on a half circle: posteriors of two crescents",
        {},
        "energeia.data.named.simulators:two_moons",
    ),
}
_MADE = "energeia.data.named.targets"
_LATTICE = "energeia.data.named.lattice_targets"
TARGETS: dict[str, Maker] = {
    "ising": Maker(
        "the two-dimensional Ising model, spins -1 and +1; beta may be a range",
        {
            "L": Parameter(int, 8),
            "beta": Parameter(float, math.log(1 + math.sqrt(2)) / 2, ranged=True),
            "J": Parameter(float, 1.0),
            "h": Parameter(float, 0.0),
        },
        f"{_MADE}:ising",
    ),
    "free-field": Maker(
        "a free scalar field on a periodic square lattice, E = phi (-Laplacian + mass2) phi / 2",
        {"L": Parameter(int, 8), "mass2": Parameter(float, 0.25)},
        f"{_MADE}:free_field",
    ),
    "phi4": Maker(
        "a phi^4 field, E = sum (steps)^2 + m2 phi^2 + lam phi^4; m2 and lam may be ranges",
        {
            "L": Parameter(int, 8),
            "m2": Parameter(float, -4.0, ranged=True),
            "lam": Parameter(float, 6.008, ranged=True),
        },
        f"{_MADE}:phi4",
    ),
    "potts": Maker(
        "the two-dimensional Potts model, colors 0 to q - 1; beta may be a range",
        {
            "L": Parameter(int, 4),
            "q": Parameter(int, 3),
            "beta": Parameter(float, math.log(1 + math.sqrt(3)), ranged=True),
            "J": Parameter(float, 1.0),
            "h": Parameter(float, 0.0),
        },
        f"{_LATTICE}:potts",
    ),
    "xy": Maker(
        "the two-dimensional XY model, angles from -pi to pi; beta may be a range",
        {"L": Parameter(int, 8), "beta": Parameter(float, 1.0, ranged=True)},
        f"{_LATTICE}:xy",
    ),
    "u1": Maker(
        "compact U(1) gauge theory in two dimensions, angles of 2 L^2 links; beta may be a range",
        {"L": Parameter(int, 8), "beta": Parameter(float, 2.0, ranged=True)},
        f"{_LATTICE}:u1",
    ),
    "double-well": Maker(
        "E = height sum (x_i^2 - 1)^2 + tilt sum x_i; height and tilt may be ranges",
        {
            "d": Parameter(int, 2),
            "height": Parameter(float, 4.0, ranged=True),
            "tilt": Parameter(float, 0.0, ranged=True),
        },
        f"{_MADE}:double_well",
    ),
    "funnel": Maker(
        "Neal's funnel: x_0 ~ N(0, 3^2), the others N(0, exp(x_0))",
        {"d": Parameter(int, 10)},
        f"{_MADE}:funnel",
    ),
    "gmm40": Maker(
        "40 Gaussians with centers uniform in [-40, 40]^d",
        {"d": Parameter(int, 2), "seed": Parameter(int, 0)},
        f"{_MADE}:gmm40",
    ),
    "banana": Maker(
        "x_0 ~ N(0, 1), x_1 ~ N(bend (x_0^2 - 1), width^2)",
        {"bend": Parameter(float, 0.7), "width": Parameter(float, 0.6)},
        f"{_MADE}:banana",
    ),
}


def target_parameters(spec: str) -> tuple[str, dict[str, Any]] | None:
    """The name and parameters of a named target, defaults filled in; None for another name.

    Raises:
        InputError: for an unknown parameter, or a value of the wrong kind.

    >>> target_parameters("double-well:height=2..6")[1]["height"]
    (2.0, 6.0)
    """
    name = spec.partition(":")[0]
    if name not in TARGETS:
        return None
    return name, parse_parameters("target", spec, TARGETS[name].parameters)


def parse_spec(spec: str) -> tuple[str, dict[str, Any]] | None:
    """The name and parameters of a named source, defaults filled in; None for a file.

    Raises:
        InputError: for an unknown source or parameter, or a value of the wrong kind.

    >>> parse_spec("moons:n=100")
    ('moons', {'n': 100})
    """
    name = spec.partition(":")[0]
    if name not in NAMED or is_there(Path(spec)):
        return None
    return name, parse_parameters("source", spec, NAMED[name].parameters)


def refuse_unknown(spec: str) -> None:
    """Raise for a name that is neither a file nor a source, with the nearest source."""
    name = spec.partition(":")[0]
    if (
        not is_there(Path(name))
        and not is_there(Path(spec))
        and "." not in name
        and "/" not in name
    ):
        raise InputError(
            f"{name!r} is neither a file nor a known source of data: {nearest(name, NAMED)}"
        )


def subject_kind(
    spec: str, wanted: SubjectKind | Literal[""] = "", *, allow_import: bool = False
) -> SubjectKind:
    """What a model of a name is trained on: what is wanted, or else what the name stands for.

    A name that stands for several gives its rows, and one that may be imported is a target.

    Raises:
        InputError: if rows are wanted of a name that has none.

    >>> subject_kind("ising"), subject_kind("ising", "target"), subject_kind("funnel:d=3")
    ('rows', 'target', 'target')
    """
    name = spec.partition(":")[0]
    has_rows = name in NAMED or Path(spec).exists()
    found: SubjectKind = "rows"
    if name in TARGETS and not has_rows:
        found = "target"
    elif name in SIMULATORS and not has_rows:
        found = "simulator"
    if wanted == "rows" and found != "rows":
        raise InputError(f"{name!r} is a {found} and has no rows: leave out --from rows")
    if allow_import and found == "rows" and not has_rows:
        found = "target"
    return wanted or found
