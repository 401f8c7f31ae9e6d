"""The critical Ising chain of 50 qubits from 60,000 shots: every model for shots, side by side.

    python -m studies.tomography [RECIPE ...] [--shots 60000] [--seed 0] [--truth mps.npz]

Shots are Pauli-6 strings of the chain's own ground state, merged to Pauli-4 for all models but the
Born machine. KL(P||Q) and the classical fidelity are of Pauli-4 outcomes, by paired log-ratios on
10,000 fresh strings, in nats; seconds are of training and compilation.
"""

import argparse
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.batching import map_rows
from energeia.data.measurements import Shots
from energeia.evaluation.fidelity import classical_fidelity, kl, ratio_mean
from energeia.physics.mps_files import load_mps
from energeia.physics.mps_outcomes import log_prob, sample_outcomes
from energeia.physics.pauli import spin_chain
from energeia.physics.povm import pauli_4, pauli_6
from energeia.physics.spin_chain import ground_state
from energeia.recipes.options.tomography import RECIPES
from energeia.runs.config import DataConfig
from energeia.runs.verbs import fit

FRESH = 10_000


def raw_shots(state, count, seed):
    return Shots.from_outcomes(
        sample_outcomes(state, pauli_6(), count, jax.random.key(seed)), "pauli-6"
    )


def fitted(recipe, shots, folder, seed, options=None, fractions=(0.94, 0.05, 0.01)):
    """The model of a recipe after training on shots, and the seconds that it took."""
    seen = shots if recipe == "born-machine" else shots.pauli_4()
    file = Path(folder) / f"{recipe}.npy"
    np.save(file, seen.outcomes)
    codes = ",".join(map(str, range(seen.alphabet)))
    support = f"*:categorical({codes})"
    data = DataConfig(spec=str(file), support=support, seed=seed, fractions=fractions)
    began = time.time()
    out = Path(folder) / recipe
    run = fit(data, recipe, out=out, options=options, seed=seed, quiet=options is not None)
    seconds, model = time.time() - began, run.model
    if recipe == "born-machine":
        model = model.inner.measured_by(pauli_4())
    return model, seconds, run


def log_likelihoods(model, rows):
    return map_rows(_log_probs, rows.astype(np.float32), carry=model, size=500)


def _log_probs(model, rows):
    return jax.vmap(model.log_prob)(rows)


def measured(model, rows, log_p):
    log_q = log_likelihoods(model, rows)
    return kl(log_p, log_q), classical_fidelity(log_p, log_q)


def inverse_ratio(model, state):
    """E_Q[P/Q], which is one where Q has missed nothing."""
    keys = jax.random.split(jax.random.key(7), 2000)
    drawn = np.asarray(jax.jit(jax.vmap(model.sample))(keys)).astype(np.uint8)
    log_q = np.asarray(jax.jit(jax.vmap(model.log_prob))(jnp.asarray(drawn, float)))
    return ratio_mean(log_prob(state, pauli_4(), drawn), log_q)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=[r.name for r in RECIPES])
    parser.add_argument("--shots", type=int, default=60_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truth", default="")
    parser.add_argument("--output", default="")
    given = parser.parse_args()
    if given.truth:
        state = load_mps(given.truth)
    else:
        state = ground_state(spin_chain("tfim:N=50,J=1,h=1")).state
    shots = raw_shots(state, given.shots, 1000 + given.seed)
    fresh = raw_shots(state, FRESH, 999).pauli_4().outcomes
    log_p = log_prob(state, pauli_4(), fresh)
    lines = [
        f"{given.shots:,} shots, seed {given.seed}", "",
        "| recipe | KL(P‖Q), nats | classical fidelity | E_Q[P/Q] | rounds | seconds |",
        "|---|---|---|---|---|---|",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    for recipe in given.recipes:
        with tempfile.TemporaryDirectory() as folder:
            model, seconds, run = fitted(recipe, shots, folder, given.seed)
            found = *measured(model, fresh, log_p), inverse_ratio(model, state)
            numbers = " | ".join(map(str, found))
            lines.append(f"| {recipe} | {numbers} | {run.directory.status.round} | {seconds:.0f} |")
        print(lines[-1], flush=True)
    if given.output:
        Path(given.output).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
