"""ionscape: from raw measurements on a solid ion conductor to how its ions move.

``from ionscape import impedance, temperature, read`` — subpackages load when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_SUBPACKAGES = ("consistency", "core", "fit", "impedance", "nmr", "read", "report", "store", "study",
                "temperature", "testing", "tracer")  # fmt: skip
__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f"ionscape.{name}")
    raise AttributeError(f"module 'ionscape' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_SUBPACKAGES]
