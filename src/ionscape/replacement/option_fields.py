"""What the fields of several analyses share: ranges as a study writes them, and what is assumed."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

from ionscape.core.errors import InputError
from ionscape.core.quantity import parse_quantity

ASSUMED_VACANCIES = (0.10, 0.04)
"""Vacancy fraction and 1 SD: the paper assumes 10 %, published are 3 to 20 % (Gunawan 2024)."""
_TO = re.compile(r"\s+to\s+|\s*–\s*")


def ends(value: Any) -> list[str]:
    """The texts on both sides of ``to`` or a dash; one where there is neither."""
    return _TO.split(str(getattr(value, "text", None) or value).strip())


def depth_range(value: Any) -> tuple[float, float] | None:
    """``150 nm to 200 nm``, or a list of two lengths: [m].

    Raises
    ------
    InputError
        Unless there are two depths, the second the larger one.
    """
    if value is None or (isinstance(value, tuple) and all(isinstance(v, float) for v in value)):
        return value
    texts = [str(v) for v in value] if isinstance(value, (list, tuple)) else ends(value)
    if len(texts) != 2:
        raise InputError(f"expected two depths such as '150 nm to 200 nm', got {value!r}")
    low, high = (0.0 if text.strip() == "0" else parse_quantity(text, "length").value for text in texts)
    if not 0 <= low < high:
        raise InputError(f"the depths must not be negative and the second the larger one, got {value!r}")
    return low, high


DepthRange = Annotated[tuple[float, float], BeforeValidator(depth_range)]
