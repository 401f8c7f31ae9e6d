"""Records of evaluation results, as stored on disk and read by reports. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.html import html_table
from energeia.estimate import Estimate, Kind


class WeightSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the weights of a table are worth."""

    column: str
    low: float
    high: float
    negative: int
    """Number of negative weights."""
    effective_rows: float
    """(sum w)^2 / sum w^2: as many rows of equal weight have means with the same errors."""


class TwoSample(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of generated samples with held-out data, with training data as baseline."""

    name: str
    """Such as ``energy distance`` or ``classifier AUC``."""
    statistic: Estimate
    """The statistic between model samples and held-out rows."""
    p_value: float
    """Permutation p-value, or Holm-corrected where several tests are joined."""
    reference: Estimate
    """The same statistic with training rows in the place of samples."""
    reference_p_value: float
    note: str = ""


class ObservableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One physical observable from the model, from the data, and exactly where known."""

    name: str
    unit: str
    model: Estimate
    data: Estimate
    exact: Estimate | None = None
    chain: Estimate | None = None


_SIDES = {"above": "above", "below": "below", "away": "further from the median than"}


class TailRow(msgspec.Struct, frozen=True, kw_only=True):
    """Held-out rows and samples in one tail, at the depth where they differ most."""

    name: str
    """``column 0``, or ``log-density``."""
    side: Literal["above", "below", "away"]
    """``away``: in distance from the median."""
    beyond: float
    """The value at which the tail begins, in the user's units or in nats."""
    held_out: int
    """Held-out rows beyond it."""
    samples: int
    """Samples of the model beyond it."""
    p_value: float
    """Of the hypergeometric law, corrected for all depths and tails."""


class TailAudit(msgspec.Struct, frozen=True, kw_only=True):
    """Whether held-out rows lie as far out as a model's samples."""

    p_value: float
    """The least of all tails, corrected: below 0.05 in at most 5% of evaluations of a perfect
    model."""
    tails: int
    """How many were looked at."""
    held_out: int
    samples: int
    """How many rows were compared."""
    rows: tuple[TailRow, ...] = ()
    """The tails with p below 0.05, the most significant first, or the one with the least p."""

    def sentences(self) -> list[str]:
        """Each row in words."""
        return [
            f"{_SIDES[row.side]} {row.beyond:.4g} in {row.name}: {row.held_out:,} of "
            f"{self.held_out:,} held-out rows and {row.samples:,} of {self.samples:,} samples "
            f"(p = {row.p_value:.2g})"
            for row in self.rows
        ]


class ChainSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How well chains mixed, for models that are sampled by chains."""

    kernel: str
    acceptance: float
    """The mean over chains."""
    r_hat: float
    ess: float
    """N / (2 tau) over all chains, of the worst column, square of a column, or energy."""
    autocorrelation_time: float | None
    """tau = 1/2 + sum of rho of the same, in steps; error^2 = 2 tau variance / N. None where it
    is more than a fifth of a chain, which is then too short to estimate it."""
    steps: int
    chains: int
    least_acceptance: float | None = None
    """The least over chains; None in records that did not keep it."""
    still_chains: int = 0
    """How many chains never moved."""
    bias: Estimate | None = None
    """Mean energy of unadjusted chains less that of MALA on the same target, in nats; None for a
    kernel that leaves its target invariant."""


FEW_DRAWS = 0.05
"""Effective fraction of a model's draws below which reweighted numbers are suspect."""


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A model trained on an energy against that energy, at one condition or without any."""

    condition: dict[str, float] = {}
    free_energy: Estimate
    """E_q[log q + E], an upper bound on -log Z, in nats."""
    log_partition: Estimate
    """log of the mean weight exp(-E) / q over draws of the model."""
    exact_log_partition: float | None = None
    divergence: Estimate | None = None
    """KL(q || p) in nats, where log Z is known."""
    effective_fraction: float
    """(sum w)^2 / (n sum w^2); blind to modes that the model never draws."""
    largest_share: float | None = None
    """Of the largest weight in the sum of all."""
    acceptance: float | None = None
    """Of a Metropolis chain whose proposals are the draws."""
    longest_rejection: int | None = None
    """Proposals that it rejected in a row at most."""
    weight_edges: tuple[float, ...] = ()
    """Edges of a histogram of log w - log Z, nats."""
    weight_counts: tuple[int, ...] = ()
    observables: tuple[ObservableRow, ...] = ()
    """Means reweighted to exp(-E) / Z; ``data`` holds the plain mean of the model's draws and
    ``chain`` that of the Metropolis chain."""


class CompletionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How the unknown parts of rows were drawn, and how far the draws can be trusted."""

    kind: Literal["exact", "exact in the limit"]
    """In the limit of many proposals or of long chains."""
    method: str
    """``draws``, ``weighted draws``, or chains of a kernel."""
    draws: int
    """Of each row."""
    proposals: int | None = None
    """Weighted draws of each row, from which its draws are taken."""
    chains: int | None = None
    """Of each row."""
    steps: int | None = None
    """Of each chain, after those that were dropped."""
    ess: float | None = None
    """The least effective sample size of a row; None for exact draws."""
    r_hat: float | None = None
    """The largest of a row, over its unknown columns."""
    acceptance: float | None = None
    warnings: tuple[str, ...] = ()


class SolverCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What the solver of a continuous flow does to its log-probabilities."""

    tolerance: float
    """Relative and absolute."""
    steps: int = 0
    """Steps of equal length, or 0 for steps that follow the tolerance."""
    evaluations: float | None
    """Of the velocity, for one log-probability, on average; None where no row was solved."""
    change: Estimate
    """Mean change of log p under half the tolerance or twice the steps, in nats."""
    rows: int
    """Over which both are means."""
    unsolved: tuple[int, ...] = ()
    """Held-out rows at which the solver gave up."""


class LatentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """``evaluation.LatentReport`` of held-out rows, in nats; no p-value if it is not finite."""

    divergence: Estimate
    information: Estimate
    total_correlation: Estimate
    dimension_wise: Estimate
    per_latent: tuple[Estimate, ...]
    active: tuple[bool, ...]
    prior_p_value: float | None
    rows: int

    @property
    def order(self) -> tuple[int, ...]:
        """The dimensions, that of the largest divergence first."""
        values = [-(e.value or 0.0) for e in self.per_latent]
        return tuple(sorted(range(len(values)), key=values.__getitem__))


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured on one trained model."""

    log_likelihood: Estimate
    """Mean log-probability of a held-out row, in nats and the user's units."""
    entropy: Estimate | None = None
    """Exact entropy of the source in nats, where it is known: the best -log_likelihood."""
    divergence: Estimate | None = None
    """KL(data || model) in nats from paired log-ratios, where the source has an exact density."""
    log_partition: tuple[Estimate, Estimate] | None = None
    """Bracket of log Z, lower side first, for models known up to a constant."""
    solver: SolverCheck | None = None
    """For a continuous flow."""
    two_sample: tuple[TwoSample, ...] = ()
    coverage: Estimate | None = None
    """Fraction of held-out rows with a generated neighbor as near as their data neighbors."""
    coverage_reference: Estimate | None = None
    """The same with training rows in the place of generated ones."""
    memorization: Estimate | None = None
    """P(nearest row is a training row), for equal numbers of both; 1/2 without memorization."""
    observables: tuple[ObservableRow, ...] = ()
    chains: ChainSummary | None = None
    tails: TailAudit | None = None
    """How far out held-out rows and samples lie."""
    latent: LatentSummary | None = None
    """For an autoencoder."""
    samples_per_second: float | None = None
    target: tuple[TargetRow, ...] = ()
    """For a run on an energy: a row for each condition that was looked at."""
    cautions: tuple[str, ...] = ()
    """Those of the warnings that are reasons to distrust the log-likelihood or its error."""
    warnings: tuple[str, ...] = ()

    def measures(self) -> list[tuple[str, Estimate]]:
        """Every number that was measured, with its name."""
        named = [
            ("log-likelihood, nats per row", self.log_likelihood),
            ("exact entropy", self.entropy),
            ("KL(data || model)", self.divergence),
            ("change with a finer solver, nats", self.solver.change if self.solver else None),
            *((test.name, test.statistic) for test in self.two_sample),
            ("coverage", self.coverage),
            ("coverage, data", self.coverage_reference),
            ("memorization (1/2 expected)", self.memorization),
            *((row.name, row.model) for row in self.observables),
            *(pair for row in self.target for pair in _of_target(row)),
        ]
        return [(name, value) for name, value in named if value is not None]

    def _repr_html_(self) -> str:
        """A table of every number, for notebooks."""
        rows = [(name, f"{value} ({value.kind})") for name, value in self.measures()]
        return html_table("evaluation", rows + [("warning", text) for text in self.warnings])


def _of_target(row: TargetRow) -> list[tuple[str, Estimate | None]]:
    where = ", ".join(f"{name}={value:.4g}" for name, value in row.condition.items())
    where = f" at {where}" if where else ""
    return [
        (f"free energy{where}, nats", row.free_energy),
        (f"log Z{where}", row.log_partition),
        (f"KL(model || target){where}", row.divergence),
        *((f"{found.name}{where}", found.model) for found in row.observables),
    ]


class CertificateLine(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a certificate: a measured number beside its limit."""

    name: str
    status: Literal["passed", "failed", "not applicable"]
    measured: float | None = None
    """None where the line does not apply, or where it is no finite number and the line failed."""
    limit: float | None = None
    """The largest number that passes."""
    note: str = ""
    """Where and by how much, or why the line does not apply."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """Checks that the log-probability of a model is normalized and that of its samples."""

    kind: Kind
    """What the model has: an exact log-probability, a bound, an estimate of log Z, or none."""
    lines: tuple[CertificateLine, ...] = ()
    seed: int = 0
    rows: int = 0
    """How many held-out rows were given."""

    @property
    def failures(self) -> tuple[CertificateLine, ...]:
        """The lines that failed."""
        return tuple(line for line in self.lines if line.status == "failed")

    @property
    def passed(self) -> bool:
        """Whether no line failed; a line that does not apply proves nothing."""
        return not self.failures


class LeaderboardRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model of a comparison, as ``energeia compare --json`` prints it."""

    recipe: str
    family: str
    run: str
    """Folder of the run, relative to the report where possible."""
    log_likelihood: Estimate
    two_sample: dict[str, Estimate]
    """The classifier AUC and the energy distance, by name."""
    seconds: float | None
    """Training time, compile time apart."""
    compile_seconds: float | None
    samples_per_second: float | None
    parameters: int | None = None
    seeds: int = 1
    """Trainings that differ in their seed alone; all other numbers are those of the first."""
    spread: float | None = None
    """Standard deviation over seeds of the log-likelihood; None for one seed."""
    interval: float | None = None
    """sqrt(stderr^2 + (c spread)^2) with c = 1 + 1 / (2 (seeds - 1)): the error of finite held-out
    rows and of one training."""
    two_sample_spread: dict[str, float] = {}
    """Standard deviation over seeds of each two-sample statistic."""
    data: str = ""
    """Checksum of the rows: numbers of different rows are not compared."""
    validation: Estimate | None = None
    """Mean log-likelihood of the validation rows under an exact model, by which one is
    recommended; its error is not kept."""
    recommended: bool = False
    caution: str = ""
    """Why the log-likelihood or its error is not to be trusted."""
    warnings: tuple[str, ...] = ()
