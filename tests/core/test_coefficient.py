"""How coefficients are called."""

from __future__ import annotations

import pytest

from ionscape.core.coefficient import CHANNELS, COLLECTIVE, KINDS, SINGLE_ION, symbol_of


@pytest.mark.parametrize(
    ("kind", "channel", "symbol"),
    [("D*", "effective", "D* (effective)"), ("D_sigma", "bulk", "D_σ,bulk"), ("D_NMR", "", "D_NMR"),
     ("", "", "D")],
)  # fmt: skip
def test_symbols(kind: str, channel: str, symbol: str) -> None:
    assert symbol_of(kind, channel) == symbol


def test_no_kind_is_of_single_ions_and_collective_at_once() -> None:
    assert not set(SINGLE_ION) & set(COLLECTIVE)
    assert set(SINGLE_ION) | set(COLLECTIVE) | {"D_chemical"} == set(KINDS)
    assert all(symbol_of(kind, channel) for kind in KINDS for channel in CHANNELS)
