"""Isotopes in headings and names of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.read.isotope_names import isotopes_in, without_isotopes


@pytest.mark.parametrize(
    ("text", "isotopes"),
    [
        ("6Li", ["6Li"]),
        ("Li6", ["6Li"]),
        ("Li-6", ["6Li"]),
        ("⁶Li⁺", ["6Li"]),
        ("^{18}O-", ["18O"]),
        ("^18O", ["18O"]),
        ("I(7Li)", ["7Li"]),
        ("counts_6Li", ["6Li"]),
        ("map_59h_6Li_7Li", ["6Li", "7Li"]),
        ("6Li/(6Li+7Li)", ["6Li", "7Li"]),
        ("Li7La3Zr2O12_22C", []),
        ("6Li2", []),
        ("27Al16O", []),
        ("C2", []),
        ("V100", []),
        ("110h", []),
        ("", []),
    ],
)
def test_isotopes(text: str, isotopes: list[str]) -> None:
    assert isotopes_in(text) == isotopes


@given(
    st.sampled_from(["6Li", "7Li", "18O", "16O", "1H", "23Na", "109Ag", "133Cs"]),
    st.sampled_from(["+", "-", ""]),
)
def test_charges_and_surroundings_do_not_matter(isotope: str, charge: str) -> None:
    text = f"counts ({isotope}{charge})"
    assert isotopes_in(text) == [isotope]
    assert without_isotopes(text).replace(" ", "") == "counts()"
