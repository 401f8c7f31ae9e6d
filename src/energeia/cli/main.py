"""The command line: parse arguments, call one function, print errors as one sentence.

Nothing here imports JAX before a command is chosen, so ``--help`` is fast.
"""

import importlib
import itertools
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import tyro

from energeia import __version__
from energeia._core.errors import EnergeiaError, InputError, nearest
from energeia._core.ranges import require_ranges
from energeia.cli.arguments import COMMANDS, fit_arguments
from energeia.cli.parsing import parse
from energeia.data.named.catalog import SubjectKind, subject_kind
from energeia.recipes.catalogue import RECIPES, find
from energeia.runs.interrupt import termination_interrupts

_USAGE = """usage: energeia COMMAND ... (energeia COMMAND --help)

Generative modeling for physicists: fit seven families to data, with the reliability of every
number.

  inspect DATA           what the data are, and which recipes apply
  compare DATA           fit each family and the baselines, leaderboard and report
  fit DATA RECIPE        train one recipe, on rows or on an energy
  resume RUN             continue after an interruption
  sample RUN             draw samples
  complete RUN HOLES     draw the unknown entries of rows given the known ones
  score RUN DATA         log-likelihood of rows, with error and kind
  evaluate RUN ...       measure runs against held-out data
  certify RUN            check that the log-probability is normalized and that of the samples
  log-z TARGET           the normalization of an energy, by methods that fail in different ways
  report RUN ...         write a page about runs
  list [FOLDER]          the runs in a folder
  recipes [NAME]         the recipes; of one, its options and papers
  sources [NAME]         the named sources of data; of one, its parameters
  targets [NAME]         the named energies to train on without data; of one, its parameters
  simulators [NAME]      the named simulators to train on; of one, its parameters
  ground-state CHAIN     a ground state as a matrix-product state, by DMRG
  measure STATE          exact shots of a matrix-product state
  tomography SHOTS       reconstruct a quantum state from measurement outcomes

DATA is a file (.npy, .npz, .csv, .h5) or a named source: ising:L=8,beta=0.4407, digits, moons,
8gaussians, checkerboard, ... RECIPE is one of: {recipes}.
"""


_START = """Generative modelling for physicists. Copy a line to begin:

  energeia inspect moons                             what the data are, which recipes apply
  energeia fit moons spline-flow --out runs/moons    train one model
  energeia sample runs/moons -n 1000                 draw from it, into samples.npy
  energeia compare moons --scale 0.1                 one model of each family, side by side
  energeia --help                                    all commands
"""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit: 0 done, 1 a failed certificate, 2 something to repair,
    130 interrupted.

    SIGTERM interrupts as Ctrl-C does, so that what was done is kept.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    logging.basicConfig(level=logging.WARNING, format="energeia: %(message)s", stream=sys.stderr)
    try:
        with termination_interrupts():
            code = _run(arguments)
    except BrokenPipeError:
        # The reader closed the pipe (`energeia list | head`): not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (EnergeiaError, OSError, MemoryError, RuntimeError, KeyboardInterrupt) as problem:
        message = _message(problem)
        if message is None:
            raise
        if debug:
            traceback.print_exc()
        print(f"energeia: {message}", file=sys.stderr)
        code = 130 if isinstance(problem, KeyboardInterrupt) else 2
    sys.exit(code)


def _message(problem: BaseException) -> str | None:
    """One sentence for what a user can repair; None for a defect of the program."""
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted; nothing that was saved is lost"
    if isinstance(problem, EnergeiaError):
        return str(problem)
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename} cannot be used ({problem.strerror}): name another place"
    # JAX reports memory that a device does not have as a RuntimeError.
    if isinstance(problem, MemoryError) or "RESOURCE_EXHAUSTED" in str(problem):
        return (
            "this needs more memory than there is: make the model, the batch or the number of "
            "rows smaller"
        )
    return None


