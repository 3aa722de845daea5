"""Gyromagnetic ratios against CODATA and other tables."""

from __future__ import annotations

import math

import pytest
from scipy.constants import physical_constants

from ionscape.core.errors import InputError
from ionscape.nmr.nuclei import FREQUENCY_RATIOS, gyromagnetic_ratio, nucleus_name, nucleus_of


def test_the_proton_is_codatas() -> None:
    stated = physical_constants["shielded proton gyromag. ratio"][0]
    assert gyromagnetic_ratio("1H") == pytest.approx(stated, rel=1e-8)


@pytest.mark.parametrize(
    ("nucleus", "megahertz"),
    [("7Li", 16.546), ("6Li", 6.266), ("23Na", 11.262), ("19F", 40.06), ("31P", 17.235), ("2H", 6.536),
     ("27Al", 11.103), ("13C", 10.708), ("17O", 5.772)],
)  # fmt: skip
def test_common_tables_agree(nucleus: str, megahertz: float) -> None:
    # bare nuclei and rounding: some 0.1 % of each other
    assert gyromagnetic_ratio(nucleus) / 2e6 / math.pi == pytest.approx(megahertz, rel=1.2e-3)


def test_lithium_to_three_decimals() -> None:
    assert gyromagnetic_ratio("7Li") / 2e6 / math.pi == pytest.approx(16.546, abs=1e-3)


@pytest.mark.parametrize("text", ["7Li", "Li-7", "li7", "7-Li", " 7li "])
def test_spellings(text: str) -> None:
    assert nucleus_name(text) == "7Li"


def test_an_unknown_nucleus_is_named() -> None:
    with pytest.raises(InputError, match="no gyromagnetic ratio of '8Li'"):
        gyromagnetic_ratio("8Li")


@pytest.mark.parametrize(
    ("carrier", "nucleus"), [("Li+", "7Li"), ("Ag+", "109Ag"), ("F-", "19F"), ("e-", "")]
)
def test_nucleus_of_a_carrier(carrier: str, nucleus: str) -> None:
    assert nucleus_of(carrier) == nucleus
    assert nucleus in FREQUENCY_RATIOS or not nucleus
