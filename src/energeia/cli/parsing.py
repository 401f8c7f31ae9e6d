"""Arguments to records: each error of the parser becomes one sentence."""

import contextlib
import io
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import tyro

from energeia._core.errors import InputError


def parse(kind: Any, words: Sequence[str], default: Any, program: str) -> Any:
    """Parse arguments into a record; ``--help`` prints the help and exits.

    Raises:
        InputError: for a missing or superfluous argument, or a value of another type.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return tyro.cli(
                kind,
                args=words,
                default=default,
                prog=program,
                config=(tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff),
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise InputError(f"{sentence(printed.getvalue())}: see {program} --help") from None


def sentence(shown: str) -> str:
    r"""The message that the parser shows below a title, in a box or between rules.

    >>> sentence("╭─ Value ───╮\n│ bad value │\n│ of --n.   │\n│ ───────── │\n│ help      │")
    'bad value of --n'
    >>> sentence(" Value\n ---\n  Missing from energeia fit:\n      DATA\n         A file.")
    'DATA is missing'
    """
    parts = re.split(r"^.*(?:───|---).*$", shown.replace("│", " "), flags=re.MULTILINE)
    lines = textwrap.dedent(parts[1] if len(parts) > 1 else shown).strip().splitlines()
    if lines and lines[0].startswith("Missing from"):
        names = [line.strip() for line in lines if re.fullmatch(r" {4}\S+ *", line)]
        return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
    return " ".join(line.strip() for line in lines).rstrip(".")