def _run(arguments: list[str]) -> int:
    if not arguments:
        print(_START, end="", file=sys.stderr)
        return 2
    if arguments[0] in ("-h", "--help", "help"):
        print(_USAGE.format(recipes=", ".join(RECIPES)))
        return 0
    if arguments[0] in ("--version", "version"):
        print(f"energeia {__version__}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name != "fit" and name not in COMMANDS:
        raise InputError(f"command {name!r} is not known: {nearest(name, ['fit', *COMMANDS])}")
    parsed = _parse(name, rest)
    _prepare_jax()
    commands = importlib.import_module("energeia.cli.commands")
    return commands.run(name, parsed)


def _parse(name: str, rest: list[str]) -> Any:
    """Parse arguments into a record.

    Raises:
        InputError: for an unknown option or recipe, with the nearest known one, or a number that
            is out of range.
    """
    default: Any = tyro.MISSING_NONPROP
    if name == "fit":
        kind, default = _fit(rest)
    else:
        kind = COMMANDS[name]
    _refuse_unknown(kind, rest)
    parsed = parse(kind, rest, default, f"energeia {name}")
    require_ranges(parsed, _flags(kind).__getitem__)
    return parsed


def _fit(rest: list[str]) -> tuple[type[msgspec.Struct], Any]:
    """The record of ``fit``: its options are those of the recipe, the second argument."""
    words = list(itertools.takewhile(lambda word: not word.startswith("-"), rest))[:2]
    if len(words) < 2 and not {"-h", "--help"} & set(rest):
        missing = "RECIPE" if words else "DATA and RECIPE"
        raise InputError(
            f"{missing} must come before the options of fit: energeia fit "
            f"{words[0] if words else 'DATA'} RECIPE, with RECIPE one of {', '.join(RECIPES)}"
        )
    if len(words) < 2:
        return fit_arguments(None), tyro.MISSING_NONPROP
    recipe = find(words[1])
    kind = fit_arguments(recipe.defaults(_subject(words[0], rest)))
    path = _value_of("--config", rest)
    if path is None:
        return kind, tyro.MISSING_NONPROP
    loaded = importlib.import_module("energeia.runs.storage.config").options_file(
        Path(path), recipe.options
    )
    return kind, kind(data=words[0], recipe=words[1], options=loaded)


def _subject(spec: str, rest: list[str]) -> SubjectKind:
    """What a recipe is trained on, on which its defaults depend."""
    wanted: Any = _value_of("--from", rest) or ""
    return subject_kind(spec, wanted, allow_import="--allow-import" in rest)


def _value_of(flag: str, rest: list[str]) -> str | None:
    for index, word in enumerate(rest):
        if word == flag and index + 1 < len(rest):
            return rest[index + 1]
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return None


def _refuse_unknown(kind: type[msgspec.Struct], rest: list[str]) -> None:
    known = {"--help", "-h", *_flags(kind).values()}
    for word in rest:
        flag = word.partition("=")[0].replace("_", "-")
        if flag.startswith("--") and flag not in known:
            raise InputError(f"option {flag} is not known: {nearest(flag, known)}")


def _flags(kind: type[msgspec.Struct], prefix: str = "", path: str = "") -> dict[str, str]:
    """The long option of every field of a record, by the path of the field."""
    found = {}
    for field in msgspec.structs.fields(kind):
        name, inner = field.name, field.type
        marks = getattr(inner, "__metadata__", ())
        given = [m.name for m in marks if getattr(m, "name", None) is not None]
        name = given[0] if given else name
        plain = getattr(inner, "__origin__", inner)
        if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
            inside = f"{prefix}{name}." if name else prefix
            found |= _flags(plain, inside, f"{path}{field.name}.")
        else:
            found[path + field.name] = f"--{prefix}{name}".replace("_", "-")
    return found


def _prepare_jax() -> None:
    """Keep compiled programs between sessions, in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(base) / "energeia" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")


if __name__ == "__main__":
    main()
