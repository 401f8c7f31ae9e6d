"""Times of exact shots and exact log-probabilities of a matrix-product state.

    python studies/shots.py

draws 1,000,000 ``pauli-4`` shots of a real random state of 50 sites and bond dimension 28, and
scores 20,000 of them; compilation is in the times.
"""

import time

import jax
import tyro

from energeia.physics.quantum.mps import random
from energeia.physics.quantum.mps_outcomes import log_prob, sample_outcomes
from energeia.physics.quantum.povm import povm_named


def main(
    n_sites: int = 50,
    bond: int = 28,
    shots: int = 1_000_000,
    scored: int = 20_000,
    povm: str = "pauli-4",
    real: bool = True,
) -> None:
    """Print both times, in seconds."""
    state, measurement = random(0, n_sites, bond, real=real), povm_named(povm)
    began = time.perf_counter()
    rows = sample_outcomes(state, measurement, shots, jax.random.key(0))
    print(f"{shots:,} {povm} shots: {time.perf_counter() - began:.1f} s", flush=True)
    began = time.perf_counter()
    found = log_prob(state, measurement, rows[:scored])
    seconds = time.perf_counter() - began
    print(f"{scored:,} log-probabilities: {seconds:.1f} s (mean {found.mean():.4f} nats)")


if __name__ == "__main__":
    tyro.cli(main)
