r"""The critical Ising chain of 50 qubits from its shots: all models for shots.

    python -m studies.tomography --seeds 3
    python -m studies.tomography povm-compact:width=64,training.rounds=6000 --shots 1000000 \
        --output studies/tomography_million.md

Shots are Pauli-6 strings of the chain's own ground state, merged to Pauli-4 for all models but the
Born machine. KL(P||Q) and the classical fidelity are of Pauli-4 outcomes, by paired log-ratios on
10,000 fresh strings, in nats; <ZZ>_8 is averaged over all pairs 8 sites apart and given in percent
off the exact value, from 200,000 strings of the model; seconds are of training and compilation.
The Born machine is fitted from two starts, of which the held-out shots choose one; its seconds are
of both.
Writes ``studies/tomography.md``, or the file named.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

from energeia._core.batching import map_rows
from energeia.data.shots.measurements import Shots
from energeia.evaluation.quantum.classical_fidelity import classical_fidelity, kl, ratio_mean
from energeia.evaluation.quantum.shadows import correlations
from energeia.physics.quantum.mps_files import load_mps
from energeia.physics.quantum.mps_local import correlator
from energeia.physics.quantum.mps_outcomes import log_prob, sample_outcomes
from energeia.physics.quantum.pauli import spin_chain
from energeia.physics.quantum.povm import pauli_4, pauli_6
from energeia.physics.quantum.spin_chain import ground_state
from energeia.recipes.options.tomography import RECIPES
from energeia.runs.storage.config import DataConfig
from energeia.runs.verbs import fit
from studies.words import settings

FRESH = 10_000
DRAWN = 200_000
DISTANCE = 8
STARTS = {"born-machine": 2}
"""A Born machine may end in a local optimum."""


def raw_shots(state, count, seed):
    return Shots.from_outcomes(
        sample_outcomes(state, pauli_6(), count, jax.random.key(seed)), "pauli-6"
    )


SHARES = (0.94, 0.05, 0.01)


def best_of(starts, recipe, shots, folder, seed, options, fractions=SHARES):
    """Fits from several starts, of which the held-out shots choose one; the seconds of all."""
    fits = [
        fitted(recipe, shots, Path(folder) / str(i), seed, options, fractions, start=seed + 100 * i)
        for i in range(starts)
    ]
    model, _, run = min(fits, key=lambda fit: held_out(fit[2]))
    return model, sum(seconds for _, seconds, _ in fits), run


def held_out(run):
    """Minus the mean log-likelihood of the held-out shots, at the round that was kept."""
    return min(progress["held_out"] for progress in run.directory.history())


def fitted(recipe, shots, folder, seed, options=None, fractions=SHARES, start=None):
    """The model of a recipe after training on shots, and the seconds that it took.

    The seed splits the shots, alike for all starts, so that their held-out shots are the same.
    """
    Path(folder).mkdir(exist_ok=True)
    seen = shots if recipe == "born-machine" else shots.pauli_4()
    file = Path(folder) / f"{recipe}.npy"
    np.save(file, seen.outcomes)
    codes = ",".join(map(str, range(seen.alphabet)))
    support = f"*:categorical({codes})"
    data = DataConfig(spec=str(file), support=support, seed=seed, fractions=fractions)
    began = time.time()
    out = Path(folder) / recipe
    first = seed if start is None else start
    run = fit(data, recipe, out=out, options=options, seed=first, quiet=options is not None)
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


def drawn_from(model, count=DRAWN, seed=7):
    """Strings of outcomes of a model."""
    draw = map_rows(_drawn, np.arange(count), carry=(model, jax.random.key(seed)), size=5000)
    return draw.astype(np.uint8)


def _drawn(carry, index):
    model, key = carry
    return jax.vmap(lambda i: model.sample(jax.random.fold_in(key, i)))(index)


def inverse_ratio(model, state, drawn):
    """E_Q[P/Q], which is one where Q covers P."""
    log_q = log_likelihoods(model, drawn)
    return ratio_mean(log_prob(state, pauli_4(), drawn), log_q)


def correlation_error(outcomes, exact):
    """<ZZ> at the distance from shots or samples, in percent off the exact value."""
    (found,) = correlations(outcomes, pauli_4(), "Z", [DISTANCE])
    return f"{100 * (found.value / exact - 1):+.2f} +- {100 * found.stderr / abs(exact):.2f}"


def exact_correlation(state):
    """<Z_i Z_{i+r}> averaged over all pairs of the open chain."""
    return float(np.mean(np.diagonal(correlator(state, "Z", "Z"), DISTANCE)))


def rows_of(state, recipes, count, seed):
    """The table's rows for one data set, printed as they come."""
    shots = raw_shots(state, count, 1000 + seed)
    fresh = raw_shots(state, FRESH, 999).pauli_4().outcomes
    log_p = log_prob(state, pauli_4(), fresh)
    exact = exact_correlation(state)
    seen = correlation_error(shots.pauli_4().outcomes, exact)
    yield f"| shots alone | {seed} | | | | {seen} | | |"
    for words in recipes:
        recipe, _, options = words.partition(":")
        with tempfile.TemporaryDirectory() as folder:
            model, seconds, run = best_of(
                STARTS.get(recipe, 1), recipe, shots, folder, seed, settings(options)
            )
            rounds = run.directory.status.round
        drawn = drawn_from(model)
        divergence, overlap = measured(model, fresh, log_p)
        yield (
            f"| {words} | {seed} | {divergence} | {overlap} "
            f"| {inverse_ratio(model, state, drawn[:FRESH])} | {correlation_error(drawn, exact)} "
            f"| {rounds} | {seconds:.0f} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*")
    parser.add_argument("--shots", type=int, default=60_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--truth", default="")
    parser.add_argument("--output", default="studies/tomography.md")
    given = parser.parse_args()
    recipes = given.recipes or [recipe.name for recipe in RECIPES]
    if given.truth:
        state = load_mps(given.truth)
    else:
        state = ground_state(spin_chain("tfim:N=50,J=1,h=1")).state
    lines = [
        f"# The critical Ising chain of {state.n_sites} qubits from {given.shots:,} shots", "",
        f"`python -m studies.tomography {' '.join(sys.argv[1:])}`", "",
        "| recipe | seed | KL(P‖Q), nats | classical fidelity | E_Q[P/Q] | <ZZ>_8, % off | rounds "
        "| seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    print("\n".join(lines), flush=True)
    for seed in range(given.first, given.first + given.seeds):
        for line in rows_of(state, recipes, given.shots, seed):
            print(line, flush=True)
            lines.append(line)
    Path(given.output).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
