"""Domain walls in fits of a Born machine: initial noise of one sign against free signs.

    python -m studies.walls

The critical Ising chain of 40 qubits, 8,000 Pauli-6 shots, three data sets of three starts each.
KL per qubit as in ``studies.scaling``; entropy is that of the bond where it exceeds the truth's
most, which a wall raises. Writes ``studies/walls.md``.
"""

import tempfile
from pathlib import Path

import numpy as np

from energeia.estimate import Estimate
from energeia.physics.quantum.mps_local import entanglement_entropy
from studies.scaling import FOLDER, OPTIONS, SHARES, truth_of
from studies.tomography import fitted, log_likelihoods, raw_shots

SITES, SHOTS, STARTS = 40, 8000, 3


def main() -> None:
    """Fit, and write the table."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    truth = truth_of(SITES)
    bonds = range(1, SITES)
    own = np.array([entanglement_entropy(truth.state, bond) for bond in bonds])
    lines = [
        "# Walls",
        "",
        f"`python -m studies.walls`: critical Ising chain of {SITES} qubits, {SHOTS:,} Pauli-6 "
        "shots, the Born machine of `studies/scaling.md` from single starts. KL per qubit in units "
        "of 10⁻³ nats; entropy across the bond where it exceeds the truth's most, and the truth's.",
        "",
        "| signs | data | start | KL per qubit | entropy | truth |",
        "|---|---|---|---|---|---|",
    ]
    for signs in ("alike", "free"):
        for seed in range(3):
            rows = raw_shots(truth.state, SHOTS, 1000 + seed)
            for start in range(STARTS):
                with tempfile.TemporaryDirectory() as folder:
                    model, _, _ = fitted(
                        "born-machine", rows, folder, seed, OPTIONS | {"signs": signs}, SHARES,
                        start=seed + 100 * start,
                    )  # fmt: skip
                log_r = log_likelihoods(model, truth.fresh).astype(float) - truth.log_p
                kl = Estimate.mean(1e3 * (np.expm1(log_r) - log_r) / SITES, "exact")
                state = model.state()
                found = np.array([entanglement_entropy(state, bond) for bond in bonds])
                at = int(np.argmax(found - own))
                lines.append(
                    f"| {signs} | {seed} | {start} | {kl} | {found[at]:.2f} | {own[at]:.2f} |"
                )
                print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
