"""The arguments of every command, as frozen records. Needs no JAX."""

from typing import Annotated, Literal

import msgspec
from tyro.conf import Positional, arg

from energeia._core.ranges import Count, Finite, NonNegative, Positive, Scale, Share
from energeia.cli.common import Common, CommonArguments
from energeia.cli.quantum_arguments import (
    GroundStateArguments,
    MeasureArguments,
    TomographyArguments,
)
from energeia.evaluation.budget import LogZSettings, PartitionMethod
from energeia.runs.storage.config import DataConfig, SimulatorConfig, TargetConfig


class DataArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Options for reading data."""

    support: str = ""
    """Override supports of columns, as in 'lifetime:positive; 1-3:sphere; *:real'; conditions by
    name."""
    no_findings: bool = False
    """Do not apply bounds and periods that the values of the other columns show clearly."""
    drop_bad_rows: bool = False
    """Drop rows that contain NaN or infinity."""
    drop_columns: tuple[str, ...] = ()
    """Columns to drop, by number or name."""
    condition: Annotated[tuple[str, ...], arg(name="condition-columns")] = ()
    """Columns to condition on, by number or name."""
    weight: str = ""
    """Column of weights, by number or name: how much each row counts; it is not modeled."""
    errors: tuple[str, ...] = ()
    """Columns that were measured with errors, each with the column of its standard errors, such as
    x:x_err: the model is one of the true values."""
    blocks: bool = False
    """Split into contiguous blocks, for rows that are ordered in time."""
    fractions: tuple[Share, Share, Share] = (0.8, 0.1, 0.1)
    """Fractions of rows for training, early stopping and testing."""

    def config(self, spec: str, seed: int) -> DataConfig:
        """The data section of a run's configuration."""
        return DataConfig(
            spec=spec,
            support=self.support,
            findings=not self.no_findings,
            drop_bad_rows=self.drop_bad_rows,
            drop_columns=self.drop_columns,
            condition=self.condition,
            weight=self.weight,
            errors=self.errors,
            seed=seed,
            blocks=self.blocks,
            fractions=self.fractions,
        )


class SubjectArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Options of an energy or a simulator that a model is trained on."""

    kind: Annotated[Literal["", "rows", "target", "simulator"], arg(name="from")] = ""
    """Train on rows, on an energy (target), or on draws of a simulator; of a name that is more
    than one, rows by default."""
    allow_import: bool = False
    """Let a target or a simulator MODULE:ATTRIBUTE be imported, which runs its code."""
    budget: Count = 10_000
    """Draws of a simulator, made once and kept."""
    learn: Literal["posterior", "likelihood", "joint"] = "joint"
    """Of a simulator: model parameters given observables, the reverse, or both together."""
    location: Annotated[Finite | None, arg(name="target-location")] = None
    """Roughly where the continuous columns of a target are; by default what it says."""
    scale: Annotated[Positive | None, arg(name="target-scale")] = None
    """Roughly how wide they are; by default what it says."""

    def simulator(self, spec: str) -> SimulatorConfig:
        """The simulator section of a run's configuration."""
        return SimulatorConfig(spec=spec, budget=self.budget, learn=self.learn)

    def target(self, spec: str, support: str) -> TargetConfig:
        """The target section of a run's configuration."""
        return TargetConfig(
            spec=spec,
            support=support,
            location=self.location,
            scale=self.scale,
            allow_import=self.allow_import,
        )


Chosen = Annotated[int, msgspec.Meta(ge=8, le=1_000_000)]
_Spec = Annotated[Positional[str], arg(metavar="DATA")]
_Run = Annotated[Positional[str], arg(metavar="RUN")]
_Runs = Annotated[Positional[tuple[str, ...]], arg(metavar="RUN")]
_Data = Annotated[DataArguments, arg(name="")]


class InspectArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Describe data: shape, support, problems, and the recipes that apply."""

    data: _Spec
    """A file or a named source such as ising:L=8,beta=0.4407, digits, moons."""
    reading: _Data = DataArguments()
    common: CommonArguments = Common()


class CompareArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Fit one recipe of each family and the baselines, print a leaderboard, write a report."""

    data: _Spec
    """A file or a named source."""
    recipes: tuple[str, ...] = ()
    """Recipes to fit; one of each family by default."""
    out: str = ""
    """Folder of the runs; a new one under runs/ by default."""
    report: str = ""
    """HTML report to write; report.html in the folder of the runs by default."""
    scale: Scale = 1.0
    """Factor on the rounds of every recipe and, below one, on its number of importance weights."""
    minutes: Positive | None = None
    """About how long all takes, evaluations included, in place of the rounds of each recipe."""
    seeds: Count = 1
    """Trainings of each recipe that differ in their seed; the leaderboard has their spread."""
    precision: Literal[32, 64] = 32
    """Floating-point precision in bits."""
    resume: bool = False
    """Continue in --out: finished runs are kept, interrupted ones continue."""
    reading: _Data = DataArguments()
    common: CommonArguments = Common()


class ResumeArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Continue an interrupted run, bit for bit as if it had not been interrupted."""

    run: _Run
    """Folder of the run."""
    allow_import: bool = False
    """Let the target MODULE:ATTRIBUTE of the run be imported, which runs its code."""
    common: CommonArguments = Common()


class SampleArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Draw samples from a run."""

    run: _Run
    """Folder of the run."""
    n: Annotated[Count, arg(aliases=["-n"])] = 1000
    """Number of samples."""
    out: Annotated[str, arg(aliases=["-o"])] = "samples.npy"
    """The .npy or .csv file to write."""
    condition: tuple[Finite, ...] = ()
    """Values of the condition columns, one number per column."""
    kernel: Literal["", "mala", "hmc", "langevin", "jumping"] = ""
    """Run Markov chains with this kernel on the energy; by default, sample the model directly."""
    latent: Literal["", "pullback", "tilt", "plain"] = ""
    """Run the chains in the latent space: for exp(-E) on the image of G (pullback), for p_G exp(-E)
    (tilt), or with E(G(z)) as the energy of z (plain)."""
    steps: Annotated[int, msgspec.Meta(ge=8)] = 200
    """Steps of each chain."""
    step_size: NonNegative = 0.0
    """Step size of the kernel; 0 tunes it in a pilot run."""
    temperature: Positive = 1.0
    """Temperature T: of exp(-E / T) with chains, of prior(z)^(1/T) without."""
    truncation: NonNegative = 0.0
    """Without chains: truncate the latent prior at this many standard deviations; 0 for none."""
    common: CommonArguments = Common()


class CompleteArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Draw the unknown entries of rows given the known ones."""

    run: _Run
    """Folder of the run."""
    data: Annotated[Positional[str], arg(metavar="HOLES")]
    """A file of rows with NaN or empty cells where nothing is known."""
    n: Annotated[Count, arg(aliases=["-n"])] = 10
    """Number of draws of each row."""
    out: Annotated[str, arg(aliases=["-o"])] = "completed.npz"
    """The .npz file for the draws, their kind and their diagnostics."""
    condition: tuple[Finite, ...] = ()
    """Values of the condition columns, where they are not columns of the file."""
    proposals: Chosen = 1024
    """Weighted draws of each row, of models that draw with weights."""
    chains: Chosen = 16
    """Chains of each row, of models that run chains."""
    steps: Chosen = 400
    """Steps of each chain; the first half is dropped."""
    common: CommonArguments = Common()


class ScoreArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Log-likelihood of rows: mean, error and kind; with --out also of each row."""

    run: _Run
    """Folder of the run."""
    data: _Spec
    """A file or a named source with the columns that the run was trained on."""
    out: Annotated[str, arg(aliases=["-o"])] = ""
    """A .npy or .csv file for the log-likelihood of each row."""
    drop_bad_rows: bool = False
    """Drop rows that contain NaN or infinity."""
    common: CommonArguments = Common()


class EvaluateArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Measure runs against held-out data: likelihood, two-sample tests, coverage, observables."""

    runs: _Runs
    """Folders of runs."""
    data: str = ""
    """A file or a named source; the run's own held-out rows, or its target, by default."""
    allow_import: bool = False
    """Let the target MODULE:ATTRIBUTE of a run be imported, which runs its code."""
    common: CommonArguments = Common()


class CertifyArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Check that a log-probability is normalized, consistent, and that of the samples."""

    run: _Run
    """Folder of the run."""
    common: CommonArguments = Common()


class LogZArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The logarithm of the integral of exp(-E) of a target, by chains or exactly."""

    target: Annotated[Positional[str], arg(metavar="TARGET")]
    """A named target such as funnel, or MODULE:ATTRIBUTE with --allow-import."""
    method: PartitionMethod = "smc"
    """Populations of particles (smc), importance sampling by annealing, parallel tempering, or the
    sum over all configurations of finite alphabets (enumeration)."""
    condition: tuple[Finite, ...] = ()
    """Values of the target's conditions."""
    support: str = ""
    """The support of each column of an energy that declares none, as "0:positive; *:real"."""
    location: Finite | None = None
    """Roughly where the continuous columns are; by default what the target says."""
    scale: Positive | None = None
    """Roughly how wide they are; by default what the target says."""
    allow_import: bool = False
    """Let the target MODULE:ATTRIBUTE be imported, which runs its code."""
    settings: Annotated[LogZSettings, arg(name="")] = LogZSettings()
    common: CommonArguments = Common()


class ReportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Write an HTML report on runs, from their files only."""

    runs: _Runs
    """Folders of runs."""
    out: Annotated[str, arg(aliases=["-o"])] = "report.html"
    """The HTML file to write."""
    common: CommonArguments = Common()


class ListArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the runs in a folder."""

    root: Positional[str] = "runs"
    """The folder of runs."""
    common: CommonArguments = Common()


class RecipesArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the recipes by family, or show the options, defaults and papers of one recipe."""

    name: Positional[str] = ""
    """Name of a recipe; all recipes by default."""
    common: CommonArguments = Common()


class SourcesArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the named sources of data, or show the parameters of one source."""

    name: Positional[str] = ""
    """Name of a source; all sources by default."""
    common: CommonArguments = Common()


class TargetsArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the named targets, energies to train on, or show the parameters of one."""

    name: Positional[str] = ""
    """Name of a target; all targets by default."""
    common: CommonArguments = Common()


class SimulatorsArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the named simulators, whose draws can be trained on, or the parameters of one."""

    name: Positional[str] = ""
    """Name of a simulator; all simulators by default."""
    common: CommonArguments = Common()


COMMANDS: dict[str, type[msgspec.Struct]] = {
    "inspect": InspectArguments,
    "compare": CompareArguments,
    "resume": ResumeArguments,
    "sample": SampleArguments,
    "complete": CompleteArguments,
    "score": ScoreArguments,
    "evaluate": EvaluateArguments,
    "certify": CertifyArguments,
    "log-z": LogZArguments,
    "report": ReportArguments,
    "list": ListArguments,
    "recipes": RecipesArguments,
    "sources": SourcesArguments,
    "targets": TargetsArguments,
    "simulators": SimulatorsArguments,
    "measure": MeasureArguments,
    "ground-state": GroundStateArguments,
    "tomography": TomographyArguments,
}
"""Every command but ``fit``, whose options depend on its recipe."""


_INIT = "Start from the arrays that a run kept, where name and shape are the same."
_MINUTES = "About how long training takes, for all seeds together, in place of rounds."
_SEEDS = "Trainings that differ in their seed, in OUT, OUT-seed1, ..."
_SUBJECT = "A file, a named source, or a target: `energeia targets` lists them."


def fit_arguments(options: msgspec.Struct | None) -> type[msgspec.Struct]:
    """The arguments of ``fit`` with the options of one recipe."""
    recipes = "A recipe; `energeia recipes` lists them."
    fields = [
        ("data", Annotated[Positional[str], arg(metavar="DATA", help=_SUBJECT)]),
        ("recipe", Annotated[Positional[str], arg(metavar="RECIPE", help=recipes)]),
        ("out", Annotated[str, arg(help="Folder of the run; a fresh one by default.")], ""),
        ("config", Annotated[str, arg(help="A TOML file of options, as runs write it.")], ""),
        ("init", Annotated[str, arg(metavar="RUN", help=_INIT)], ""),
        ("minutes", Annotated[Positive | None, arg(help=_MINUTES)], None),
        ("seeds", Annotated[Count, arg(help=_SEEDS)], 1),
        ("precision", Annotated[Literal[32, 64], arg(help="Bits of a number.")], 32),
        ("reading", _Data, DataArguments()),
        ("subject", Annotated[SubjectArguments, arg(name="")], SubjectArguments()),
        ("common", CommonArguments, Common()),
    ]
    if options is not None:
        fields.append(("options", Annotated[type(options), arg(name="")], options))
    made = msgspec.defstruct("Fit", fields, frozen=True, kw_only=True)
    made.__doc__ = "Train one recipe on data and keep the run in a folder."
    return made
