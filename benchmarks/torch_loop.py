"""The plain PyTorch loop that every PyTorch contender runs: rows on the device, fused Adam."""

from collections.abc import Callable

import numpy as np
import torch

from benchmarks.task import Contender, Task


def training_contender(
    module: torch.nn.Module,
    loss: Callable[[torch.Tensor], torch.Tensor],
    x: np.ndarray,
    batch: int,
    steps: int,
) -> Contender:
    """``steps`` steps a call, each on rows drawn with replacement."""
    rows = torch.from_numpy(x)
    adam = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)

    def call() -> float:
        for _ in range(steps):
            value = loss(rows[torch.randint(len(rows), (batch,))])
            adam.zero_grad(set_to_none=True)
            value.backward()
            adam.step()
        return value.item()

    return Contender({"training steps": Task(call, steps)}, parameters(module))


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def serving_tasks(
    log_prob: Callable[[], torch.Tensor], sample: Callable[[], torch.Tensor], rows: int
) -> dict[str, Task]:
    """Scoring and drawing without gradients, to numpy."""

    def served(function: Callable[[], torch.Tensor]) -> Task:
        def call() -> np.ndarray:
            with torch.no_grad():
                return function().numpy()

        return Task(call, rows)

    return {"log_prob rows": served(log_prob), "samples": served(sample)}
