"""Every module of the house is abstract or final, and nothing concrete is overridden."""

import ast
import importlib
import inspect
import pkgutil
from collections import Counter
from pathlib import Path

import equinox as eqx
import pytest

import energeia


def every_class():
    found = set()
    for info in pkgutil.walk_packages(energeia.__path__, "energeia."):
        module = importlib.import_module(info.name)
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if issubclass(thing, eqx.Module) and thing.__module__.startswith("energeia."):
                found.add(thing)
    return sorted(found, key=lambda c: (c.__module__, c.__qualname__))


def is_abstract(cls):
    return inspect.isabstract(cls) or bool(getattr(cls, "__abstractvars__", ()))


CLASSES = every_class()


def violations(cls):
    """Concrete bases, and concrete methods that are overridden."""
    said = [
        f"inherits from the final {base.__name__}"
        for base in cls.__mro__[1:]
        if base.__module__.startswith("energeia.") and not is_abstract(base)
    ]
    for name, own in vars(cls).items():
        if name.startswith("__") or not callable(own):
            continue
        for base in cls.__mro__[1:]:
            inherited = vars(base).get(name)
            if (
                base.__module__.startswith("energeia.")
                and inspect.isfunction(inherited)
                and not getattr(inherited, "__isabstractmethod__", False)
                and (base.__name__, name) not in HOOKS
            ):
                said.append(f"overrides {base.__name__}.{name}")
    return said


HOOKS = {
    ("Objective", "init_memory"),
    ("Objective", "held_out"),
    ("Density", "sample_and_log_prob"),
    ("Energy", "put_back"),
    ("Bijection", "inverse_point"),
}
"""The methods of the grammar with a default: 'nothing' unless an objective or a mask says more, two
passes unless a density needs one, both results unless a loop computes them together."""


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: f"{c.__module__}.{c.__name__}")
def test_abstract_or_final(cls):
    assert violations(cls) == []


def class_names(sources):
    """Every class defined in some sources, nested ones too."""
    trees = [ast.parse(source) for source in sources]
    return [n.name for tree in trees for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]


def test_no_class_name_is_defined_twice():
    root = Path(energeia.__path__[0])
    counts = Counter(class_names(p.read_text(encoding="utf-8") for p in root.rglob("*.py")))
    assert [name for name, count in counts.items() if count > 1] == []


def test_the_control_of_names_is_caught():
    assert Counter(class_names(["class A: pass", "if True:\n    class A: pass"]))["A"] == 2


def test_the_control_is_caught():
    from energeia.contracts import Energy

    class Base(Energy):
        shape: tuple = ()
        condition_shape: None = None

        def energy(self, x, condition=None):
            return x

    class Derived(Base):
        def energy(self, x, condition=None):
            return 2 * x

    Base.__module__ = Derived.__module__ = "energeia.somewhere"
    assert violations(Derived) == ["inherits from the final Base", "overrides Base.energy"]
