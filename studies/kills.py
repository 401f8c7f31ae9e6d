"""Kill a run, resume it, and compare it with an uninterrupted one.

    python -m studies.kills                # once at every operation on the disk
    python -m studies.kills --kills 20     # SIGKILL, twenty times in one run

A kill at an operation tears the write in half (``studies/faults.py``), so that no file escapes;
SIGKILL comes at random moments. The resumed run must end in the same bytes: the last checkpoints,
their headers and the metrics of every check. No half-written file may stay.
"""

import argparse
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from studies.faults import KILLED

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


def kill_everywhere(recipe, rounds, folder):
    """Kill a run at each of its operations in turn: (operation, whether all was made good)."""
    one, found = folder / "straight", []
    straight(recipe, one, rounds)
    while True:
        out = folder / f"killed-{len(found) + 1}"
        words = start_words(recipe, out, rounds)
        faulty = [sys.executable, "-m", "studies.faults", str(len(found) + 1), *words[3:]]
        done = subprocess.run(faulty, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != KILLED:
            subprocess.CompletedProcess.check_returncode(done)
            return found
        again = command("resume", out) if (out / "config.toml").is_file() else words
        subprocess.run(again, check=True, stdout=subprocess.DEVNULL)
        whole = content(out) == content(one) and not [*out.rglob("*.part")]
        found.append((done.stderr.rpartition("KILLED ")[2].strip(), whole))


def table(recipe, found):
    """How many of the kills at each kind of operation were made good, in the order met."""
    lines = ["| recipe | operation | kills | the same bytes, nothing left |", "|---|---|---|---|"]
    kinds = [re.sub(r"\d{9}", "NNNNNNNNN", operation) for operation, _ in found]
    for kind in dict.fromkeys(kinds):
        whole = [good for (_, good), other in zip(found, kinds, strict=True) if other == kind]
        lines.append(f"| {recipe} | {kind} | {len(whole)} | {sum(whole)} |")
    return "\n".join(lines)


def newest(out):
    return max((int(p.stem) for p in (out / "checkpoints").glob("*.json")), default=0)


def content(out):
    """Every byte that must not depend on kills, by file."""
    files = [p for name in COMPARED for p in sorted([out / name, *(out / name).glob("*")])]
    return {str(p.relative_to(out)): p.read_bytes() for p in files if p.is_file()}


def random_kills(recipe, rounds, kills, folder):
    """Whether a run that gets SIGKILL again and again ends in the same bytes; where it struck."""
    straight(recipe, folder / "straight", rounds)
    struck = survive(recipe, folder / "killed", rounds, kills)
    return content(folder / "straight") == content(folder / "killed"), struck


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="SIGKILL so often instead")
    parser.add_argument("--rounds", type=int, default=0, help="100, with --kills 20000")
    parser.add_argument("--recipes", nargs="*", default=["made"])
    given = parser.parse_args()
    for recipe in given.recipes:
        with tempfile.TemporaryDirectory() as folder:
            if given.kills:
                rounds = given.rounds or 20000
                good, struck = random_kills(recipe, rounds, given.kills, Path(folder))
                print(f"{recipe}: {len(struck)} kills, after rounds {struck}: "
                      f"{'the same bytes' if good else 'OTHER BYTES'}")  # fmt: skip
            else:
                found = kill_everywhere(recipe, given.rounds or 100, Path(folder))
                print(table(recipe, found))
                good = all(whole for _, whole in found)
            if not good:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
