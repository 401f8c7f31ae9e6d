"""A Markov chain whose proposals are independent draws of a model: exact in the limit."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from energeia._core.batching import map_rows
from energeia.contracts import Observable
from energeia.estimate import Estimate
from energeia.stats.autocorrelation import integrated_time


class IndependenceChain(NamedTuple):
    """Which draw of the model the chain stands on after each proposal, and how it moved."""

    x: Float[np.ndarray, "n *shape"]
    """The draws, in the order in which they were proposed."""
    at: Int[np.ndarray, " n"]
    acceptance: float
    """Of the proposals after the first draw, where the chain begins."""
    longest_rejection: int
    """Proposals rejected in a row at most: what the chain cannot see lasts at least as long."""

    def mean(self, observable: Observable | Callable[[Array], Any], note: str = "") -> Estimate:
        """The mean of a quantity over the chain, its error sqrt(2 tau variance / n).

        The error is that of the integrated autocorrelation time (Wolff 2004, hep-lat/0306017, in
        its simple form); without one, where the chain is too short, the kind is "none".
        """
        function = observable.value if isinstance(observable, Observable) else observable
        every = np.asarray(map_rows(_each, self.x, carry=function), np.float64)
        values = every[self.at]
        if np.ptp(values) == 0:
            return Estimate.none(f"the chain stood on one value for {len(values)} proposals")
        tau = float(integrated_time(values[None]).tau)
        if not np.isfinite(tau):
            return Estimate.none(f"a chain of {len(values)} proposals is too short for its time")
        error = np.sqrt(2 * max(tau, 0.5) * values.var() / len(values))
        told = f"chain of {len(values)} proposals, tau {tau:.2g}"
        return Estimate(float(values.mean()), float(error), "estimate", len(values), note or told)


def independence_chain(
    x: Float[np.ndarray, "n *shape"], log_weights: Float[np.ndarray, " n"], seed: int = 0
) -> IndependenceChain:
    """Accept each draw with probability min(1, w / w of the draw it stands on).

    exp(-E) is invariant, w = exp(-E) / q (Hastings 1970; as the proposal of a flow: Albergo, Kanwar
    and Shanahan 2019, arXiv:1904.12072). A mode that the model never draws is never seen.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(size=(4000, 1))
    >>> chain = independence_chain(x, np.log(2 * x[:, 0]))
    >>> found = chain.mean(lambda x: x[0])  # of the density 2 x
    >>> bool(abs(found.value - 2 / 3) < 4 * found.stderr)
    True
    """
    # A stream of its own, or draws made by NumPy from the same seed would be the levels themselves.
    levels = np.log(np.random.default_rng([seed, 0xACC]).uniform(size=len(log_weights)))
    relative = log_weights - np.max(log_weights)
    at = np.asarray(_walk(jnp.asarray(relative, float), jnp.asarray(levels, float)))
    moved = np.flatnonzero(np.diff(at, prepend=-1))
    stays = np.diff(np.append(moved, len(at))) - 1
    acceptance = (len(moved) - 1) / max(len(at) - 1, 1)
    return IndependenceChain(x, at, acceptance, int(stays.max()))


@jax.jit
def _walk(log_weights: Array, levels: Array) -> Array:
    def step(at: Array, proposal: tuple[Array, Array]) -> tuple[Array, Array]:
        number, level = proposal
        now = jnp.where(level < log_weights[number] - log_weights[at], number, at)
        return now, now

    numbers = jnp.arange(len(log_weights))
    return jax.lax.scan(step, jnp.zeros((), numbers.dtype), (numbers, levels))[1]


def _each(function: Any, x: Array) -> Array:
    return jax.vmap(function)(jnp.asarray(x))
