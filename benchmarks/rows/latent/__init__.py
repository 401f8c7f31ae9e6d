"""Metropolis-adjusted Langevin chains in a latent space: the sizes that all contenders share."""

CHAINS, STEPS = 256, 200
LATENT, COLUMNS, WIDTH, DEPTH = 32, 64, 128, 2
EPSILON, STIFFNESS = 0.2, 0.01
