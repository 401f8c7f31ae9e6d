"""Metropolis-adjusted Langevin chains: the sizes that both contenders share."""

CHAINS, STEPS = 1024, 1000
EPSILON = 0.05
"""The variance of a proposal over two: BlackJAX's ``step_size``."""
BEND, WIDTH = 1.0, 0.5
