"""The same network in PyTorch: ``torch.nn.GRU`` over the outcomes of the sites before."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.gru import BATCH, DEPTH, OUTCOMES, SITES, STEPS, WIDTH, data
from benchmarks.task import Contender
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


def contender() -> Contender:
    model = Recurrent()
    return training_contender(model, model.loss, data().astype(np.int64), BATCH, STEPS)
