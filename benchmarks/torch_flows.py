"""Flows of zuko and of normflows in the plain PyTorch loop."""

import numpy as np
import torch

from benchmarks.task import Contender
from benchmarks.torch_loop import serving_tasks, training_contender


def zuko_contender(
    flow: torch.nn.Module, x: np.ndarray, batch: int, steps: int, served: int
) -> Contender:
    """A ``zuko.lazy.Flow``."""
    loss = lambda rows: -flow().log_prob(rows).mean()  # noqa: E731
    side, rows = training_contender(flow, loss, x, batch, steps), torch.from_numpy(x[:served])
    tasks = serving_tasks(lambda: flow().log_prob(rows), lambda: flow().sample((served,)), served)
    return side._replace(tasks=side.tasks | tasks)


def normflows_contender(
    flow: torch.nn.Module, x: np.ndarray, batch: int, steps: int, served: int
) -> Contender:
    """A ``normflows.NormalizingFlow``, and its own loss."""
    side = training_contender(flow, flow.forward_kld, x, batch, steps)
    rows = torch.from_numpy(x[:served])
    tasks = serving_tasks(lambda: flow.log_prob(rows), lambda: flow.sample(served)[0], served)
    return side._replace(tasks=side.tasks | tasks)
