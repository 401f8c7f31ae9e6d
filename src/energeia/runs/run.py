"""A trained model on disk, opened for use: sample, score, energy, evaluate."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from energeia._core.batching import map_rows
from energeia._core.errors import InputError, NoSuchCapability, NotNormalized
from energeia._core.precision import each_in_precision, use_precision
from energeia._core.ranges import Count, Seed, require_in
from energeia.contracts import Density, Energy, Generator
from energeia.energies.target import Target
from energeia.estimate import Estimate
from energeia.evaluation.bounds import BoundSettings, LatentBounds, latent_bounds
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.completion import CompletionSettings
from energeia.evaluation.latents import LatentReport
from energeia.evaluation.likelihood import energies, log_likelihood, log_probs, reweighted
from energeia.evaluation.reweighting import Reweighted
from energeia.evaluation.samples import draw_blocks
from energeia.models.joint import joint_of
from energeia.models.measured import measured_law
from energeia.recipes.options.problem import Problem
from energeia.records import Certificate, Evaluation
from energeia.runs import rowwise
from energeia.runs.building import in_user_units
from energeia.runs.chain_sampling import ChainSamples, ChainSettings, chain_samples
from energeia.runs.completing import Completion, completion
from energeia.runs.latent import LatentSubject, decoded, encoded, reported, with_truncated_prior
from energeia.runs.opening import as_conditions, as_rows, as_user_rows, with_errors
from energeia.runs.own_precision import in_own_precision
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.summary import summary
from energeia.runs.weighing import weighed


class Scores(NamedTuple):
    """Log-likelihood of rows in nats, one number a row, and their mean with its kind."""

    rows: np.ndarray
    mean: Estimate


class Run:
    """A trained model with its configuration and folder; returned by ``fit`` and ``load``."""

    def __init__(
        self, directory: RunDirectory, config: RunConfig, problem: Problem, standardized_model: Any,
        target: Energy | Target | None = None, proposal: Any = None,
    ) -> None:  # fmt: skip
        self.directory, self.config, self.problem = directory, config, problem
        self.target = target
        """The energy that the run was trained on, where it is an object of this program."""
        self.standardized_model = standardized_model
        """The model of rows as ``problem.standardization`` makes them, which all verbs ask."""
        self.proposal = proposal
        """The mixture that proposes true values of rows with errors, where one was fitted."""

    def with_target(self, target: Energy | Target | None) -> "Run":
        """The same run with its energy, an object of this program, at hand."""
        given = (self.directory, self.config, self.problem, self.standardized_model)
        return Run(*given, target, self.proposal)

    @cached_property
    def model(self) -> Any:
        """The model in the user's units, for use of its parts or under JAX transformations.

        Its arrays are those of the device: a float32 may not tell the user's values apart.
        """
        with use_precision(self.config.precision):
            return in_user_units(self.standardized_model, self.problem)

    @property
    def law_of_rows(self) -> Any:
        """The law of standardized rows as they are measured: the model itself for rows without
        errors, else ``models.measured``, at the condition of errors."""
        if "noise" not in self.problem.fields:
            return self.standardized_model
        return measured_law(self.standardized_model, self.proposal)

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.directory.path

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the modeled columns, as the data had them."""
        return self.directory.data.columns

    def _repr_html_(self) -> str:
        return summary(self)

    def sample(
        self, n: int, seed: int = 0, condition: Any = None, *, temperature: float = 1.0,
        truncation: float = 0.0,
    ) -> np.ndarray:  # fmt: skip
        """Draw ``n`` configurations in the user's units, shape ``(n, *layout)``.

        With ``temperature`` T a latent vector comes from prior(z)^(1/T), and with ``truncation``
        t its components are truncated at t deviations.

        Raises:
            InputError: if ``n`` is not positive, or a condition is missing or of another shape.
            NoSuchCapability: if the model is an energy without a sampler, or truncation is
            requested and it has no latent space.
        """
        batches = self.sample_batches(
            n, seed=seed, condition=condition, temperature=temperature, truncation=truncation
        )
        return np.concatenate(list(batches))

    @in_own_precision
    def sample_batches(
        self, n: int, size: int | None = None, seed: int = 0, condition: Any = None, *,
        temperature: float = 1.0, truncation: float = 0.0,
    ) -> Iterator[np.ndarray]:  # fmt: skip
        """The rows of ``sample`` in batches of at most ``size``, so that memory holds one of them.

        Raises:
            InputError: as ``sample``, at once and not at the first batch.
            NoSuchCapability: as ``sample``.
        """
        require_in(Count, n, "n")
        require_in(Seed, seed, "seed")
        require_in(Count | None, size, "size")
        model = self.standardized_model
        if temperature != 1.0 or truncation != 0.0:
            model = with_truncated_prior(model, self.config.recipe, temperature, truncation)
        if not isinstance(model, Generator):
            raise NoSuchCapability(f"{self.path} is an energy without a sampler: use its chains")
        conditions = as_conditions(self.problem, condition, n if np.ndim(condition) > 1 else 1)
        if conditions is not None:
            # One condition for all is never held n times.
            conditions = np.broadcast_to(np.asarray(conditions), (n, conditions.shape[-1]))
        blocks = draw_blocks(model, jax.random.key(seed), n, conditions)
        rows = (self._rows(block) for block in each_in_precision(self.config.precision, blocks))
        return rows if size is None else rowwise.in_batches(rows, size)

    @in_own_precision
    def sample_chains(
        self, n: int, settings: ChainSettings, seed: int = 0, condition: Any = None
    ) -> ChainSamples:
        """Final states of ``n`` chains on a named energy, with their diagnostics.

        Raises:
            InputError: for settings that cannot be used, more than one condition, ``n`` below 1.
            NoSuchCapability: if the model has no such energy; the message says which do.
            ChainsStuck: if no chain ever moved.
        """
        require_in(Count, n, "n")
        require_in(Seed, seed, "seed")
        if np.ndim(condition) > 1:
            raise InputError("chains were given many conditions: give one for all of them")
        rows = as_conditions(self.problem, condition, 1)
        one_condition = None if rows is None else rows[0]
        found = chain_samples(
            self.standardized_model,
            self.config.recipe,
            n,
            settings,
            jax.random.key(seed),
            one_condition,
        )
        return found._replace(x=self._rows(found.x))

    @in_own_precision
    def complete(
        self, x: Any, known: Any = None, n: int = 1, seed: int = 0, condition: Any = None,
        settings: CompletionSettings | None = None,
    ) -> Completion:  # fmt: skip
        """Draw the unknown entries of rows given the known ones, ``n`` times for each row.

        Autoregressive models, Born machines and counted tables draw with weights, exactly where the
        known columns come first in the order (a Born machine always); other models run chains on
        the conditional distribution, Gibbs sweeps for Boltzmann machines and MALA for flows and
        energies of reals. ``kind`` and ``diagnostics`` of the result say which, and how well.

        Args:
            x: rows of shape ``(rows, *layout)`` or ``(rows, d)``, or one configuration.
            known: True where an entry of ``x`` is known, for each row or for all of them; by
                default where it is not NaN.
            n: draws of each row.
            seed: that of the draws.
            condition: one condition, or one for each row.
            settings: the proposals or chains that are spent on each row.

        Raises:
            InputError: for rows or a mask of another shape, known values outside the support or
                of probability zero.
            NoSuchCapability: if the model can neither draw nor sample what is asked for.
        """
        require_in(Count, n, "n")
        require_in(Seed, seed, "seed")
        return completion(
            self.standardized_model, self.problem, x, known, n, seed, condition, settings
        )

    @in_own_precision
    def log_prob(self, x: Any, condition: Any = None) -> np.ndarray:
        """The exact log-probability of each row in nats, in the user's units.

        Raises:
            NotNormalized: if the model only has a bound or an estimate: ``score`` gives it.
            InputError: for rows of another shape, not finite, or outside the support.
        """
        if not isinstance(self.standardized_model, Density):
            raise NotNormalized(
                f"{self.config.recipe} has no exact log-probability: "
                "use score(x) for a bound or an estimate with its kind, or energy(x)"
            )
        rows = as_rows(self.problem, x, condition)
        return map_rows(
            log_probs, rows.x, *rowwise.given(rows.condition), carry=self.standardized_model
        )

    @in_own_precision
    def energy(self, x: Any, condition: Any = None) -> np.ndarray:
        """The energy of each row in nats, -log p(x) up to a constant.

        Raises:
            NoSuchCapability: if the model has no energy that can be computed.
            InputError: for rows of another shape, not finite, or outside the support.
        """
        if not isinstance(self.standardized_model, Energy):
            raise NoSuchCapability(
                f"{self.config.recipe} has no energy in closed form: a Density or an energy model "
                "has one; score(x) estimates -E where it can"
            )
        if isinstance(self.standardized_model, Density):
            return -self.log_prob(x, condition)
        rows = as_rows(self.problem, x, condition)
        return map_rows(
            energies, rows.x, *rowwise.given(rows.condition), carry=self.standardized_model
        )

    @in_own_precision
    def reweight(
        self, n: int = 10_000, seed: int = 0, condition: Any = None, *, allow_import: bool = False
    ) -> Reweighted:
        """Draws with their exact weights against the energy that the run was trained on.

        Raises:
            InputError: for a run on rows, a wrong condition, or an energy that is not at hand.
        """
        return weighed(self, n, seed, condition, allow_import=allow_import)

    @in_own_precision
    def score(
        self, x: Any, condition: Any = None, seed: int = 0, budget: EvaluationBudget | None = None,
        *, weight: Any = None, errors: Any = None,
    ) -> Scores:  # fmt: skip
        """The log-likelihood of each row, exact or not, and the mean with its error and kind.

        ``budget`` limits the importance weights or annealed chains of a bound or an estimate.
        ``weight`` says how much each row counts in the mean. ``errors``, standard errors of the
        shape of the rows, make it the likelihood of measured rows; without, rows are exact.

        Raises:
            InputError: for rows of another shape, not finite, or outside the support, and for
                errors that a run was not trained with.
        """
        require_in(Seed, seed, "seed")
        rows = as_rows(self.problem, x, condition)
        key, model, given = jax.random.key(seed), self.standardized_model, rows.condition
        if errors is not None:
            model, given = self.law_of_rows, with_errors(self.problem, errors, rows)
        found = log_likelihood(model, rows.x, given, key=key, budget=budget)
        found = reweighted(found, weight)
        return Scores(np.asarray(found.rows), found.estimate)

    def score_batches(
        self, x: Any, condition: Any = None, seed: int = 0, size: int = 65_536, *,
        weight: Any = None, errors: Any = None,
    ) -> Iterator[Scores]:  # fmt: skip
        """The scores of ``score`` in batches of ``size`` rows, where the log-probability is exact.

        Bounds and estimates share their importance weights or annealed chains among all rows: they
        come in one batch.

        Raises:
            InputError: as ``score``.
        """
        require_in(Count, size, "size")
        rows = as_user_rows(self.problem, x)
        exact = self.standardized_model if errors is None else self.law_of_rows
        if not isinstance(exact, Density):
            yield self.score(rows, condition, seed, weight=weight, errors=errors)
            return
        several = np.ndim(condition) > 1 and len(condition) == len(rows)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            given = condition[part] if several else condition
            counted = None if weight is None else weight[part]
            noise = None if errors is None else errors[part]
            yield self.score(rows[part], given, seed, weight=counted, errors=noise)

    @in_own_precision
    def encode(self, x: Any, condition: Any = None, seed: int = 0) -> np.ndarray:
        """A latent vector of each row, shape ``(n, latent)``.

        The one z = f(x) of a flow (with discrete columns dequantized by noise), a draw of q(z|x) of
        a variational autoencoder, of the hidden units given x of a restricted Boltzmann machine.

        Raises:
            NoSuchCapability: if the model has no encoder.
            InputError: for rows of another shape, not finite, or outside the support.
        """
        return encoded(self._latent_subject, x, condition, seed)

    @in_own_precision
    def decode(self, z: Any, condition: Any = None, seed: int = 0) -> np.ndarray:
        """A configuration of each latent vector in the user's units, shape ``(n, *layout)``: the
        one x of a flow, a draw of p(x|z) of a variational autoencoder or Boltzmann machine.

        Raises:
            NoSuchCapability: if the model has no encoder.
            InputError: for a condition that does not fit.
        """
        return self._rows(decoded(self._latent_subject, z, condition, seed))

    @property
    def _latent_subject(self) -> LatentSubject:
        return LatentSubject(self.standardized_model, self.config.recipe, self.problem)

    def reconstruct(self, x: Any, condition: Any = None, seed: int = 0) -> np.ndarray:
        """Each row encoded and decoded again, shape ``(n, *layout)``: itself for a flow, a draw of
        p(x|z), z ~ q(z|x), for a VAE, a Gibbs sweep for ``rbm``. Raises what ``encode`` does."""
        return self.decode(self.encode(x, condition, seed), condition, seed)

    @in_own_precision
    def latent_report(self, x: Any, condition: Any = None, seed: int = 0) -> LatentReport:
        """What the latent vectors of rows hold, see ``evaluation.latents.latent_report``.

        Raises:
            NoSuchCapability: if the model is no variational autoencoder.
            InputError: for one row, or rows that do not fit the run.
        """
        return reported(self._latent_subject, x, condition, seed)

    @in_own_precision
    def bounds(
        self, x: Any, condition: Any = None, seed: int = 0, *, noise: float | None = None,
        settings: BoundSettings | None = None,
    ) -> LatentBounds:  # fmt: skip
        """log p(x) from below, and how far below, by annealing over latent vectors.

        For variational autoencoders and, with the standard deviation ``noise`` of observation noise
        in those of the columns, generators. See ``evaluation.bounds.latent_bounds``.

        Raises:
            NoSuchCapability: if the model has no latent vectors, or an exact likelihood.
            InputError: for rows that do not fit, a generator without noise or of other than reals.
        """
        joint = joint_of(self.standardized_model, noise)
        if joint is None:
            raise NoSuchCapability(
                f"{self.config.recipe} is not bounded by annealing over latent vectors: score(x) "
                "gives what is known of its likelihood"
            )
        rows = as_rows(self.problem, x, condition)
        return latent_bounds(jax.random.key(seed), joint, rows.x, rows.condition, settings)

    def evaluate(
        self, data: Any = None, seed: int = 0, budget: EvaluationBudget | None = None, *,
        allow_import: bool = False,
    ) -> Evaluation:  # fmt: skip
        """Likelihood, two-sample tests, coverage and observables, stored in the run's folder.

        Against the run's own held-out rows, or against ``data``: a file, a named source, an array
        or a data frame. A run on an energy is measured against that energy.

        Raises:
            InputError: for data that cannot be read or do not fit the run.
        """
        # The evaluation imports scikit-learn, which sampling and scoring do not need.
        from energeia.runs.evaluating import evaluate, evaluate_on_target

        if self.config.target is not None and data is None:
            return evaluate_on_target(
                self.standardized_model, self.directory, self.target, seed=seed,
                allow_import=allow_import,
            )  # fmt: skip
        return evaluate(self.law_of_rows, self.directory, data, seed=seed, budget=budget)

    def certify(self, seed: int = 0) -> Certificate:
        """Check the log-probability and keep the result, see ``certifying.certify_run``."""
        from energeia.runs.certifying import certify_run

        return certify_run(self, seed)

    def _rows(self, z: np.ndarray) -> np.ndarray:
        """Draws in the user's units, each in the layout of the data."""
        x = self.problem.standardization.decode(z.reshape(len(z), -1))
        return x.reshape(len(x), *self.problem.layout)
