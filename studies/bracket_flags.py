"""How often is an annealed bracket of log Z flagged, where it is right and where it is wrong?

    python -m studies.bracket_flags

Each target has a known log Z and is annealed from a standard normal
with many seeds. A bracket is wrong if its upper side misses log Z by more than 4 of its errors,
or by more than .3 nats. Rates have 99% Clopper-Pearson bands. Thresholds were chosen on the
Gaussian and the funnel in 10 dimensions, marked in the table; the other rows judge them. Writes
``studies/bracket_flags.md``.
"""

import math
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from scipy.stats import beta

from energeia import energy
from energeia.contracts import Energy
from energeia.energies import GeometricPath, Normal
from energeia.mcmc import Mala
from energeia.mcmc.annealed import log_partition
from energeia.mcmc.bracket import Bracket, bracket_warnings

CHAINS, TEMPERATURES = 128, 300


def gaussian(d: int) -> tuple[Energy, float]:
    """A Gaussian off the origin whose covariance has eigenvalues from about .3 to 3."""
    spread = np.random.default_rng(0).normal(size=(d, d))
    precision = np.linalg.inv(spread @ spread.T / d + 0.3 * np.eye(d))
    log_z = 0.5 * (d * math.log(2 * math.pi) - np.linalg.slogdet(precision)[1])
    matrix = jnp.asarray(precision, float)
    return energy(lambda x: 0.5 * (x - 1) @ matrix @ (x - 1), d), float(log_z)


def funnel(d: int) -> tuple[Energy, float]:
    """Neal's funnel, normalized."""

    def height(x: jax.Array) -> jax.Array:
        rest = 0.5 * jnp.sum(x[1:] ** 2) * jnp.exp(-x[0]) + 0.5 * (d - 1) * x[0]
        return x[0] ** 2 / 18 + math.log(3) + rest + 0.5 * d * math.log(2 * math.pi)

    return energy(height, d), 0.0


def wells(d: int) -> tuple[Energy, float]:
    """Independent double wells between which chains move while they are hot."""
    x = np.linspace(-4, 4, 20_001)
    one = np.trapezoid(np.exp(-2 * (x**2 - 1) ** 2), x)
    return energy(lambda x: 2 * jnp.sum((x**2 - 1) ** 2), d), d * math.log(one)


def heavy(d: int) -> tuple[Energy, float]:
    """Independent Student t with 3 degrees of freedom."""
    one = math.pi * math.sqrt(3) / 2
    return energy(lambda x: 2 * jnp.sum(jnp.log1p(x**2 / 3)), d), d * math.log(one)


def narrow(d: int) -> tuple[Energy, float]:
    """A Gaussian of width 1/100 at distance 3: too far for so few temperatures."""
    log_z = 0.5 * d * math.log(2 * math.pi) - d * math.log(100.0)
    return energy(lambda x: 0.5e4 * jnp.sum((x - 3) ** 2), d), log_z


TARGETS: dict[str, Callable[[], tuple[Energy, float]]] = {
    "Gaussian, d = 10 (chosen on)": lambda: gaussian(10),
    "Gaussian, d = 2": lambda: gaussian(2),
    "Gaussian, d = 30": lambda: gaussian(30),
    "double wells, d = 4": lambda: wells(4),
    "Student t, d = 4": lambda: heavy(4),
    "funnel, d = 10 (chosen on)": lambda: funnel(10),
    "funnel, d = 3": lambda: funnel(3),
    "narrow Gaussian, d = 5": lambda: narrow(5),
}


def is_wrong(found: Bracket, log_z: float) -> bool:
    """Whether the upper side misses log Z by more than its error or than .3 nats."""
    assert found.upper.value is not None
    miss = abs(found.upper.value - log_z)
    return not miss < 4 * (found.upper.stderr or math.inf) or not miss < 0.3


def band(hits: int, trials: int) -> str:
    """A rate with its 99% band."""
    low = beta.ppf(0.005, hits, trials - hits + 1) if hits else 0.0
    high = beta.ppf(0.995, hits + 1, trials - hits) if hits < trials else 1.0
    return f"{hits} of {trials} ({low:.0%} to {high:.0%})" if trials else "-"


def row(name: str, seeds: int) -> str:
    """One line of the table."""
    target, log_z = TARGETS[name]()
    d = target.shape[0]
    path = GeometricPath(base=Normal(jnp.zeros(d), jnp.eye(d)), target=target)
    flags = {True: [], False: []}
    for seed in range(seeds):
        found = log_partition(jax.random.key(seed), path, Mala(1.0), CHAINS, TEMPERATURES)
        flags[is_wrong(found, log_z)].append(bool(bracket_warnings(found)))
    right, wrong = flags[False], flags[True]
    return f"| {name} | {band(sum(right), len(right))} | {band(sum(wrong), len(wrong))} |"


def main(seeds: int = 60) -> None:
    """Anneal, and write the table.

    Args:
        seeds: brackets of each target.
    """
    lines = [
        "# Flags on brackets of log Z",
        "",
        f"`python -m studies.bracket_flags`: {CHAINS} chains of MALA through {TEMPERATURES} "
        f"temperatures from a standard normal, {seeds} seeds. A bracket is wrong if its upper side "
        "misses log Z by more than 4 of its errors or by more than .3 nats.",
        "",
        "| target | right brackets flagged | wrong brackets flagged |",
        "|---|---|---|",
    ]
    for name in TARGETS:
        lines.append(row(name, seeds))
        print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
