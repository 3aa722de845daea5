"""References to quantities, with and without ``*``."""

from __future__ import annotations

import pytest

from ionscape.core.outcome import Outcome
from ionscape.core.registry import Analysis, Series
from ionscape.study.analyses import misspelt, units_of
from ionscape.study.validation import Fields


def _nothing(series: Series, options: Fields) -> Outcome:
    return Outcome(warnings=(series.source, str(options)))


OUTPUTS = {"resistance_*": "ohm", "conductivity_bulk": "S/m", "conductivity_*": "S/m"}
USE = Analysis("x.y", "", Fields, _nothing, outputs=OUTPUTS)


@pytest.mark.parametrize(
    ("quantity", "units"),
    [("conductivity_bulk", {"S/m"}), ("resistance_bulk", {"ohm"}), ("resistance_*", {"ohm"}),
     ("resistance_b*", {"ohm"}), ("*", {"ohm", "S/m"}), ("conductivity", set()), ("diffusion*", set())],
)  # fmt: skip
def test_what_a_reference_can_stand_for(quantity: str, units: set[str]) -> None:
    assert units_of(USE, quantity) == units


@pytest.mark.parametrize(
    ("quantity", "meant"),
    [("conductivity_blk", "conductivity_bulk"), ("conductivity_bulc", ""), ("conductivity_bulk", ""),
     ("conductivity_bulk_2", ""), ("conductivity_interface", ""), ("conductivity_*", ""), ("", "")],
)  # fmt: skip
def test_a_slip_that_a_wildcard_would_let_through(quantity: str, meant: str) -> None:
    assert misspelt(quantity, OUTPUTS) == meant
