"""What an evaluation finds, as it is kept on disk and read by reports. Needs no JAX."""

import msgspec

from energeia.estimate import Estimate


class TwoSample(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of generated samples with held-out data, beside data against data."""

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


class Chains(msgspec.Struct, frozen=True, kw_only=True):
    """How well chains mixed, for models that are sampled by chains."""

    kernel: str
    acceptance: float
    r_hat: float
    ess: float
    """Effective sample size over all chains."""
    autocorrelation_time: float | None
    """tau = 1/2 + sum of rho, in steps; error^2 = 2 tau variance / N. None where the chains are
    too short against their memory to tell."""
    steps: int
    chains: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured on one trained model."""

    log_likelihood: Estimate
    """Mean log-probability of a held-out row, in nats and the user's units."""
    entropy: Estimate | None = None
    """Exact entropy of the source in nats, where it is known: the best -log_likelihood."""
    divergence: Estimate | None = None
    """KL(data || model) in nats from paired log-ratios, where the source knows its density."""
    log_partition: tuple[Estimate, Estimate] | None = None
    """Bracket of log Z, lower side first, for models known up to a constant."""
    two_sample: tuple[TwoSample, ...] = ()
    coverage: Estimate | None = None
    """Fraction of held-out rows with a generated neighbor as near as their data neighbors."""
    coverage_reference: Estimate | None = None
    """The same with training rows in the place of generated ones."""
    memorization: Estimate | None = None
    """P(nearest row is a training row), as if as many held-out rows; 1/2 for an honest sampler."""
    observables: tuple[ObservableRow, ...] = ()
    chains: Chains | None = None
    samples_per_second: float | None = None
    warnings: tuple[str, ...] = ()


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
    warnings: tuple[str, ...] = ()
