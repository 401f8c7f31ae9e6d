"""The residual networks of the recipe, in PyTorch."""

from torch import nn

from benchmarks.rows.vae import COLUMNS, DEPTH, LATENT, WIDTH
from benchmarks.torch_networks import residual


def encoder() -> nn.Sequential:
    return residual(COLUMNS, 2 * LATENT, WIDTH, DEPTH)


def decoder() -> nn.Sequential:
    return residual(LATENT, COLUMNS, WIDTH, DEPTH)
