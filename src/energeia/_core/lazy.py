"""Packages whose public members are loaded on first use (PEP 562)."""

import ast
import functools
import importlib
import sys
from pathlib import Path
from typing import Any


def attach(package: str) -> None:
    """Give a package the names that its stub ``__init__.pyi`` imports, each loaded on first use.

    The stub is the one list of public names: type checkers read it, and so does this function.
    A name is imported when it is asked for, so that ``import energeia`` does not wait for JAX.

    >>> import energeia.bijections
    >>> energeia.bijections.Spline.__module__, "Spline" in dir(energeia.bijections)
    ('energeia.bijections.spline', True)
    """
    module: Any = sys.modules[package]
    public = exports(Path(module.__file__).with_suffix(".pyi"))

    def load(name: str) -> Any:
        if name not in public:
            raise AttributeError(
                f"module {package!r} has no attribute {name!r}", name=name, obj=module
            )
        if public[name] == package:
            return importlib.import_module(f"{package}.{name}")
        found = getattr(importlib.import_module(public[name]), name)
        setattr(module, name, found)
        return found

    module.__getattr__ = load
    module.__all__ = [*getattr(module, "__all__", ()), *sorted(public)]
    module.__dir__ = lambda: sorted({*vars(module), *public})


@functools.cache
def exports(stub: Path) -> dict[str, str]:
    """The names that a stub re-exports (``from m import a as a``), with the module of each."""
    return {
        alias.asname: node.module
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.asname
    }
