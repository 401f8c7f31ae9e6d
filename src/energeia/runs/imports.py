"""Code of the user, imported only where the user said so."""

import importlib
from typing import Any

from energeia._core.errors import InputError


def imported(what: str, spec: str, *, allow_import: bool) -> Any:
    """The attribute that MODULE:ATTRIBUTE names.

    Raises:
        InputError: if the import was not allowed, or fails.
    """
    module, _, attribute = spec.partition(":")
    if not allow_import:
        raise InputError(
            f"the {what} {spec} is code of the module {module!r}, which is imported only if you "
            "say so: add --allow-import if you trust it"
        )
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as problem:
        raise InputError(
            f"the {what} {spec} cannot be imported ({problem}): give MODULE:ATTRIBUTE with the "
            "module on the path of Python"
        ) from None
