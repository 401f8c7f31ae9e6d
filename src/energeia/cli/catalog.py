"""The commands ``recipes``, ``sources`` and ``targets``: what there is. Needs no JAX."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from energeia._core.errors import InputError, nearest
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.data.named.catalog import (
    NAMED,
    SIMULATORS,
    TARGETS,
    Maker,
    NamedSource,
)
from energeia.recipes.catalogue import RECIPES, find
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.citations import bibtex
from energeia.recipes.options.families import FAMILIES
from energeia.support import CURVED, DISCRETE, KINDS


def recipes(given: arguments.RecipesArguments) -> Answer:
    """Every recipe by family, or one with its options and papers."""
    if given.name:
        return _recipe(find(given.name))
    order = list(FAMILIES)
    found = sorted(RECIPES.values(), key=lambda recipe: order.index(recipe.family))
    facts = [_facts(recipe) for recipe in found]

    def show() -> None:
        for family in FAMILIES:
            own = [recipe for recipe in found if recipe.family == family]
            if not own:
                continue
            print(f"{family}: likelihood {own[0].likelihood}; {own[0].cost}")
            table = Table(box=None, show_header=False)
            table.add_column(no_wrap=True)
            for recipe in own:
                table.add_row(recipe.name, recipe.summary, _columns(recipe), recipe.citation)
            Console().print(table)

    return {"recipes": facts}, show


def sources(given: arguments.SourcesArguments) -> Answer:
    """Every named source, or one with its parameters.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    if given.name and given.name not in NAMED:
        raise InputError(f"source {given.name!r} is not known: {nearest(given.name, NAMED)}")
    chosen = {given.name: NAMED[given.name]} if given.name else NAMED
    return _named("source", chosen, single=bool(given.name))


def targets(given: arguments.TargetsArguments) -> Answer:
    """Every named target, or one with its parameters.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    if given.name and given.name not in TARGETS:
        raise InputError(f"target {given.name!r} is not known: {nearest(given.name, TARGETS)}")
    chosen = {given.name: TARGETS[given.name]} if given.name else TARGETS
    return _named("target", chosen, single=bool(given.name))


def simulators(given: arguments.SimulatorsArguments) -> Answer:
    """Every named simulator, or one with its parameters.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    if given.name and given.name not in SIMULATORS:
        known = nearest(given.name, SIMULATORS)
        raise InputError(f"simulator {given.name!r} is not known: {known}")
    chosen = {given.name: SIMULATORS[given.name]} if given.name else SIMULATORS
    return _named("simulator", chosen, single=bool(given.name))


def _named(what: str, chosen: Mapping[str, NamedSource | Maker], *, single: bool) -> Answer:
    """Names with what they stand for and their parameters."""
    facts = [_named_facts(name, found) for name, found in chosen.items()]

    def show() -> None:
        table = Table(what, "what it is", "parameters and their defaults", box=None)
        table.columns[0].no_wrap = True
        for fact in facts:
            values = ",".join(
                f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                for name, value in fact["parameters"].items()
            )
            table.add_row(fact["name"], fact["summary"], values)
        Console().print(table)

    return (facts[0] if single else {f"{what}s": facts}), show


def _named_facts(name: str, found: NamedSource | Maker) -> dict[str, Any]:
    defaults = {key: parameter.default for key, parameter in found.parameters.items()}
    return {"name": name, "summary": found.summary, "parameters": defaults}


def _recipe(recipe: Recipe) -> Answer:
    options = option_lines(recipe.options)

    def show() -> None:
        console = Console()
        console.print(f"[bold]{recipe.name}[/], {recipe.family}: {recipe.summary}")
        console.print(f"columns: {_columns(recipe)}", highlight=False)
        console.print(f"likelihood: {recipe.likelihood}; {recipe.cost}", highlight=False)
        table = Table("option", "default", "", box=None)
        table.columns[0].no_wrap = True
        for line in options:
            table.add_row(f"--{line['name']}", line["shown"], line["help"])
        console.print(table)
        print(f"\n{recipe.citation}\n\n{bibtex(recipe.name)}".rstrip())

    shown = [{key: line[key] for key in ("name", "default", "help")} for line in options]
    return {**_facts(recipe), "options": shown, "bibtex": bibtex(recipe.name)}, show


def _facts(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "family": recipe.family,
        "summary": recipe.summary,
        "columns": sorted(recipe.supports),
        "mixed": recipe.mixed,
        "conditional": recipe.conditional,
        "accepts": sorted(recipe.accepts),
        "likelihood": recipe.likelihood,
        "cost": recipe.cost,
        "citation": recipe.citation,
    }


def _columns(recipe: Recipe) -> str:
    missing = sorted({*KINDS} - recipe.supports)
    kinds = ", ".join(sorted(recipe.supports))
    if len(missing) <= len(CURVED) + 1:
        kinds = f"any but {', '.join(missing)}" if missing else "any"
    elif recipe.supports == frozenset(DISCRETE):
        kinds = "any discrete"
    return kinds + ("" if recipe.mixed else "; not mixed")


def option_lines(kind: type[msgspec.Struct], prefix: str = "") -> list[dict[str, Any]]:
    """Name, default and docstring of every option of a record, nested ones with their prefix."""
    defaults, helps, lines = kind(), field_docs(kind), []
    for field in msgspec.structs.fields(kind):
        name, value = f"{prefix}{field.name}", getattr(defaults, field.name)
        if isinstance(value, msgspec.Struct):
            nested = option_lines(type(value), f"{name}.")
            # The defaults are those of this recipe, not those of the record in general.
            own = dict(_values(value, f"{name}."))
            lines += [{**line, **_shown(own[line["name"]])} for line in nested]
        else:
            shown = name.replace("_", "-")
            lines.append({"name": shown, **_shown(value), "help": helps.get(field.name, "")})
    return lines


def _values(record: msgspec.Struct, prefix: str) -> list[tuple[str, Any]]:
    found = []
    for field in msgspec.structs.fields(record):
        name, value = f"{prefix}{field.name}", getattr(record, field.name)
        nested = isinstance(value, msgspec.Struct)
        found += _values(value, f"{name}.") if nested else [(name.replace("_", "-"), value)]
    return found


def _shown(value: Any) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"default": list(value), "shown": " ".join(map(str, value)) or "none"}
    return {"default": value, "shown": str(value)}


def field_docs(kind: type) -> dict[str, str]:
    """The docstring under each field of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not (issubclass(base, msgspec.Struct) and base is not msgspec.Struct):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        assert isinstance(tree, ast.ClassDef)  # the source of a class is its definition
        for field, doc in zip(tree.body, tree.body[1:], strict=False):
            text = doc.value if isinstance(doc, ast.Expr) else None
            named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if named and isinstance(text, ast.Constant):
                found[field.target.id] = " ".join(str(text.value).split())  # pyright: ignore[reportAttributeAccessIssue]
    return found
