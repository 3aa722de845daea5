"""Public names of a package that load their module when first used: ``import ionscape`` stays quick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    modules : mapping of str to str
        Public name: the module of the package that defines it, or the full name of another package's
        (``ionscape.core.position_scale``). No name may be that of a module of the package: once the module
        is imported, it would be found instead.
    """

    def load(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = modules[name]
        return getattr(import_module(module if "." in module else f"{package}.{module}"), name)

    def names() -> list[str]:
        return sorted(modules)

    return load, names
