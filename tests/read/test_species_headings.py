"""Headings of profiles of several elements, and the tables that have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.read import read
from ionscape.read.species_headings import element_of, plain_species, species_heading

Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("cell", "quantity"),
    [
        ("7Li", "counts_7Li"),
        ("Li+", "counts_Li"),
        ("I(7Li)", "counts_7Li"),
        ("^133Cs+", "counts_133Cs"),
        ("133 Cs+", "counts_133Cs"),
        ("Li-7", "counts_7Li"),
        ("Cs+ [counts]", "counts_Cs"),
        ("counts_7Li", "counts_7Li"),
        ("Li_counts", "counts_Li"),
        ("11B intensity", "counts_11B"),
        ("BO2-", "counts_BO2"),
        ("CrO_2-", "counts_CrO2"),
        ("B", "counts_B"),
        ("K", "counts_K"),
        ("S+", "counts_S"),
        ("u_Li", "fraction_Li"),
        ("u(Li)", "fraction_Li"),
        ("Li fraction", "fraction_Li"),
        ("n_Li/n0", "fraction_Li"),
        ("7Li / 7Li bulk", "fraction_7Li"),
        ("Li fraction uncertainty", "fraction_uncertainty_Li"),
        ("sd u_Li", "fraction_uncertainty_Li"),
        ("± u_Li", "fraction_uncertainty_Li"),
        ("Cs cps", "rate_Cs"),
        ("Cs+ (counts/s)", "rate_Cs"),
        ("depth (nm)", m.POSITION),
        ("Sputter Time [s]", m.SPUTTER_TIME),
        ("label", "sweep"),
    ],
)
def test_headings(cell: str, quantity: str) -> None:
    found = species_heading(cell)
    assert found is not None
    assert found.quantity == quantity


@pytest.mark.parametrize("cell", ["note", "total", "U/V", "I/A", "6Li/(6Li+7Li)", "I", "remark Li 2", "Xx+"])
def test_what_is_no_species(cell: str) -> None:
    assert species_heading(cell) is None


@given(st.sampled_from(["Li", "Na", "K", "Rb", "Cs", "Ag"]), st.sampled_from(["", "+", "-", "2+"]))
def test_charges_are_taken_off_and_elements_found(element: str, charge: str) -> None:
    assert plain_species(element + charge.replace("2", "")) == element
    assert element_of(element) == element


def test_percent_is_a_hundredth() -> None:
    found = species_heading("Li fraction (%)")
    assert found is not None
    assert (found.quantity, found.factor) == ("fraction_Li", 0.01)


# An export as SurfaceLab writes depth profiles: comments, tabs, a row of units below the ions.
_IONTOF = """# IONTOF GmbH, SurfaceLab 7.1
# Measurement: LBO_Cs_01.itm
# Sputter Time\tLi+\t^133Cs+\tBO2-\ttotal
# s\tcounts\tcounts\tcounts\tcounts
0.00\t44\t13519\t402\t14001
1.31\t27\t13400\t410\t13902
2.62\t39\t13626\t398\t14005
3.93\t141\t13499\t397\t14033
"""


def test_an_iontof_export_of_a_profile(write: Write) -> None:
    found = read(write("LBO.txt", _IONTOF), "replacement")
    assert found.technique == "replacement"
    (sweep,) = found.sweeps
    assert set(sweep.columns) == {m.SPUTTER_TIME, "counts_Li", "counts_133Cs", "counts_BO2"}
    np.testing.assert_allclose(sweep.columns[m.SPUTTER_TIME], [0.0, 1.31, 2.62, 3.93])
    np.testing.assert_array_equal(sweep.columns["counts_133Cs"], [13519, 13400, 13626, 13499])
    assert any("number 5" in warning for warning in found.warnings)  # 'total' is left out, and said


def test_the_headings_tell_a_replacement_from_a_tracer(write: Write) -> None:
    several = write("a.csv", "depth (nm),7Li,133Cs,11B\n1,40,900,300\n2,41,910,301\n")
    isotopes = write("b.csv", "depth (nm),6Li,7Li,48Ti\n1,40,900,300\n2,41,910,301\n")
    assert read(several).technique == "replacement"
    assert read(isotopes).technique == "tracer"
    assert read(isotopes, "replacement").technique == "replacement"  # where the study says so


def test_fractions_with_their_uncertainty(write: Write) -> None:
    text = "depth (nm),Li fraction (%),Li fraction uncertainty,u_Cs\n1,15,1,0.85\n2,16,2,0.84\n"
    columns = read(write("a.csv", text), "replacement").sweeps[0].columns
    np.testing.assert_allclose(columns["fraction_Li"], [0.15, 0.16])
    np.testing.assert_allclose(columns["fraction_uncertainty_Li"], [0.01, 0.02])
    np.testing.assert_allclose(columns["fraction_Cs"], [0.85, 0.84])


def test_corrected_counts_need_not_be_whole_but_not_negative(write: Write) -> None:
    text = "depth (nm),Li+,Cs+\n1,40.5,900\n2,41.2,910\n"
    assert read(write("a.csv", text), "replacement").sweeps[0].columns["counts_Li"][0] == 40.5
    with pytest.raises(ReadError, match="cannot be negative"):
        read(write("a.csv", text.replace("40.5", "-1")), "replacement")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth (nm),signal,other\n1,2,3\n2,3,4\n", "needs a column of depth or sputter time and the counts"),
        ("Li+,Cs+,B+\n1,2,3\n2,3,4\n", "too few are understood"),
        ("depth,Li+,Cs+\n1,2,3\n2,3,4\n", "no unit is stated for the position"),
        ("depth (nm),Li+ cps,Cs+\n1,2,3\n2,3,4\n", "Li is given as counts per second"),
        ("depth (nm),Li+,Cs+\n2,2,3\n1,3,4\n", "does not increase"),
        ("f (Hz),Z' (ohm),Z'' (ohm)\n1,2,-3\n2,3,-4\n", "this is an impedance spectrum"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(write: Write, text: str, message: str) -> None:
    with pytest.raises(ReadError, match=message) as caught:
        read(write("a.csv", text), "replacement")
    assert "\n" not in str(caught.value)
