"""``mcmc.mala`` on ``energies.latent.Tilt``, by the product's loop over chains."""

import jax
import numpy as np

from benchmarks.product import parameters
from benchmarks.rows.latent import (
    CHAINS,
    COLUMNS,
    DEPTH,
    EPSILON,
    LATENT,
    STEPS,
    STIFFNESS,
    WIDTH,
)
from benchmarks.task import Contender, Task
from energeia.energies.confined import ConfinedEnergy
from energeia.energies.latent import Tilt
from energeia.mcmc.chain import run_chains
from energeia.mcmc.mala import Mala
from energeia.models.generator import ImplicitGenerator
from energeia.nn.residual import ResidualNet


def contender() -> Contender:
    keys = jax.random.split(jax.random.key(0), 3)
    energy = ResidualNet(COLUMNS, 1, width=WIDTH, depth=DEPTH, key=keys[0])
    generator = ResidualNet(LATENT, COLUMNS, width=WIDTH, depth=DEPTH, key=keys[1])
    target = Tilt(
        ConfinedEnergy(energy, (COLUMNS,), stiffness=STIFFNESS),
        ImplicitGenerator(generator, latent=LATENT, shape=(COLUMNS,)),
    )
    z, kernel = jax.random.normal(keys[2], (CHAINS, LATENT)), Mala(EPSILON)

    def call() -> np.ndarray:
        return np.asarray(run_chains(jax.random.key(1), kernel, target, z, STEPS).positions)

    return Contender({"chain-steps": Task(call, CHAINS * STEPS)}, parameters({"tilt": target}))
