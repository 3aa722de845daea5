"""Temperature dependence: Arrhenius lines with joint errors, and the tests of whether a line is enough.

``from ionscape import temperature; temperature.arrhenius(...)``. Everything is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.temperature.broken_line import BROKEN_LINE
    from ionscape.temperature.mauro import MYEGA
    from ionscape.temperature.model_choice import Comparison, compare
    from ionscape.temperature.step import STEP, STEP_SLOPES
    from ionscape.temperature.straight_line import ArrheniusFit, arrhenius
    from ionscape.temperature.vogel import VOGEL

_HOME = {
    "arrhenius": "straight_line",
    "ArrheniusFit": "straight_line",
    "compare": "model_choice",
    "Comparison": "model_choice",
    "VOGEL": "vogel",
    "MYEGA": "mauro",
    "BROKEN_LINE": "broken_line",
    "STEP": "step",
    "STEP_SLOPES": "step",
}

__all__ = [
    "BROKEN_LINE",
    "MYEGA",
    "STEP",
    "STEP_SLOPES",
    "VOGEL",
    "ArrheniusFit",
    "Comparison",
    "arrhenius",
    "compare",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
