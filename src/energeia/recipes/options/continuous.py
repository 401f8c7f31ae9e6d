"""Options of continuous flows. Needs no JAX."""

from typing import Literal, Self

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, OctavesOrAuto, Positive
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.flow import FEW, BaseName
from energeia.recipes.options.problem import Problem
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

PathName = Literal["linear", "trigonometric", "variance-preserving", "edm"]


class ContinuousOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options that all continuous flows share."""

    width: CountOrZero = 0
    """Width of the network; 0 for 128 up to 8 columns and 256 beyond."""
    depth: Count = 3
    """Its residual blocks."""
    octaves: OctavesOrAuto = -1
    """Octaves of sines and cosines of its inputs; -1 for 3 up to 8 columns (1 in a small table), 0
    beyond."""
    trace: Literal["auto", "exact", "estimate"] = "auto"
    """The trace of the Jacobian while it is trained or its held-out rows are scored: exact, or one
    random probe a row (Hutchinson); auto is exact up to 8 columns and on targets. Log-probabilities
    of the trained model always take it exactly."""
    tolerance: Positive = 1e-5
    """Of the solver, relative and absolute, once the model is trained."""
    shrinkage: NonNegative = 3000.0
    """Weight decay times training rows: a prior whose weight falls with the number of rows."""
    optimization: Optimization = Optimization(learning_rate=2e-3, clip=1.0)
    """The optimizer."""
    training: Training = Training(
        rounds=8000, batch=256, check_every=800, patience=4, average=0.998
    )
    """Length and monitoring of the training."""

    @property
    def exact_trace(self) -> bool:
        """Whether the trace is exact, once the options are resolved."""
        return self.trace == "exact"

    def resolved(self, problem: Problem) -> Self:
        """The options with all choices that depend on the problem made."""
        few = problem.dimension <= FEW
        fine = few and not problem.small_table
        exact = few or problem.subject == "target"
        trace = self.trace if self.trace != "auto" else ("exact" if exact else "estimate")
        return msgspec.structs.replace(
            self,
            width=self.width or (128 if few else 256),
            octaves=self.octaves if self.octaves >= 0 else (3 if fine else int(few)),
            trace=trace,
        )


class FfjordOptions(ContinuousOptions, frozen=True, kw_only=True):
    """A continuous flow by maximum likelihood, through the solver."""

    mixed: Literal["exact", "dequantized"] = "exact"
    """Tables with discrete and continuous columns, where the trace is exact: an autoregressive
    network of the codes times a flow of the rest given the codes (exact), or a flow of all columns
    with the codes dequantized."""
    base: BaseName = "student"
    """The base of a table: Student numbers, or a mixture of normal distributions fitted to the
    rows."""
    components: Count = 16
    """Components of base=mixture at most."""
    width: CountOrZero = 64
    """Width of the network; 0 for 128 up to 8 columns and 256 beyond."""
    depth: Count = 2
    """Its residual blocks."""
    training_tolerance: Positive = 1e-3
    """Of the solver while it is trained."""
    training: Training = Training(rounds=1200, batch=128, check_every=100, patience=6, average=0.99)
    """Length and monitoring of the training."""


class EquivariantOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A continuous flow of fields whose velocity has the symmetries of the lattice."""

    rank: Count = 8
    """Functions of a site that are convolved."""
    frequencies: Count = 12
    """Sines that each is a combination of."""
    harmonics: Count = 4
    """Multiples of a plaquette whose sines move its links, beside pairs of neighbors."""
    times: Count = 6
    """Bumps in time that each kernel is a combination of."""
    steps: Count = 8
    """Runge-Kutta steps while it is trained."""
    fine_steps: Count = 16
    """Those of the trained model."""
    shrinkage: NonNegative = 10.0
    """Weight decay times training rows."""
    optimization: Optimization = Optimization(learning_rate=5e-3, clip=10.0, beta2=0.99)
    """The optimizer."""
    training: Training = Training(rounds=500, batch=128, check_every=50)
    """Length and monitoring of the training."""


class PathOptions(ContinuousOptions, frozen=True, kw_only=True):
    """A velocity learned along straight paths from noise to rows."""

    path: PathName = "linear"
    """The path, and how often its times are trained on."""
    coupling: Literal["independent", "optimal-transport"] = "independent"
    """Pairs of noise and rows: independent, or near ones by an optimal-transport plan of the batch;
    these take no conditions and no weights."""
    network: Literal["velocity", "gradient"] = "velocity"
    """The velocity itself, or minus the gradient of an energy that depends on time."""

    @property
    def normal(self) -> bool:
        """Whether the noise is normal whatever the tails of the rows."""
        return False


class InterpolantOptions(PathOptions, frozen=True, kw_only=True):
    """A velocity learned along paths of constant variance."""

    path: PathName = "trigonometric"
    """The path, and how often its times are trained on."""


class DiffusionOptions(PathOptions, frozen=True, kw_only=True):
    """A denoiser at all noise levels, drawn from by its probability-flow equation."""

    path: PathName = "edm"
    """The noise: that of EDM, or variance-preserving at a linear rate."""

    @property
    def normal(self) -> bool:
        """Diffusion ends in a normal distribution."""
        return True


def _path_recipe(
    name: str, summary: str, citation: str, options: type[PathOptions], *, circles: bool = True
) -> Recipe:
    return Recipe(
        name=name,
        family="diffusion",
        summary=summary,
        citation=citation,
        supports=frozenset(CONTINUOUS + DISCRETE) - (frozenset() if circles else {"circle"}),
        options=options,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.velocities:build",
        latent_space=True,
    )


RECIPES = (
    Recipe(
        name="ffjord",
        family="flow",
        summary="Continuous flow by maximum likelihood; its equation is solved at every step",
        citation="Grathwohl et al. 2019, arXiv:1810.01367; Chen et al. 2018, arXiv:1806.07366",
        supports=frozenset(CONTINUOUS + DISCRETE),
        options=FfjordOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.ffjord:build",
        accepts=frozenset({"rows", "target"}),
        latent_space=True,
    ),
    Recipe(
        name="equivariant-flow",
        family="flow",
        summary="Continuous flow of fields or links on a periodic lattice, with its symmetries",
        citation="de Haan et al. 2021, arXiv:2110.02673; Gerdes et al. 2023, arXiv:2207.00283",
        supports=frozenset({"real", "circle"}),
        options=EquivariantOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.equivariant:build",
        accepts=frozenset({"rows", "target"}),
        latent_space=True,
    ),
    _path_recipe(
        "flow-matching",
        "Velocity along straight paths from noise to rows, trained without solving an equation",
        "Lipman et al. 2023, arXiv:2210.02747; Pooladian et al. 2023, arXiv:2304.14772",
        PathOptions,
    ),
    _path_recipe(
        "interpolant",
        "The same along trigonometric paths",
        "Albergo and Vanden-Eijnden 2023, arXiv:2209.15571",
        InterpolantOptions,
    ),
    _path_recipe(
        "diffusion",
        "Denoiser at all noise levels; draws and scores by the probability-flow equation",
        "Karras et al. 2022, arXiv:2206.00364; Song et al. 2021, arXiv:2011.13456",
        DiffusionOptions,
        circles=False,
    ),
)
