"""Flows on the sphere: a mixture of five von Mises-Fisher distributions, 20,000 rows.

    python -m studies.directions

KL(truth || model) is the mean of the exact log-ratio over 20,000 fresh rows; the integral of the
density over the sphere is by Gauss-Legendre heights times evenly spaced angles. Controls: the
uniform density, and a flow of one layer. Writes ``studies/directions.md``.
"""

import tempfile
from pathlib import Path

import numpy as np

import energeia
from energeia.data.named.directions import VonMisesFisherMixture, sphere_quadrature
from energeia.estimate import Estimate

ROWS = 20_000
SETTINGS = {"spline-flow": {}, "one layer": {"layers": 1}}


def main() -> None:
    """Fit, and write the table."""
    source = VonMisesFisherMixture()
    fresh = source.draw(1_000_000, ROWS)
    log_p = source.log_prob(fresh)
    points, weights = sphere_quadrature()
    uniform = Estimate.mean(log_p + np.log(4 * np.pi), "exact")
    lines = [
        "# Directions",
        "",
        f"`python -m studies.directions`: the source `vmf`, {ROWS:,} rows, the options of the "
        "recipe. KL(truth || model) in nats on as many fresh rows, and the integral of the density "
        "over the sphere, by quadrature.",
        "",
        "| model | seed | KL, nats | integral |",
        "|---|---|---|---|",
        f"| uniform density | | {uniform} | 1 |",
    ]
    for name, options in SETTINGS.items():
        for seed in range(2):
            with tempfile.TemporaryDirectory() as folder:
                run = energeia.fit(
                    f"vmf:n={ROWS}", "spline-flow", options=options, seed=seed, quiet=True,
                    out=Path(folder) / "run",
                )  # fmt: skip
                kl = Estimate.mean(log_p - run.log_prob(fresh), "exact")
                total = float(weights @ np.exp(run.log_prob(points).astype(np.float64)))
            lines.append(f"| {name} | {seed} | {kl} | {total:.5f} |")
            print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
