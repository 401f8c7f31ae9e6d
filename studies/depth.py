"""What depth costs to compile: the gradient of each recipe's loss at 16, 32 and 64 layers.

    python -m studies.depth
    python -m studies.depth --only maf,glow

Each member is compiled in a process of its own: seconds that XLA takes (the best of two), the size
of the program, and the largest memory of the process over that of the start. Memory of a backward
pass grows with depth whatever the program, and is not counted here. Needs a quiet machine. Stacks
that are named are measured again; all are kept in ``studies/depth.json``.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import tyro

from energeia.contracts import Batch
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Integer, Real, Sphere, Support

LINES, TABLE = Path(__file__).with_suffix(".json"), Path(__file__).with_suffix(".md")
DEPTHS, BATCH, MOST = (16, 32, 64), 64, 1.3
REALS = Problem(support=Support(((Real(), 8),)), layout=(8,), rows=5000)
IMAGE = Problem(support=Support(((Integer(0, 15), 64),)), layout=(8, 8), rows=5000)
LATTICE = Problem(support=Support(((Binary(), 64),)), layout=(8, 8), rows=5000)
DIRECTIONS = Problem(support=Support(((Sphere(2), 1),)), layout=(3,), rows=5000)
STACKS: dict[str, tuple[str, str, Problem]] = {
    "spline-flow": ("spline-flow", "layers", REALS),
    "spline-flow on a sphere": ("spline-flow", "layers", DIRECTIONS),
    "realnvp": ("realnvp", "layers", REALS),
    "realnvp on a lattice": ("realnvp", "layers", LATTICE),
    "nice": ("nice", "layers", REALS),
    "glow, steps of a level": ("glow", "steps", IMAGE),
    "maf": ("maf", "layers", REALS),
    "iaf": ("iaf", "layers", REALS),
    "nsf-ar": ("nsf-ar", "layers", REALS),
    "planar": ("planar", "layers", REALS),
    "radial": ("radial", "layers", REALS),
    "made": ("made", "depth", REALS),
    "vae": ("vae", "depth", REALS),
    "transformer": ("transformer", "depth", REALS),
    "pixelcnn": ("pixelcnn", "depth", LATTICE),
}


def rows_of(problem: Problem) -> np.ndarray:
    """Some rows of the support."""
    rng, (factor, count) = np.random.default_rng(0), problem.support.runs[0]
    match factor:
        case Real():
            return rng.normal(size=(256, count))
        case Sphere():
            x = rng.normal(size=(256, factor.width))
            return x / np.linalg.norm(x, axis=1, keepdims=True)
        case _:
            return rng.integers(0, factor.size, size=(256, count)).astype(float)


def compiled(stack: str, depth: int) -> dict[str, float]:
    """Seconds, bytes of the program and of the compiler, in this process."""
    name, option, problem = STACKS[stack]
    recipe = find(name)
    options = msgspec.structs.replace(recipe.options(), **{option: depth})
    rows = jnp.asarray(rows_of(problem), float)
    key = jax.random.key(0)
    # Built by one program: eager operations of 64 layers take longer than what is measured.
    made = eqx.filter_jit(lambda r, k: recipe.load()(options, problem, r, k).modules)
    parts = recipe.load()(options, problem, ReferenceRows(rows, None), key)
    modules = made(ReferenceRows(rows, None), key)
    objective, player = parts.objective, parts.players[0]
    batch = Batch(rows[:BATCH])
    memory = objective.init_memory(key, modules, batch)

    @eqx.filter_value_and_grad(has_aux=True)
    def loss(own: Any, rest: Any, key: Any, batch: Batch, memory: Any) -> Any:
        return objective.loss(player.name, key, {**rest, **own}, batch, memory)

    own = {name: modules[name] for name in player.trains}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lowered = eqx.filter_jit(loss).lower(own, modules, key, batch, memory)
    clock = time.perf_counter()
    program = lowered.compile()
    seconds = time.perf_counter() - clock
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = program.compiled.memory_analysis().generated_code_size_in_bytes
    return {"seconds": seconds, "code": float(size), "compiler": 1024.0 * (after - before)}


def measured(stack: str, depth: int) -> dict[str, float]:
    """The best of two fresh processes."""
    command = [sys.executable, "-m", "studies.depth", "--child", stack, "--depth", str(depth)]
    found = [json.loads(subprocess.check_output(command).splitlines()[-1]) for _ in range(2)]
    return {key: min(one[key] for one in found) for key in found[0]}


def page(lines: dict[str, list[dict[str, float]]]) -> str:
    """A row for each stack."""
    text = [
        "# Depth",
        "",
        f"`python -m studies.depth`: seconds that the gradient of a loss of {BATCH} rows takes to "
        f"compile, and megabytes that its compiler takes, at {', '.join(map(str, DEPTHS))} layers "
        "of each stack, in fresh processes; ratios of the largest to the smallest.",
        "",
        "| stack | seconds | ratio | megabytes | ratio |",
        "|---|---|---|---|---|",
    ]
    for stack, found in lines.items():
        seconds, memory = ([one[key] for one in found] for key in ("seconds", "compiler"))
        cells = (
            ", ".join(f"{s:.2f}" for s in seconds), f"{max(seconds) / min(seconds):.2f}",
            ", ".join(f"{m / 1e6:.0f}" for m in memory),
            f"{max(memory) / max(min(memory), 1e6):.2f}",
        )  # fmt: skip
        text.append(f"| {stack} | " + " | ".join(cells) + " |")
    return "\n".join(text) + "\n"


def main(only: str = "", child: str = "", depth: int = 0) -> None:
    """Measure, and write the table; ``child`` and ``depth`` measure one member in this process."""
    if child:
        print(json.dumps(compiled(child, depth)))
        return
    lines = json.loads(LINES.read_text()) if LINES.exists() else {}
    for stack in only.split(",") if only else STACKS:
        lines[stack] = [measured(stack, depth) for depth in DEPTHS]
        LINES.write_text(json.dumps(lines, indent=1))
        print(stack, lines[stack], flush=True)
    TABLE.write_text(page({stack: lines[stack] for stack in STACKS if stack in lines}), "utf-8")


if __name__ == "__main__":
    tyro.cli(main)
