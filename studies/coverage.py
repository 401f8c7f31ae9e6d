"""Coverage of error bars: how often 68% intervals contain the exact value.

    python studies/coverage.py

draws the shots of a critical transverse-field Ising chain of 8 qubits from its exact state vector,
200 times, and computes for each set the quantities of a tomography: observables, KL divergence,
classical and quantum fidelity, purity. Counts how often value +- stderr contains the exact number:
68.3% if the errors are right, with a binomial error of 3.3%. Writes ``studies/coverage.md``.
"""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tyro

from energeia.estimate import Estimate
from energeia.evaluation.quantum.classical_fidelity import classical_fidelity, kl, ratio_mean
from energeia.evaluation.quantum.purity import purity, renyi_2
from energeia.evaluation.quantum.quantum_fidelity import quantum_fidelity
from energeia.evaluation.quantum.reduced import pauli_vector
from energeia.evaluation.quantum.shadows import correlations, expectation
from energeia.physics.quantum.pauli import PauliString, hamiltonian
from energeia.physics.quantum.povm import PAULI, Povm, pauli_4, pauli_6
from energeia.stats.kronecker import on_every_axis

SITES = 8
TABLE = Path(__file__).with_suffix(".md")
HALF = tuple(range(SITES // 2))
NOISE = 0.05
"""Local depolarizing noise of the stand-in model Q, whose every probability is known."""


class Quantity(NamedTuple):
    name: str
    exact: float
    measure: Callable[[np.ndarray], Estimate]


class Truth(NamedTuple):
    """The ground state, by exact diagonalization."""

    psi: np.ndarray
    expected: np.ndarray
    """<P> of all 4^8 Pauli strings, first site slowest."""

    def expectation(self, operator: tuple[PauliString, ...]) -> float:
        total = 0.0
        for string in operator:
            codes = ["IXYZ".index(string.factors.get(i, "I")) for i in range(SITES)]
            total += string.coefficient * self.expected[np.ravel_multi_index(codes, (4,) * SITES)]
        return float(total)

    def purity(self, sites: tuple[int, ...]) -> float:
        others = tuple(i for i in range(SITES) if i not in sites)
        kept = self.expected.reshape((4,) * SITES)[tuple(0 if i in others else slice(None)
                                                         for i in range(SITES))]  # fmt: skip
        return float(np.sum(kept**2) / 2 ** len(sites))

    def probabilities(self, povm: Povm) -> np.ndarray:
        """P(a) = sum_P <P> prod_i tr(M_a P) / 2."""
        table = np.einsum("aij,pji->ap", povm.effects, np.stack([PAULI[p] for p in "IXYZ"])).real
        found = np.maximum(on_every_axis(table / 2, self.expected, SITES), 0.0)
        return found / found.sum()


def truth_of() -> Truth:
    chain = hamiltonian("tfim:J=1,h=1", n_sites=SITES)
    matrix = sum(
        s.coefficient
        * functools.reduce(np.kron, [PAULI[s.factors.get(i, "I")].real for i in range(SITES)])
        for s in chain
    )
    psi = np.linalg.eigh(matrix)[1][:, 0].astype(complex)
    return Truth(psi, pauli_vector(np.outer(psi, psi.conj()), SITES))


def quantities(povm: Povm, truth: Truth, p: np.ndarray, q: np.ndarray) -> list[Quantity]:
    """What is measured of shots ``(n, 8)``, with its exact value."""
    chain = hamiltonian("tfim:J=1,h=1", n_sites=SITES)
    pairs = tuple(PauliString(1 / 4, {i: "Z", i + 4: "Z"}) for i in range(4))
    string = (PauliString(1.0, {1: "X", 2: "X", 3: "X"}),)
    seen = p > 0  # some strings of outcomes have probability zero
    log_p, log_q = (np.log(d, where=d > 0, out=np.full_like(d, -np.inf)) for d in (p, q))
    divergence = float(p[seen] @ (log_p[seen] - log_q[seen]))
    weights = povm.n_outcomes ** np.arange(SITES - 1, -1, -1)

    def at(table: np.ndarray, shots: np.ndarray) -> np.ndarray:
        return table[shots.astype(np.int64) @ weights]

    return [
        Quantity("energy", truth.expectation(chain), lambda s: expectation(s, povm, chain)),
        Quantity("ZZ at distance 4", truth.expectation(pairs),
                 lambda s: correlations(s, povm, "Z", [4])[0]),
        Quantity("X1 X2 X3", truth.expectation(string), lambda s: expectation(s, povm, string)),
        Quantity("KL(P to Q)", divergence, lambda s: kl(at(log_p, s), at(log_q, s))),
        Quantity("classical fidelity", float(np.sqrt(p * q).sum()),
                 lambda s: classical_fidelity(at(log_p, s), at(log_q, s))),
        Quantity("E_P[Q/P]", float(q[seen].sum()),
                 lambda s: ratio_mean(at(log_q, s), at(log_p, s))),
        Quantity("quantum fidelity", 1.0, lambda s: quantum_fidelity(s, povm, truth.psi)),
        Quantity("purity of 4 qubits", truth.purity(HALF), lambda s: purity(s[:, HALF], povm)),
        Quantity("Renyi-2 of 4 qubits", -np.log(truth.purity(HALF)),
                 lambda s: renyi_2(purity(s[:, HALF], povm))),
        Quantity("purity of all 8 qubits", 1.0, lambda s: purity(s, povm)),
    ]  # fmt: skip


def coverage(povm: Povm, shots: int, repetitions: int, seed: int) -> list[str]:
    """One line of the table for each quantity."""
    truth = truth_of()
    p, q = (truth.probabilities(m) for m in (povm, povm.depolarized(NOISE)))
    asked = quantities(povm, truth, p, q)
    found: list[list[Estimate]] = []
    for index in range(repetitions):
        rng = np.random.default_rng([seed, index])
        drawn = rng.choice(len(p), size=shots, p=p)
        rows = np.stack(np.unravel_index(drawn, (povm.n_outcomes,) * SITES), axis=1)
        found.append([quantity.measure(rows.astype(np.uint8)) for quantity in asked])
    return [line(povm, quantity, [of[i] for of in found]) for i, quantity in enumerate(asked)]


def line(povm: Povm, quantity: Quantity, found: list[Estimate]) -> str:
    values = np.array([e.value for e in found], dtype=float)
    errors = np.array([e.stderr for e in found], dtype=float)
    inside = float(np.mean(np.abs(values - quantity.exact) <= errors))
    verdict = "" if 0.60 <= inside <= 0.76 else " outside"
    return (
        f"| {povm.name} | {quantity.name} | {quantity.exact:.4f} | {np.nanmean(values):.4f} "
        f"| {np.nanstd(values, ddof=1):.4f} | {np.nanmean(errors):.4f} | {inside:.1%}{verdict} |"
    )


def main(shots: int = 10_000, repetitions: int = 200, seed: int = 0) -> None:
    """Measure, print and write the table.

    Args:
        shots: in one repetition.
        repetitions: sets of shots.
        seed: of the first.
    """
    began = time.perf_counter()
    lines = [row for m in (pauli_4(), pauli_6()) for row in coverage(m, shots, repetitions, seed)]
    head = [
        "# How often 68% intervals contain the exact value",
        "",
        f"`python studies/coverage.py`: {repetitions} sets of {shots:,} shots of the critical "
        f"transverse-field Ising chain of {SITES} qubits, seed {seed}; Q is the same chain with "
        f"depolarizing noise of strength {NOISE:g} on every site. Exact values by enumeration. "
        "A Renyi-2 entropy that is not given, where the purity is not above zero by two errors, "
        "counts as outside.",
        "",
        "| measurement | quantity | exact | mean found | spread found | mean stderr | inside |",
        "|---|---|---|---|---|---|---|",
    ]
    text = "\n".join([*head, *lines, ""])
    TABLE.write_text(text, encoding="utf-8")
    print(text + f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    tyro.cli(main)
