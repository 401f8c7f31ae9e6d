"""Densities of other packages, each fitted in a process of its own, for ``studies.generated``.

    python -m studies.peers normals-50 FOLDER BEGAN

fits the rows in FOLDER/rows.npy and prints one line of JSON: the divergence from the truth on
FOLDER/test.npy, whose true log-densities are FOLDER/truth.npy, with its error, and the seconds
since BEGAN. ``normals-K`` is scikit-learn's mixture of K normal distributions. ``zuko`` is the
training loop of zuko's tutorial, "Train from data": a neural spline flow of three transforms and
two hidden layers of 64, Adam at 1e-3, batches of 64. It goes on until the divergence is below
``WANTED``, for at most ``EPOCHS`` epochs (the tutorial has eight) or ``LONGEST`` seconds; the
seconds of its evaluations are not counted. ``zuko-1`` uses one thread, which is faster where cores
are shared. Needs ``pip install torch zuko``.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

WANTED, EPOCHS, LONGEST = 0.58, 24, 900.0


def normals(x: np.ndarray, components: int) -> Callable[[np.ndarray], np.ndarray]:
    """scikit-learn's mixture with full covariances, otherwise by default."""
    from sklearn.mixture import GaussianMixture

    return GaussianMixture(components, random_state=0).fit(x).score_samples


def zuko_loop(
    x: np.ndarray, divergence: Callable[[Callable[[np.ndarray], np.ndarray]], float], threads: int
) -> tuple[Callable[[np.ndarray], np.ndarray], list[list[float]]]:
    """The log-density, and after each epoch the time, less that of evaluations, and the divergence.

    ``threads`` is 0 for those that torch chooses.
    """
    import torch
    import zuko
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    if threads:
        torch.set_num_threads(threads)
    center, scale = x.mean(axis=0), x.std(axis=0)
    rows = torch.as_tensor((x - center) / scale, dtype=torch.float32)
    loader = DataLoader(TensorDataset(rows), batch_size=64, shuffle=True)
    flow = zuko.flows.NSF(features=x.shape[1], transforms=3, hidden_features=(64, 64))
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)

    def log_prob(x: np.ndarray) -> np.ndarray:
        z = torch.as_tensor((x - center) / scale, dtype=torch.float32)
        with torch.no_grad():
            found = torch.cat([flow().log_prob(part) for part in z.split(4096)])
        return found.numpy().astype(np.float64) - np.sum(np.log(scale))

    history, spent, began = [], 0.0, time.time()
    for _ in range(EPOCHS):
        for (batch,) in loader:
            loss = -flow().log_prob(batch).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        paused = time.perf_counter()
        found = divergence(log_prob)
        history.append([time.time() - spent - (time.perf_counter() - paused), found])
        spent += time.perf_counter() - paused
        if found < WANTED or history[-1][0] - began > LONGEST:
            break
    return log_prob, history


def main(name: str, folder: str, began: str) -> None:
    """Fit one model and print what it found."""
    x, test, truth = (np.load(Path(folder) / f"{part}.npy") for part in ("rows", "test", "truth"))
    history: list[list[float]] = []
    if name.startswith("zuko"):
        threads = int(name.removeprefix("zuko").removeprefix("-") or 0)
        log_prob, history = zuko_loop(x, lambda q: float(np.mean(truth - q(test))), threads)
        history = [[at - float(began), found] for at, found in history]
        seconds = history[-1][0]
    else:
        log_prob = normals(x, int(name.removeprefix("normals-")))
        seconds = time.time() - float(began)
    excess = truth - log_prob(test)
    print(json.dumps({
        "seconds": seconds, "divergence": float(np.mean(excess)),
        "error": float(np.std(excess) / len(excess) ** 0.5), "history": history,
    }))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
