"""Options of the flow recipes. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, OctavesOrAuto, Positive
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.problem import Problem
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

FEW = 8
"""Number of columns up to which fine structure is resolved by default."""
_MANY = {"dense": 12, "convolution": 8}
"""Coupling layers of more columns than that."""
_MOST_LEVELS = 3
Mask = Literal[
    "auto", "permutation", "checkerboard", "nested", "stripes", "halves", "channels", "random",
    "multiscale",
]  # fmt: skip

BaseName = Literal["student", "mixture"]


def levels_of(layout: tuple[int, ...], asked: int) -> int:
    """The levels of a multi-scale flow: as many as leave a field of 2 x 2 sites, at most three.

    >>> levels_of((8, 8), 0), levels_of((28, 28, 3), 0), levels_of((8, 8), 1)
    (2, 2, 1)
    """
    if asked:
        return asked
    levels, sides = 0, layout[:2]
    while levels < _MOST_LEVELS and all(side % 2 == 0 and side >= 4 for side in sides):
        levels, sides = levels + 1, tuple(side // 2 for side in sides)
    return max(levels, 1)


class FlowOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options shared by all flows."""

    mixed: Literal["exact", "dequantized"] = "exact"
    """Tables with discrete and continuous columns: an autoregressive network of the codes times a
    flow of the rest given the codes (exact), or a flow of all columns with the codes dequantized,
    whose likelihood is a lower bound, and which chains can sample given a part."""
    base: BaseName = "student"
    """The base of a table: Student numbers, nearly normal ones where tails are light, or a mixture
    of normal distributions fitted to the rows, for separated modes."""
    components: Count = 16
    """Components of base=mixture at most."""
    dequantization: Literal["uniform", "variational"] = "uniform"
    """Where a dequantized code is in its cell: uniform, or as a network learns, which narrows
    the bound of the likelihood."""
    shrinkage: NonNegative = 3000.0
    """Weight decay times training rows: a prior whose weight falls with the number of rows."""
    training: Training = Training(
        rounds=1200, batch=128, check_every=100, patience=10, average=0.995
    )
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=1e-3, clip=1.0)
    """The optimizer."""


class CouplingOptions(FlowOptions, frozen=True, kw_only=True):
    """Options shared by flows of coupling layers."""

    mask: Mask = "auto"
    """Sites that a layer keeps: a random half of the columns (permutation), or those of a pattern
    on a lattice or an image; auto is nested (a checkerboard, then one within each of its colors)
    where conditioners are convolutions; multiscale alternates checkerboards and channels of the
    squeezed field, half of which leaves it after every level."""
    levels: CountOrZero = 0
    """Levels of mask=multiscale, among which the layers are divided; 0 for as many as leave 2 x 2
    sites, at most 3."""
    conditioner: Literal["auto", "dense", "convolution"] = "auto"
    """Networks of the kept sites; auto is convolution for real fields on a periodic lattice."""
    channels: Count = 16
    """Channels of each hidden convolution."""
    depth: Count = 2
    """Hidden layers of each conditioner."""

    def placed(self, problem: Problem) -> tuple[str, str]:
        """The mask and the conditioner, chosen."""
        lattice = problem.periodic_layout and len(problem.layout) in (2, 3)
        field = lattice and problem.support.all_continuous and problem.dimension > FEW
        conditioner, mask = self.conditioner, self.mask
        if conditioner == "auto":
            chosen = mask == "multiscale" or (field and mask != "permutation")
            conditioner = "convolution" if chosen else "dense"
        if mask == "auto":
            mask = "nested" if conditioner == "convolution" else "permutation"
        return mask, conditioner


class SplineFlowOptions(CouplingOptions, frozen=True, kw_only=True):
    """Rational-quadratic coupling layers."""

    layers: CountOrZero = 0
    """Coupling layers; 0 for 4 up to 8 columns, 12 beyond and 8 with convolutions."""
    bins: CountOrZero = 0
    """Bins of each spline; 0 for 32 up to 8 columns (12 in a small table), and 8 beyond or with
    directions."""
    half_width: Positive = 5.0
    """Half-width of the interval on which splines act, in standard deviations."""
    octaves: OctavesOrAuto = -1
    """Octaves of sines and cosines in the inputs of conditioners; -1 for 4 up to 8 columns (1 in a
    small table), 0 beyond."""
    width: CountOrZero = 0
    """Hidden units of each conditioner; 0 for 64 up to 8 columns and 96 beyond."""
    optimization: Optimization = Optimization(learning_rate=2e-3, clip=1.0)
    """The optimizer."""

    def resolved(self, problem: Problem) -> "SplineFlowOptions":
        """The options with all choices that depend on the problem made."""
        few = problem.dimension <= FEW
        mask, conditioner = self.placed(problem)
        fine = few and not problem.small_table
        bins = (32 if fine else 12) if few and problem.support.flat else 8
        return msgspec.structs.replace(
            self,
            mask=mask,
            conditioner=conditioner,
            layers=self.layers or (4 if few else _MANY[conditioner]),
            bins=self.bins or bins,
            width=self.width or (64 if few else 96),
            octaves=self.octaves if self.octaves >= 0 else (4 if fine else int(few)),
        )


