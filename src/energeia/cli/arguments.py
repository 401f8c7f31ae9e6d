"""The arguments of every command, as frozen records. Needs no JAX."""

from typing import Annotated, Literal

import msgspec
from tyro.conf import Positional, arg

from energeia._core.ranges import Count, Finite, NonNegative, Positive, Seed, Share
from energeia.runs.storage.config import DataConfig


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Options of every command."""

    seed: Seed = 0
    """The seed of all random numbers."""
    json: bool = False
    """Print one JSON object on standard output and nothing else there."""
    debug: bool = False
    """Show the whole traceback of an error."""


class DataArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Options for reading data."""

    support: str = ""
    """Override the supports of columns, as 'lifetime:positive; 1-3:circle(-3.2,3.2); *:real'."""
    drop_bad_rows: bool = False
    """Leave out rows that hold NaN or infinity."""
    drop_columns: tuple[str, ...] = ()
    """Columns to leave out, by number or name."""
    condition: Annotated[tuple[str, ...], arg(name="condition-columns")] = ()
    """Columns to condition on, by number or name."""
    blocks: bool = False
    """Split into contiguous blocks, for rows that are ordered in time."""
    fractions: tuple[Share, Share, Share] = (0.8, 0.1, 0.1)
    """Fractions of rows for training, early stopping and testing."""

    def config(self, spec: str, seed: int) -> DataConfig:
        """The data section of a run's configuration."""
        return DataConfig(
            spec=spec,
            support=self.support,
            drop_bad_rows=self.drop_bad_rows,
            drop_columns=self.drop_columns,
            condition=self.condition,
            seed=seed,
            blocks=self.blocks,
            fractions=self.fractions,
        )


_Spec = Annotated[Positional[str], arg(metavar="DATA")]
_Run = Annotated[Positional[str], arg(metavar="RUN")]
_Runs = Annotated[Positional[tuple[str, ...]], arg(metavar="RUN")]
_Data = Annotated[DataArguments, arg(name="")]
_Common = Annotated[Common, arg(name="")]


class InspectArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Describe data: shape, support, defects, and which recipes apply."""

    data: _Spec
    """A file or a named source such as ising:L=8,beta=0.4407, digits, moons."""
    reading: _Data = DataArguments()
    common: _Common = Common()


class CompareArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Fit one recipe of each family, print a leaderboard, write a report."""

    data: _Spec
    """A file or a named source."""
    recipes: tuple[str, ...] = ()
    """These recipes instead of one of each family."""
    out: str = ""
    """Folder of the runs; a fresh one under runs/ by default."""
    report: str = ""
    """The page to write; report.html in the folder of the runs by default."""
    scale: Positive = 1.0
    """Multiply the rounds of every recipe and, below one, the importance weights that score it."""
    precision: Literal[32, 64] = 32
    """Bits of a number."""
    resume: bool = False
    """Continue in --out: finished runs are kept, interrupted ones continue."""
    reading: _Data = DataArguments()
    common: _Common = Common()


class ResumeArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Continue an interrupted run, bit for bit as if it had not been interrupted."""

    run: _Run
    """Folder of the run."""
    common: _Common = Common()


class SampleArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Draw samples from a run."""

    run: _Run
    """Folder of the run."""
    n: Annotated[Count, arg(aliases=["-n"])] = 1000
    """How many."""
    out: Annotated[str, arg(aliases=["-o"])] = "samples.npy"
    """The .npy or .csv file to write."""
    condition: tuple[Finite, ...] = ()
    """The condition, one number a column."""
    kernel: Literal["", "mala", "hmc", "langevin", "jumping"] = ""
    """Draw by chains of this kernel on the run's energy; without it, from the model itself."""
    latent: Literal["", "pullback", "tilt", "plain"] = ""
    """Chains in the latent space: for exp(-E) on the image of G, p_G exp(-E), or E(G(z)) alone."""
    steps: Annotated[int, msgspec.Meta(ge=8)] = 200
    """Steps of each chain."""
    step_size: NonNegative = 0.0
    """Step size of the kernel; 0 to tune it in a pilot run."""
    temperature: Positive = 1.0
    """T of exp(-E / T) with chains, of prior(z)^(1/T) without."""
    truncation: NonNegative = 0.0
    """Without chains: truncate the latent prior at so many deviations; 0 for no truncation."""
    common: _Common = Common()


class ScoreArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Log-likelihood of rows: mean, error and kind; each row with --out."""

    run: _Run
    """Folder of the run."""
    data: _Spec
    """A file or a named source with the columns that the run was trained on."""
    out: Annotated[str, arg(aliases=["-o"])] = ""
    """A .npy or .csv file for the number of each row."""
    drop_bad_rows: bool = False
    """Leave out rows that hold NaN or infinity."""
    common: _Common = Common()


class EvaluateArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Measure runs against held-out data: likelihood, two-sample tests, coverage, observables."""

    runs: _Runs
    """Folders of runs."""
    data: str = ""
    """A file or a named source; the run's own held-out rows by default."""
    common: _Common = Common()


class ReportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Write one page about runs, from their files alone."""

    runs: _Runs
    """Folders of runs."""
    out: Annotated[str, arg(aliases=["-o"])] = "report.html"
    """The page to write."""
    common: _Common = Common()


class ListArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the runs in a folder."""

    root: Positional[str] = "runs"
    """The folder of runs."""
    common: _Common = Common()


class RecipesArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the recipes by family; of one, every option with its default, and its papers."""

    name: Positional[str] = ""
    """A recipe; all of them by default."""
    common: _Common = Common()


class SourcesArguments(msgspec.Struct, frozen=True, kw_only=True):
    """List the named sources of data; of one, its parameters."""

    name: Positional[str] = ""
    """A source; all of them by default."""
    common: _Common = Common()


class TomographyArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Reconstruct a quantum state from shots: network, baselines, table, report."""

    shots: Annotated[Positional[str], arg(metavar="SHOTS")]
    """A file of shots: outcomes, bases and signs, counts (.npz, .npy, .csv, .h5, .json)."""
    povm: str = ""
    """The measurement: pauli-4, pauli-6, tetrahedral or a .npy file of effects; else as stored."""
    truth: str = ""
    """The state behind the shots, a matrix-product state in a .npz file."""
    noise: Share = 0.0
    """Strength of local depolarizing noise on the truth, 0 to 1."""
    hamiltonian: str = ""
    """A chain whose energy is computed, such as tfim:J=1,h=1."""
    observables: tuple[str, ...] = ()
    """Sums of Pauli strings, each in quotes, such as "Z0 Z8" "0.5 X0 + 0.5 X1"."""
    correlator: Literal["X", "Y", "Z"] = "Z"
    """The Pauli matrix whose correlations are shown against distance."""
    models: tuple[str, ...] = ()
    """Recipes in the place of the network and the baselines."""
    seeds: Count = 1
    """Trainings of each network and Born machine."""
    scale: Positive = 1.0
    """Multiply the rounds of every recipe."""
    samples: Count = 50_000
    """Strings drawn from each model to measure it."""
    first: Literal[0, 1] | None = None
    """The first outcome code of integer rows, where the file does not state it."""
    bit_order: Literal["left", "right"] | None = None
    """Side of qubit 0 in the strings of a counts file."""
    out: Annotated[str, arg(aliases=["-o"])] = ""
    """Folder of the runs and the report; a fresh one under runs/ by default."""
    resume: bool = False
    """Continue in --out: finished runs are kept, interrupted ones continue."""
    common: _Common = Common()


class MeasureArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Measure every site of a matrix-product state: exact shots in a file."""

    state: Annotated[Positional[str], arg(metavar="STATE")]
    """A .npz file with one array (left, d, right) for each site."""
    povm: str = "pauli-4"
    """pauli-4 (bases and signs are kept), pauli-6, tetrahedral, trine, or a file of effects."""
    shots: Count = 60_000
    """How many."""
    noise: Share = 0.0
    """Strength of local depolarizing noise, 0 to 1."""
    out: Annotated[str, arg(aliases=["-o"])] = "shots.npz"
    """The .npz file to write."""
    common: _Common = Common()


class GroundStateArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Find the ground state of an open spin chain by DMRG (needs energeia[quantum])."""

    chain: Annotated[Positional[str], arg(metavar="CHAIN")]
    """tfim:N=50,J=1,h=1, or xxz (J, Delta, h), or heisenberg (J, h)."""
    bond: Count = 64
    """The largest bond dimension."""
    out: Annotated[str, arg(aliases=["-o"])] = "mps.npz"
    """The .npz file to write."""
    common: _Common = Common()


COMMANDS: dict[str, type[msgspec.Struct]] = {
    "inspect": InspectArguments,
    "compare": CompareArguments,
    "resume": ResumeArguments,
    "sample": SampleArguments,
    "score": ScoreArguments,
    "evaluate": EvaluateArguments,
    "report": ReportArguments,
    "list": ListArguments,
    "recipes": RecipesArguments,
    "sources": SourcesArguments,
    "measure": MeasureArguments,
    "ground-state": GroundStateArguments,
    "tomography": TomographyArguments,
}
"""Every command but ``fit``, whose options depend on its recipe."""


def fit_arguments(options: type[msgspec.Struct] | None) -> type[msgspec.Struct]:
    """The arguments of ``fit`` with the options of one recipe."""
    recipes = "A recipe; `energeia recipes` lists them."
    fields = [
        ("data", Annotated[Positional[str], arg(metavar="DATA", help="A file or a named source.")]),
        ("recipe", Annotated[Positional[str], arg(metavar="RECIPE", help=recipes)]),
        ("out", Annotated[str, arg(help="Folder of the run; a fresh one by default.")], ""),
        ("config", Annotated[str, arg(help="A TOML file of options, as runs write it.")], ""),
        ("precision", Annotated[Literal[32, 64], arg(help="Bits of a number.")], 32),
        ("reading", _Data, DataArguments()),
        ("common", _Common, Common()),
    ]
    if options is not None:
        fields.append(("options", Annotated[options, arg(name="")], options()))
    made = msgspec.defstruct("Fit", fields, frozen=True, kw_only=True)
    made.__doc__ = "Train one recipe on data and keep the run in a folder."
    return made
