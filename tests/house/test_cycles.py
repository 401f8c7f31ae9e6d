"""Files import each other without cycles; imports within functions or for types count, too."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src"


def module_of(path, root):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path, modules):
    """Modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & modules or {node.module}
    return found & modules


def graph_of(root):
    files = {module_of(path, root): path for path in root.rglob("*.py")}
    return {name: imported(path, set(files)) for name, path in files.items()}


def cycle_in(graph):
    """One cycle of modules, or None."""
    done = set()

    def visit(name, trail):
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return None
        for other in sorted(graph[name]):
            found = visit(other, [*trail, name])
            if found:
                return found
        done.add(name)
        return None

    return next(filter(None, (visit(name, []) for name in sorted(graph))), None)


def test_there_is_no_cycle():
    assert cycle_in(graph_of(ROOT)) is None


def test_the_control_is_caught(tmp_path):
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.py").write_text("from p import b\n")
    (package / "b.py").write_text("import p.c\n")
    (package / "c.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.a import thing\n"
    )
    assert cycle_in(graph_of(tmp_path)) == ["p.a", "p.b", "p.c", "p.a"]
    (package / "c.py").write_text("def f():\n    from p.a import thing\n")
    assert cycle_in(graph_of(tmp_path)) is not None
    (package / "c.py").write_text("")
    assert cycle_in(graph_of(tmp_path)) is None
