"""Bounds on the mutual information of correlated Gaussians, where I is known.

    python studies/information.py

trains each estimator on 10,000 pairs in 5 columns, reports it on 10,000 others, for correlations
from independent to nearly equal, I = -5/2 log(1 - rho^2). Writes ``studies/information.md`` and
``docs/images/information.png``.
"""

import time
from pathlib import Path

import matplotlib as mpl
import numpy as np

from energeia.estimate import Estimate
from energeia.objectives.mutual_information import ESTIMATORS, mutual_information

mpl.use("Agg")
import matplotlib.pyplot as plt

COLUMNS, ROWS, BATCH = 5, 20_000, 256
INFORMATION = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0)
Found = dict[str, list[Estimate]]


def pairs(information: float) -> tuple[np.ndarray, np.ndarray]:
    rho = np.sqrt(-np.expm1(-2 * information / COLUMNS))
    rng = np.random.default_rng(int(10 * information))
    z = rng.normal(size=(ROWS, COLUMNS))
    return rho * z + np.sqrt(1 - rho**2) * rng.normal(size=z.shape), z


def measure() -> Found:
    return {
        name: [mutual_information(*pairs(truth), name) for truth in INFORMATION]
        for name in ESTIMATORS
    }


def table(found: Found, seconds: float) -> str:
    lines = [
        f"# Mutual information of {COLUMNS} correlated Gaussian columns, in nats",
        "",
        f"{ROWS // 2:,} pairs to train on, {ROWS // 2:,} others to report on; one seed. Caps: "
        f"Jensen-Shannon log 2 = {np.log(2):.2f}, InfoNCE log {BATCH} = {np.log(BATCH):.2f}, "
        f"NWJ and Donsker-Varadhan log {ROWS // 2:,} = {np.log(ROWS // 2):.2f}, above which no "
        f"bound from so few rows is reliable. {seconds:.0f} s in all, compilation included.",
        "",
        "| truth | " + " | ".join(found) + " |",
        "|---" * (len(found) + 1) + "|",
    ]
    for row, truth in enumerate(INFORMATION):
        cells = " | ".join(str(values[row]) for values in found.values())
        lines.append(f"| {truth:g} | {cells} |")
    return "\n".join(lines) + "\n"


def draw(found: Found, path: Path) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
    axes.plot(INFORMATION, INFORMATION, color="black", linewidth=1, label="truth")
    for color, (name, values) in enumerate(found.items()):
        y = np.array([v.value for v in values], float)
        error = np.array([v.stderr for v in values], float)
        axes.errorbar(INFORMATION, y, 2 * error, color=f"C{color}", marker="o", ms=4, label=name)
    for cap, color in ((np.log(2), 0), (np.log(BATCH), 3), (np.log(ROWS // 2), 1)):
        axes.axhline(cap, color=f"C{color}", linewidth=1, linestyle=":")
    axes.set(xlabel="I(X; Z) in nats", ylabel="reported, in nats", ylim=(-0.5, 12))
    axes.legend(frameon=False, title="caps dotted, bars 2 errors")
    figure.savefig(path, dpi=110)


def main() -> None:
    clock = time.perf_counter()
    found = measure()
    text = table(found, time.perf_counter() - clock)
    Path(__file__).with_suffix(".md").write_text(text)
    draw(found, Path(__file__).parents[1] / "docs" / "images" / "information.png")
    print(text)


if __name__ == "__main__":
    main()
