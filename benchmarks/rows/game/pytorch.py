"""The same networks and losses in PyTorch. One forward pass over real and generated rows gives
their energies and slopes, and each move asks for the gradients of what it moves alone."""

import itertools
import math
from collections.abc import Iterable

import torch
from torch import nn

from benchmarks.rows.game import (
    BATCH,
    COLUMNS,
    DEPTH,
    GAMMA,
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
        angles = [2.0**k * v for k in range(OCTAVES)]
        waves = [wave(a) for a in angles for wave in (torch.sin, torch.cos)]
        return self.network(torch.cat([v, *waves], 1))[:, 0] + 0.5 * v.square().sum(1)


class Game:
    """Two moves a round, the encoder's together with the generator's."""

    def __init__(self, width: int) -> None:
        self.energy = Energy(width)
        self.generator = residual(LATENT, COLUMNS, width, DEPTH)
        self.encoder = residual(COLUMNS, 2 * LATENT, width, DEPTH)
        self.carving = Mover(self.energy.parameters())
        parts = self.generator.parameters(), self.encoder.parameters()
        self.following = Mover(itertools.chain(*parts))

    def carve(self, real: torch.Tensor) -> torch.Tensor:
        """Lower data, raise generated rows, pay for the slope on both."""
        with torch.no_grad():
            generated = self.generator(torch.randn(BATCH, LATENT))
        rows = torch.cat([real, generated]).requires_grad_(True)
        energies = self.energy(rows)
        (slope,) = torch.autograd.grad(energies.sum(), rows, create_graph=True)
        gap = energies[BATCH:].mean() - energies[:BATCH].mean()
        return 0.5 * GAMMA / COLUMNS * slope.square().sum() / BATCH - gap

    def follow(self) -> torch.Tensor:
        """Lower the energy, raise the encoder's bound on the entropy, up to its constant."""
        z = torch.randn(BATCH, LATENT)
        x = self.generator(z)
        x = x + SIGMA * torch.randn_like(x)
        mean, raw = self.encoder(x).chunk(2, 1)
        log_scale = 8 * torch.tanh(raw / 8)
        miss = (z - mean) * torch.exp(-log_scale)
        information = (0.5 * (z.square() - miss.square()) - log_scale).sum(1).mean()
        noise = 0.5 * COLUMNS * math.log(2 * math.pi * math.e * SIGMA**2)
        return self.energy(x).mean() - information - noise


class Mover:
    """Fused Adam of some parameters."""

    def __init__(self, moved: Iterable[nn.Parameter]) -> None:
        self.moved = list(moved)
        self.adam = torch.optim.Adam(self.moved, lr=1e-3, fused=True)

    def move(self, loss: torch.Tensor) -> None:
        self.adam.zero_grad(set_to_none=True)
        loss.backward(inputs=self.moved)
        self.adam.step()


def contender(width: str) -> Contender:
    game, rows = Game(int(width)), torch.from_numpy(data())

    def call() -> float:
        for _ in range(STEPS):
            game.carving.move(game.carve(rows[torch.randint(len(rows), (BATCH,))]))
            loss = game.follow()
            game.following.move(loss)
        return loss.item()

    count = sum(map(parameters, (game.energy, game.generator, game.encoder)))
    return Contender({"rounds": Task(call, STEPS)}, count)
