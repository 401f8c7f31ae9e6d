"""Options of the flow recipes. Needs no JAX."""

import msgspec

from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training


class SplineFlowOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rational-quadratic coupling layers."""

    layers: int = 4
    """Coupling layers."""
    bins: int = 32
    """Bins of each spline."""
    half_width: float = 5.0
    """Half-width of the box that splines fill, in standard deviations."""
    octaves: int = 4
    """Octaves of sines and cosines that the conditioner sees of its inputs."""
    width: int = 64
    """Hidden units of each conditioner."""
    depth: int = 2
    """Hidden layers of each conditioner."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """How the flow moves."""
    training: Training = Training(rounds=4000, batch=512, average=0.998)
    """How long to train."""


class RealNVPOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Affine coupling layers."""

    layers: int = 8
    """Coupling layers."""
    bound: float = 3.0
    """Largest logarithm of a scale."""
    octaves: int = 2
    """Octaves of sines and cosines that the conditioner sees of its inputs."""
    width: int = 128
    """Hidden units of each conditioner."""
    depth: int = 2
    """Hidden layers of each conditioner."""
    optimization: Optimization = Optimization(learning_rate=1e-3)
    """How the flow moves."""
    training: Training = Training(rounds=4000, batch=512, average=0.998)
    """How long to train."""


RECIPES = (
    Recipe(
        name="spline-flow",
        family="flow",
        summary="Rational-quadratic spline coupling; discrete columns dequantized",
        citation="Durkan, Bekasov, Murray and Papamakarios 2019, Neural spline flows",
        supports=frozenset(CONTINUOUS + DISCRETE),
        options=SplineFlowOptions,
        builder="energeia.recipes.spline_flow:build",
    ),
    Recipe(
        name="realnvp",
        family="flow",
        summary="Affine coupling; discrete columns dequantized",
        citation="Dinh, Sohl-Dickstein and Bengio 2017, Density estimation using Real NVP",
        supports=frozenset(CONTINUOUS + DISCRETE) - {"circle"},
        options=RealNVPOptions,
        builder="energeia.recipes.realnvp:build",
    ),
)