class RealNVPOptions(CouplingOptions, frozen=True, kw_only=True):
    """Affine coupling layers."""

    layers: CountOrZero = 0
    """Coupling layers; 0 for 12, and for 8 with convolutions."""
    bound: Positive = 3.0
    """Largest absolute logarithm of a scale."""
    octaves: OctavesOrAuto = -1
    """Octaves of sines and cosines in the inputs of conditioners; -1 for 2 up to 8 columns, 0
    beyond."""
    width: Count = 96
    """Hidden units of each conditioner."""

    def resolved(self, problem: Problem) -> "RealNVPOptions":
        """The options with all choices that depend on the problem made."""
        octaves = self.octaves if self.octaves >= 0 else (2 if problem.dimension <= FEW else 0)
        mask, conditioner = self.placed(problem)
        return msgspec.structs.replace(
            self,
            mask=mask,
            conditioner=conditioner,
            layers=self.layers or _MANY[conditioner],
            octaves=octaves,
        )


class NiceOptions(RealNVPOptions, frozen=True, kw_only=True):
    """Additive coupling layers, and one that scales each column."""


class GlowOptions(FlowOptions, frozen=True, kw_only=True):
    """Steps of a normalization, an invertible 1 x 1 convolution and a coupling of channels."""

    levels: CountOrZero = 0
    """Levels, each of which halves both sides; 0 for as many as leave 2 x 2 sites, at most 3."""
    steps: Count = 4
    """Steps of each level."""
    channels: Count = 48
    """Channels of each hidden convolution."""
    depth: Count = 2
    """Hidden layers of each network."""
    coupling: Literal["auto", "affine", "spline"] = "auto"
    """Maps of the coupled channels: affine ones, or rational-quadratic splines, which auto takes
    for dequantized codes."""
    bound: Positive = 3.0
    """Largest absolute logarithm of the scale of an affine map."""
    bins: Count = 8
    """Bins of each spline."""
    half_width: Positive = 5.0
    """Half-width of the interval on which splines act, in standard deviations."""
    shrinkage: NonNegative = 200.0
    """Weight decay times training rows: a prior whose weight falls with the number of rows."""
    optimization: Optimization = Optimization(learning_rate=3e-3, clip=1.0)
    """The optimizer."""

    def resolved(self, problem: Problem) -> "GlowOptions":
        """The options with all choices that depend on the problem made."""
        coupling = self.coupling
        if coupling == "auto":
            coupling = "affine" if problem.support.all_continuous else "spline"
        levels = levels_of(problem.layout, self.levels)
        return msgspec.structs.replace(self, levels=levels, coupling=coupling)


class AffineAutoregressiveOptions(FlowOptions, frozen=True, kw_only=True):
    """Affine autoregressive layers."""

    layers: Count = 6
    """Autoregressive layers; every second one runs through the columns backward."""
    depth: Count = 2
    """Hidden layers of each masked network."""
    width: Count = 128
    """Hidden units of each, rounded to an equal number for each column."""
    bound: Positive = 3.0
    """Largest absolute logarithm of a scale."""
    octaves: OctavesOrAuto = -1
    """Octaves of sines and cosines in the inputs of networks; -1 for 2 up to 8 columns, 0
    beyond."""

    def resolved(self, problem: Problem) -> "AffineAutoregressiveOptions":
        """The options with all choices that depend on the problem made."""
        octaves = self.octaves if self.octaves >= 0 else (2 if problem.dimension <= FEW else 0)
        return msgspec.structs.replace(self, octaves=octaves)


