"""The same network in PyTorch: ``torch.nn.GRU`` over the outcomes of the sites before."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.gru import BATCH, DEPTH, DRAWN, OUTCOMES, SITES, STEPS, WIDTH, data
from benchmarks.task import Contender, Task
from benchmarks.torch_loop import training_contender


class Recurrent(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gru = torch.nn.GRU(OUTCOMES, WIDTH, DEPTH, batch_first=True)
        self.head = torch.nn.Linear(WIDTH, OUTCOMES)

    def loss(self, codes: torch.Tensor) -> torch.Tensor:
        before = F.pad(F.one_hot(codes[:, :-1], OUTCOMES).float(), (0, 0, 1, 0))
        logits = self.head(self.gru(before)[0])
        return F.cross_entropy(logits.flatten(0, 1), codes.flatten()) * SITES

    @torch.no_grad()
    def sample(self, count: int) -> torch.Tensor:
        """Strings drawn site after site, the hidden states carried."""
        before, state, codes = torch.zeros(count, 1, OUTCOMES), None, []
        for _ in range(SITES):
            out, state = self.gru(before, state)
            codes.append(torch.multinomial(self.head(out[:, 0]).softmax(dim=1), 1)[:, 0])
            before = F.one_hot(codes[-1], OUTCOMES).float()[:, None]
        return torch.stack(codes, dim=1)


BLOCK = 500
"""Strings drawn together: of 500 to 20,000 the fastest."""


def contender() -> Contender:
    model = Recurrent()
    side = training_contender(model, model.loss, data().astype(np.int64), BATCH, STEPS)

    def draw() -> np.ndarray:
        return np.concatenate([model.sample(BLOCK).numpy() for _ in range(DRAWN // BLOCK)])

    return side._replace(tasks={**side.tasks, "samples": Task(draw, DRAWN)})
