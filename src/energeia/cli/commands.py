"""The functions that implement the commands, imported when the command is given."""

import importlib
from typing import Any

from energeia.cli import output
from energeia.records import Certificate

_COMMANDS = {
    "inspect": "inspecting:inspect_data",
    "compare": "comparing:compare_recipes",
    "fit": "training:fit",
    "resume": "training:resume",
    "sample": "using:sample",
    "complete": "completing:complete",
    "score": "using:score",
    "certify": "certifying:certify",
    "log-z": "integrating:log_partition",
    "evaluate": "comparing:evaluate_runs",
    "report": "comparing:report",
    "list": "listing:list_runs",
    "recipes": "catalog:recipes",
    "sources": "catalog:sources",
    "targets": "catalog:targets",
    "simulators": "catalog:simulators",
    "ground-state": "states:find_ground_state",
    "measure": "states:measure",
    "tomography": "tomography:reconstruct",
}


def run(name: str, parsed: Any) -> int:
    """Run one command, print its result and return the exit status: 1 for a failed certificate."""
    module, _, function = _COMMANDS[name].partition(":")
    command = getattr(importlib.import_module(f"energeia.cli.{module}"), function)
    answer, show = command(parsed)
    if parsed.common.json:
        print(output.to_json(answer))
    else:
        show()
    return 1 if isinstance(answer, Certificate) and not answer.passed else 0
