"""The same chains in PyTorch, side by side, with energy and force kept where a chain stands."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from benchmarks.rows.latent import (
    CHAINS,
    COLUMNS,
    DEPTH,
    EPSILON,
    LATENT,
    STEPS,
    STIFFNESS,
    WIDTH,
)
from benchmarks.task import Contender, Task
from benchmarks.torch_loop import parameters
from benchmarks.torch_networks import residual


class Tilt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.energy = residual(COLUMNS, 1, WIDTH, DEPTH)
        self.generator = residual(LATENT, COLUMNS, WIDTH, DEPTH)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = self.generator(z)
        confined = 0.5 * STIFFNESS * x.square().sum(1) + self.energy(x)[:, 0]
        return confined + 0.5 * z.square().sum(1)


class State(NamedTuple):
    position: torch.Tensor
    energy: torch.Tensor
    force: torch.Tensor


def init(target: nn.Module, z: torch.Tensor) -> State:
    z = z.requires_grad_(True)
    energy = target(z)
    (gradient,) = torch.autograd.grad(energy.sum(), z)
    return State(z.detach(), energy.detach(), -gradient)


def step(target: nn.Module, state: State) -> State:
    root, xi = math.sqrt(EPSILON), torch.randn_like(state.position)
    new = init(target, state.position + root * (0.5 * root * state.force + xi))
    back = xi + 0.5 * root * (state.force + new.force)
    change = state.energy - new.energy + 0.5 * ((xi - back) * (xi + back)).sum(1)
    accepted = torch.rand(CHAINS) < change.exp()
    wide = accepted[:, None]
    return State(
        torch.where(wide, new.position, state.position),
        torch.where(accepted, new.energy, state.energy),
        torch.where(wide, new.force, state.force),
    )


def contender() -> Contender:
    target, start = Tilt(), torch.randn(CHAINS, LATENT)
    count = parameters(target)
    target.requires_grad_(False)

    def call() -> np.ndarray:
        state, positions = init(target, start.clone()), []
        for _ in range(STEPS):
            state = step(target, state)
            positions.append(state.position)
        return torch.stack(positions, 1).numpy()

    return Contender({"chain-steps": Task(call, CHAINS * STEPS)}, count)
