"""The residual network of ``nn.residual``, in PyTorch."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return h + self.second(F.silu(self.first(F.silu(h))))


def residual(inputs: int, outputs: int, width: int, depth: int) -> nn.Sequential:
    blocks = [Block(width) for _ in range(depth)]
    return nn.Sequential(nn.Linear(inputs, width), *blocks, nn.SiLU(), nn.Linear(width, outputs))
