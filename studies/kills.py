"""Kill a run repeatedly, resume it each time, and compare it with an uninterrupted one.

    python studies/kills.py --kills 20

SIGKILL comes at random moments, also while a checkpoint is written. The resumed run must end in
the same bytes: the last checkpoint, its header and the metrics of every check.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMPARED = ("checkpoints", "metrics.jsonl", "config.toml")


def command(*words):
    return [sys.executable, "-m", "energeia.cli.main", *map(str, words), "--json"]


def start_words(recipe, out, rounds):
    return command(
        "fit", "ising:L=4,n=2000", recipe, "--out", out, "--width", 64,
        "--training.rounds", rounds, "--training.check-every", 20,
        "--training.checkpoint-every", 20, "--training.batch", 64, "--training.patience", 0,
    )  # fmt: skip


def straight(recipe, out, rounds):
    subprocess.run(start_words(recipe, out, rounds), check=True, stdout=subprocess.DEVNULL)


def survive(recipe, out, rounds, kills, seed=0):
    """Run under kills until the end; returns the rounds at which kills struck."""
    chance, struck = random.Random(seed), []
    while len(struck) < kills:
        words = command("resume", out) if (out / "config.toml").is_file() else start_words(
            recipe, out, rounds
        )  # fmt: skip
        before = newest(out)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # One kill in four comes before the first checkpoint of this session.
        if chance.random() < 0.25:
            time.sleep(chance.uniform(0.1, 3.0))
        else:
            while newest(out) == before and process.poll() is None:
                time.sleep(0.001)
            time.sleep(chance.uniform(0.0, 0.2))
        if process.poll() is not None:
            raise SystemExit(
                f"the run ended (status {process.returncode}) after {len(struck)} kills, in round "
                f"{newest(out)} of {rounds}: give it more rounds"
            )
        process.send_signal(signal.SIGKILL)
        process.wait()
        struck.append(newest(out))
    if not (out / "config.toml").is_file():
        straight(recipe, out, rounds)
    subprocess.run(command("resume", out), check=True, stdout=subprocess.DEVNULL)
    return struck


def newest(out):
    return max((int(p.stem) for p in (out / "checkpoints").glob("*.json")), default=0)


def content(out):
    """Every byte that must not depend on kills, by file."""
    files = [p for name in COMPARED for p in sorted([out / name, *(out / name).glob("*")])]
    return {str(p.relative_to(out)): p.read_bytes() for p in files if p.is_file()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20000)
    parser.add_argument("--recipes", nargs="*", default=["made"])
    given = parser.parse_args()
    for recipe in given.recipes:
        with tempfile.TemporaryDirectory() as folder:
            one, two = Path(folder) / "straight", Path(folder) / "killed"
            straight(recipe, one, given.rounds)
            struck = survive(recipe, two, given.rounds, given.kills)
            same = content(one) == content(two)
            print(f"{recipe}: {len(struck)} kills, after rounds {struck}: "
                  f"{'the same bytes' if same else 'OTHER BYTES'}")  # fmt: skip
            if not same:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
