"""The page of some runs, read from their folders; nothing is computed."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.recipes.catalogue import find
from energeia.report.content import LandscapePicture, LatentPicture, ModelPart, Page
from energeia.report.page import write_report
from energeia.runs.leaderboard import ranked
from energeia.runs.storage.directory import DataRecord, RunDirectory

_P = TypeVar("_P", LandscapePicture, LatentPicture)


def report_runs(
    directories: Sequence[RunDirectory], path: str | Path, title: str = ""
) -> list[Path]:
    """Write a page about runs on the same kind of rows, with its CSV and JSON files.

    Raises:
        InputError: for no run, or runs of rows with different columns.
        CorruptRun: if a file of a run is damaged.
    """
    return write_report(page_of(directories, title), path)


def page_of(directories: Sequence[RunDirectory], title: str = "") -> Page:
    """The content of a page.

    Raises:
        InputError: for no run, or runs of rows with different columns.
    """
    if not directories:
        raise InputError("no run was named where a report needs one: name folders of runs")
    first = directories[0]
    problem = first.problem
    for other in directories[1:]:
        if other.problem.support != problem.support:
            raise InputError(
                f"{other.path} has rows of {other.problem.support} where {first.path} has "
                f"{problem.support}: write one report for each kind of data"
            )
    record: DataRecord = first.read("data.json", DataRecord)
    held_out = first.load_rows("held_out.npy")
    about_rows = problem.subject == "rows"
    return Page(
        models=_parts(directories),
        support=problem.support,
        layout=problem.layout,
        held_out=np.empty((0, problem.dimension)) if held_out is None else held_out,
        held_out_weight=first.load_rows("held_out_weights.npy"),
        reference="held-out data" if about_rows else "draws weighted to the target",
        data=_facts(record, about_rows=about_rows),
        columns=record.columns,
        warnings=record.warnings,
        environment=_environment(first),
        title=title,
    )


def _facts(record: DataRecord, *, about_rows: bool) -> dict[str, Any]:
    """The description of the data, or the name of the target."""
    return msgspec.to_builtins(record) if about_rows else {"spec": record.spec}


def _parts(directories: Sequence[RunDirectory]) -> list[ModelPart]:
    lines = {line.run: line for line in ranked(list(directories))}
    # Of runs that differ in their seed alone, the first stands for all.
    directories = [directory for directory in directories if str(directory.path) in lines]
    recipes = [directory.config().recipe for directory in directories]
    return [
        ModelPart(
            row=lines[str(directory.path)],
            evaluation=directory.evaluation,
            certificate=directory.certificate,
            history=directory.history(),
            samples=directory.load_rows("samples.npy"),
            landscape=_picture(directory, "landscape", LandscapePicture),
            latent=_picture(directory, "latent", LatentPicture),
            name=recipe if recipes.count(recipe) == 1 else f"{recipe} ({directory.path.name})",
            citation=find(recipe).citation,
            init=directory.config().init,
        )
        for directory, recipe in zip(directories, recipes, strict=True)
    ]


def _picture(directory: RunDirectory, name: str, kind: type[_P]) -> _P | None:
    """A picture whose arrays are files of the run, or None where one is missing."""
    parts = [field.name for field in dataclasses.fields(kind)]
    found = {part: directory.load_rows(f"{name}_{part}.npy") for part in parts}
    whole = {part: rows for part, rows in found.items() if rows is not None}
    return kind(**whole) if len(whole) == len(found) else None


def _environment(directory: RunDirectory) -> dict[str, Any]:
    found = (directory.path / "environment.json").is_file()
    return directory.read("environment.json", dict) if found else {}
