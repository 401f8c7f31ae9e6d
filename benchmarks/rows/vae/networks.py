"""The residual networks of the recipe, in PyTorch."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from benchmarks.rows.vae import COLUMNS, DEPTH, LATENT, WIDTH


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return h + self.second(F.silu(self.first(F.silu(h))))


def residual(inputs: int, outputs: int) -> nn.Sequential:
    blocks = [Block() for _ in range(DEPTH)]
    return nn.Sequential(nn.Linear(inputs, WIDTH), *blocks, nn.SiLU(), nn.Linear(WIDTH, outputs))


def encoder() -> nn.Sequential:
    return residual(COLUMNS, 2 * LATENT)


def decoder() -> nn.Sequential:
    return residual(LATENT, COLUMNS)
