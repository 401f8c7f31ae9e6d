"""The recipe ``max-entropy`` with a network as generator and an encoder for its entropy."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.game import (
    BATCH,
    COLUMNS,
    DEPTH,
    GAMMA,
    LATENT,
    OCTAVES,
    SIGMA,
    STEPS,
    data,
)
from benchmarks.task import Contender
from energeia.support import Real, Support


def contender(width: str) -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    size = int(width)
    assembly = assembled(
        "max-entropy", Support(((Real(), COLUMNS),)), x, training, ("energy", "player"),
        generator="network", entropy="information", latent=LATENT, sigma=SIGMA, width=size,
        hidden=size, depth=DEPTH, octaves=OCTAVES, gamma=GAMMA, gamma_final=GAMMA,
    )  # fmt: skip
    return training_contender(assembly, x, training, "rounds")