class SplineAutoregressiveOptions(FlowOptions, frozen=True, kw_only=True):
    """Rational-quadratic autoregressive layers."""

    layers: Count = 4
    """Autoregressive layers; every second one runs through the columns backward."""
    depth: Count = 2
    """Hidden layers of each masked network."""
    width: Count = 128
    """Hidden units of each, rounded to an equal number for each column."""
    bins: CountOrZero = 0
    """Bins of each spline; 0 for 16 up to 8 columns (12 in a small table) and 8 beyond."""
    half_width: Positive = 5.0
    """Half-width of the interval on which splines act, in standard deviations."""
    octaves: OctavesOrAuto = -1
    """Octaves of sines and cosines in the inputs of networks; -1 for 4 up to 8 columns (1 in a
    small table), 0 beyond."""
    optimization: Optimization = Optimization(learning_rate=2e-3, clip=1.0)
    """The optimizer."""

    def resolved(self, problem: Problem) -> "SplineAutoregressiveOptions":
        """The options with all choices that depend on the problem made."""
        few = problem.dimension <= FEW
        fine = few and not problem.small_table
        return msgspec.structs.replace(
            self,
            bins=self.bins or ((16 if fine else 12) if few else 8),
            octaves=self.octaves if self.octaves >= 0 else (4 if fine else int(few)),
        )


class RankOneOptions(FlowOptions, frozen=True, kw_only=True):
    """Planar or radial layers."""

    layers: Count = 32
    """Layers, each of which stretches one direction or around one center."""
    optimization: Optimization = Optimization(learning_rate=3e-3, clip=1.0)
    """The optimizer."""


def _flow_recipe(
    name: str, summary: str, citation: str, options: type[FlowOptions], builder: str,
    *, circles: bool = False, mixed: bool = True,
) -> Recipe:  # fmt: skip
    return Recipe(
        name=name,
        family="flow",
        summary=summary,
        citation=citation,
        supports=frozenset(CONTINUOUS + DISCRETE) - (frozenset() if circles else {"circle"}),
        options=options,
        honors=frozenset({"weight", "noise"}),
        builder=builder,
        accepts=frozenset({"rows", "target"}),
        mixed=mixed,
        latent_space=True,
    )


# fmt: off
RECIPES = (
    Recipe(
        name="spline-flow",
        family="flow",
        summary="Rational-quadratic splines, on directions, too; codes alone are dequantized",
        citation="Durkan, Bekasov, Murray and Papamakarios 2019, Neural spline flows",
        supports=frozenset(CONTINUOUS + DISCRETE + ("sphere", "rotation")),
        options=SplineFlowOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.spline_flow:build",
        accepts=frozenset({"rows", "target"}),
        latent_space=True,
    ),
    _flow_recipe(
        "realnvp", "Affine coupling; codes alone are dequantized",
        "Dinh, Sohl-Dickstein and Bengio 2017, Density estimation using Real NVP",
        RealNVPOptions, "energeia.recipes.realnvp:build",
    ),
    _flow_recipe(
        "nice", "Additive coupling and one scaling layer: volume-preserving but for it",
        "Dinh, Krueger and Bengio 2015, NICE, arXiv:1410.8516",
        NiceOptions, "energeia.recipes.realnvp:build_nice", circles=True,
    ),
    _flow_recipe(
        "glow", "Fields: channels mixed and coupled by convolutions, half factored out per level",
        "Kingma and Dhariwal 2018, arXiv:1807.03039; Dinh et al. 2017, arXiv:1605.08803",
        GlowOptions, "energeia.recipes.glow:build", mixed=False,
    ),
    _flow_recipe(
        "maf", "Affine autoregressive layers: scores in one pass, draws column by column",
        "Papamakarios, Pavlakou and Murray 2017, arXiv:1705.07057",
        AffineAutoregressiveOptions, "energeia.recipes.autoregressive_flows:build_maf",
    ),
    _flow_recipe(
        "iaf", "Inverse affine autoregressive layers: draws in one pass, scores column by column",
        "Kingma et al. 2016, arXiv:1606.04934",
        AffineAutoregressiveOptions, "energeia.recipes.autoregressive_flows:build_iaf",
    ),
    _flow_recipe(
        "nsf-ar", "Rational-quadratic autoregressive layers, angles included",
        "Durkan, Bekasov, Murray and Papamakarios 2019, Neural spline flows",
        SplineAutoregressiveOptions, "energeia.recipes.autoregressive_flows:build_splines",
        circles=True,
    ),
    _flow_recipe(
        "planar", "Planar layers: one direction after the other is stretched",
        "Rezende and Mohamed 2015, arXiv:1505.05770",
        RankOneOptions, "energeia.recipes.rank_one:build_planar",
    ),
    _flow_recipe(
        "radial", "Radial layers: stretched around one center after the other",
        "Rezende and Mohamed 2015, arXiv:1505.05770",
        RankOneOptions, "energeia.recipes.rank_one:build_radial",
    ),
)
# fmt: on
