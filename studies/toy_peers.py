"""The six toy densities of ``studies.toys`` by flows of other packages, each trained as it advises.

    pip install torch zuko normflows flowjax
    python -m studies.toy_peers --seconds-per 60

``zuko``: a neural spline flow of three transforms, Adam at 1e-3, batches of 64 (its tutorial "Train
from data"). ``normflows``: sixteen autoregressive rational-quadratic splines of two blocks of 128
with LU permutations, Adam at 1e-3 with a weight decay of 1e-5, batches of 512 (its example "Neural
spline flow"). ``flowjax``: ``masked_autoregressive_flow`` of rational-quadratic splines, 8 knots on
[-4, 4], by ``fit_to_data`` at 1e-3 (its example "Unconditional"), on as many rows as one epoch
reads in the time. Rows are standardized; each trains for the same seconds, compilation included.
KL(p || q) is measured as in ``studies.toys``, on the same rows. Writes ``studies/toy_peers.md``;
lines are kept in ``toy_peers.jsonl``, and those that are there are not repeated.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from energeia.data.named.toy import TOYS, toy
from studies import kept

OUT = Path(__file__).with_suffix(".jsonl")
LogProb = Callable[[np.ndarray], np.ndarray]


def batches(z: np.ndarray, size: int, seconds: float) -> Iterator[np.ndarray]:
    """One pass after another over the rows, until the time is over."""
    clock, at = time.perf_counter(), 0
    while time.perf_counter() - clock < seconds:
        at = 0 if at + size > len(z) else at
        yield z[at : at + size]
        at += size


def torch_loop(
    flow: Any, loss: Callable[[Any], Any], log_prob: Callable[[Any], Any], z: np.ndarray,
    size: int, decay: float, seconds: float,
) -> tuple[LogProb, int]:  # fmt: skip
    """Adam at 1e-3, and how many steps it made."""
    import torch

    steps = 0
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3, weight_decay=decay)
    for batch in batches(z.astype(np.float32), size, seconds):
        optimizer.zero_grad()
        value = loss(torch.from_numpy(batch))
        value.backward()
        optimizer.step()
        steps += 1

    def scored(z: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            parts = torch.from_numpy(z.astype(np.float32)).split(8192)
            return torch.cat([log_prob(part) for part in parts]).numpy().astype(float)

    return scored, steps


def by_zuko(z: np.ndarray, seed: int, seconds: float) -> tuple[LogProb, int]:
    import torch
    import zuko

    torch.manual_seed(seed)
    flow = zuko.flows.NSF(features=2, transforms=3, hidden_features=(64, 64))
    return torch_loop(
        flow, lambda x: -flow().log_prob(x).mean(), lambda x: flow().log_prob(x), z, 64, 0.0,
        seconds,
    )  # fmt: skip


def by_normflows(z: np.ndarray, seed: int, seconds: float) -> tuple[LogProb, int]:
    import normflows as nf
    import torch

    torch.manual_seed(seed)
    layers: list[Any] = []
    for _ in range(16):
        layers += [nf.flows.AutoregressiveRationalQuadraticSpline(2, 2, 128)]
        layers += [nf.flows.LULinearPermute(2)]
    flow = nf.NormalizingFlow(nf.distributions.DiagGaussian(2, trainable=False), layers)
    return torch_loop(flow, flow.forward_kld, flow.log_prob, z, 512, 1e-5, seconds)


def by_flowjax(z: np.ndarray, seed: int, seconds: float) -> tuple[LogProb, int]:
    import jax
    import jax.numpy as jnp
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import masked_autoregressive_flow
    from flowjax.train import fit_to_data

    flow = masked_autoregressive_flow(
        jax.random.key(seed), base_dist=Normal(jnp.zeros(2)),
        transformer=RationalQuadraticSpline(knots=8, interval=4),
    )  # fmt: skip

    def fitted(rows: int) -> tuple[Any, float]:
        clock = time.perf_counter()
        found, _ = fit_to_data(
            jax.random.key(seed + 1), flow, z[:rows].astype(np.float32), learning_rate=1e-3,
            max_epochs=1, show_progress=False,
        )  # fmt: skip
        return found, time.perf_counter() - clock

    few, first = fitted(20_000)[1], fitted(120_000)[1]
    rows = int(120_000 + max(0.0, seconds - first) / max(first - few, 1e-3) * 100_000)
    found, _ = fitted(min(rows, len(z)))
    score = jax.jit(lambda z: found.log_prob(z))
    return lambda z: np.asarray(score(z.astype(np.float32)), float), min(rows, len(z)) // 100


PEERS = {"zuko": by_zuko, "normflows": by_normflows, "flowjax": by_flowjax}


def measured(peer: str, name: str, seed: int, seconds: float, rows: int, samples: int) -> dict:
    """KL of one package on one density."""
    truth = toy(name)
    x = truth.sample(seed, rows)
    center, scale = x.mean(axis=0), x.std(axis=0)
    clock = time.perf_counter()
    score, steps = PEERS[peer]((x - center) / scale, seed, seconds)
    spent = time.perf_counter() - clock
    test = truth.sample(seed + 1000, samples)
    log_q = score((test - center) / scale) - np.log(scale).sum()
    excess = truth.log_prob(test) - log_q
    return {
        "peer": peer, "density": name, "seed": seed, "seconds_per": seconds, "steps": steps,
        "seconds": spent, "kl": float(excess.mean()), "error": float(excess.std() / samples**0.5),
    }  # fmt: skip


def page(lines: list[dict], seconds: float, samples: int) -> str:
    """KL of each density beside each other."""
    seeds = sorted({line["seed"] for line in lines})
    head = [
        "# The toy densities by other packages", "",
        f"`python -m studies.toy_peers --seconds-per {seconds:g} --samples {samples}`, seeds "
        f"{', '.join(map(str, seeds))}: exact KL in nats, mean over seeds, with the largest error "
        "of a seed.", "",
        "| package | " + " | ".join(TOYS) + " | steps |", "|---" * (len(TOYS) + 2) + "|",
    ]  # fmt: skip
    for peer in PEERS:
        own = {
            name: [v for v in lines if v["peer"] == peer and v["density"] == name] for name in TOYS
        }
        cells = [
            f"{np.mean([v['kl'] for v in found]):.4f} +- {max(v['error'] for v in found):.4f}"
            if found
            else ""
            for found in own.values()
        ]
        steps = [v["steps"] for found in own.values() for v in found]
        if steps:
            head.append(f"| {peer} | {' | '.join(cells)} | {int(np.median(steps)):,} |")
    return "\n".join(head) + "\n"


def main(
    seconds_per: float = 60.0, samples: int = 1_000_000, rows: int = 1_000_000, seeds: int = 3,
    only: tuple[str, ...] = tuple(PEERS),
) -> None:  # fmt: skip
    """Measure what is not there and write the page."""
    lines = kept.read(OUT)
    done = {(v["peer"], v["density"], v["seed"], v["seconds_per"]) for v in lines}
    for seed in range(seeds):
        for peer in only:
            for name in TOYS:
                if (peer, name, seed, seconds_per) in done:
                    continue
                line = measured(peer, name, seed, seconds_per, rows, samples)
                lines.append(line)
                with OUT.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(line, flush=True)
                OUT.with_suffix(".md").write_text(page(lines, seconds_per, samples))


if __name__ == "__main__":
    tyro.cli(main)
