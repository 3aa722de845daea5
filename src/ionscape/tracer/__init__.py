"""Tracers: isotope profiles and images to diffusion coefficients of bulk, boundary and the whole."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"ionscape.tracer.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
