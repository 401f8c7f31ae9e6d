"""The networks of the recipe, its loss of the generator, and a loop of rounds, in PyTorch."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import nn

from benchmarks.rows.game import (
    BATCH,
    COLUMNS,
    DEPTH,
    LATENT,
    OCTAVES,
    SIGMA,
    STEPS,
    data,
)
from benchmarks.task import Contender, Task
from benchmarks.torch_loop import parameters
from benchmarks.torch_networks import residual


class Energy(nn.Module):
    """A normal and a network on Fourier features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.network = residual(COLUMNS * (1 + 2 * OCTAVES), 1, width, DEPTH)

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        periodic = [2.0**k * v for k in range(OCTAVES)]
        waves = [wave(a) for a in periodic for wave in (torch.sin, torch.cos)]
        return self.network(torch.cat([v, *waves], 1))[:, 0] + 0.5 * v.square().sum(1)


class Modules(nn.Module):
    """Energy, generator and encoder."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.energy = Energy(width)
        self.generator = residual(LATENT, COLUMNS, width, DEPTH)
        self.encoder = residual(COLUMNS, 2 * LATENT, width, DEPTH)

    def generated(self) -> torch.Tensor:
        """Rows that the energy moves against: no gradient."""
        with torch.no_grad():
            return self.generator(torch.randn(BATCH, LATENT))

    def follow(self) -> torch.Tensor:
        """Lower the energy, raise the encoder's bound on the entropy."""
        z = torch.randn(BATCH, LATENT)
        x = self.generator(z)
        x = x + SIGMA * torch.randn_like(x)
        mean, raw = self.encoder(x).chunk(2, 1)
        log_scale = 8 * torch.tanh(raw / 8)
        miss = (z - mean) * torch.exp(-log_scale)
        information = (0.5 * (z.square() - miss.square()) - log_scale).sum(1).mean()
        noise = 0.5 * COLUMNS * math.log(2 * math.pi * math.e * SIGMA**2)
        return self.energy(x).mean() - information - noise


Carve = Callable[[Modules, torch.Tensor], torch.Tensor]


def contender(width: str, carve: Carve, *, only_moved: bool) -> Contender:
    """Rounds of two moves, the encoder's together with the generator's, each by fused Adam.

    ``only_moved`` spares each move the gradients of parts that it leaves alone.
    """
    modules, rows = Modules(int(width)), torch.from_numpy(data())
    carving = list(modules.energy.parameters())
    following = list(itertools.chain(modules.generator.parameters(), modules.encoder.parameters()))
    adams = [torch.optim.Adam(moved, lr=1e-3, fused=True) for moved in (carving, following)]

    def move(adam: torch.optim.Adam, moved: list[nn.Parameter], loss: torch.Tensor) -> None:
        adam.zero_grad(set_to_none=True)
        loss.backward(inputs=moved if only_moved else None)
        adam.step()

    def call() -> float:
        for _ in range(STEPS):
            move(adams[0], carving, carve(modules, rows[torch.randint(len(rows), (BATCH,))]))
            loss = modules.follow()
            move(adams[1], following, loss)
        return loss.item()

    return Contender({"rounds": Task(call, STEPS)}, parameters(modules))
