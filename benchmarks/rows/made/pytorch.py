"""The same network in PyTorch: dense products with masked weights."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.made import BATCH, COLUMNS, SHARE, STEPS, VALUES, data
from benchmarks.task import Contender
from benchmarks.torch_loop import training_contender


class Masked(torch.nn.Linear):
    """An output sees the inputs whose label is at most its own."""

    def __init__(self, incoming: np.ndarray, outgoing: np.ndarray) -> None:
        super().__init__(len(incoming), len(outgoing))
        mask = torch.from_numpy(incoming[None, :] <= outgoing[:, None]).float()
        self.register_buffer("mask", mask)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight * self.mask, self.bias)


class Made(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        ranks = np.arange(COLUMNS)
        seen, written = np.repeat(ranks + 1, VALUES), np.repeat(ranks, VALUES)
        hidden = np.repeat(ranks[1:], SHARE)
        self.entry, self.exit = Masked(seen, hidden), Masked(hidden, written)
        self.direct = Masked(seen, written)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        x = F.one_hot(codes, VALUES).flatten(1).float()
        logits = self.exit(F.silu(self.entry(x))) + self.direct(x)
        return logits.unflatten(1, (COLUMNS, VALUES))


def contender() -> Contender:
    made = Made()

    def loss(rows: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(made(rows).flatten(0, 1), rows.flatten()) * COLUMNS

    return training_contender(made, loss, data().astype(np.int64), BATCH, STEPS)
