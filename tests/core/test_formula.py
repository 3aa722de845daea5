"""Formulas against handbook molar masses and densities of ions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.core.formula import ATOMIC_WEIGHT, atoms, ions_per_mass, molar_mass, parse_ion


@pytest.mark.parametrize(
    ("formula", "gram_per_mol"),
    [("H2O", 18.015), ("AgI", 234.77), ("Al2O3", 101.96), ("Li7La3Zr2O12", 839.74), ("Ca(OH)2", 74.09)],
)
def test_molar_masses_of_the_handbook(formula: str, gram_per_mol: float) -> None:
    assert molar_mass(formula) * 1e3 == pytest.approx(gram_per_mol, rel=2e-4)


def test_glass_of_two_compounds() -> None:
    assert atoms("0.5AgI-0.5AgPO3") == pytest.approx({"Ag": 1.0, "I": 0.5, "P": 0.5, "O": 1.5})
    assert atoms("(Li2S)0.75(P2S5)0.25") == pytest.approx({"Li": 1.5, "S": 2.0, "P": 0.5})
    assert atoms("Li3[PS4]") == {"Li": 3, "P": 1, "S": 4}


def test_lithium_in_llto_has_the_published_density() -> None:
    # Hasegawa 2024: 5.0e21 cm^-3 (printed with the wrong sign of the exponent); 5.06 g/cm^3 is the crystal's
    per_cm3 = ions_per_mass("Li0.29La0.57TiO3", "Li") * 5.06e3 * 1e-6
    assert per_cm3 == pytest.approx(5.0e21, rel=0.01)


@given(st.dictionaries(st.sampled_from(sorted(ATOMIC_WEIGHT)), st.integers(1, 99), min_size=1, max_size=6))
def test_a_formula_says_what_it_was_written_from(counts: dict[str, int]) -> None:
    assert atoms("".join(f"{e}{n}" for e, n in counts.items())) == counts


@given(st.text(alphabet="LiOa0.5()[]-+ x", max_size=12))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    try:
        found = atoms(text)
    except InputError:
        return
    assert set(found) <= set(ATOMIC_WEIGHT)


@pytest.mark.parametrize("text", ["", "Li7La3Zz2", "lithium", "Li(", "Li)", "2", "Li7..5"])
def test_no_formula(text: str) -> None:
    with pytest.raises(InputError):
        atoms(text)


@pytest.mark.parametrize(
    ("text", "element", "charge"),
    [("Li+", "Li", 1), ("Na+", "Na", 1), ("Ag+", "Ag", 1), ("H+", "H", 1), ("O2-", "O", -2), ("F-", "F", -1),
     ("Mg2+", "Mg", 2), ("O²⁻", "O", -2), ("Al^3+", "Al", 3)],
)  # fmt: skip
def test_ions(text: str, element: str, charge: int) -> None:
    ion = parse_ion(text)
    assert (ion.element, ion.charge) == (element, charge)


@pytest.mark.parametrize("text", ["Li", "+", "Xx+", "NH4+", "Li9+"])
def test_no_ion(text: str) -> None:
    with pytest.raises(InputError, match="expected an ion"):
        parse_ion(text)


def test_an_ion_that_is_not_in_the_formula() -> None:
    with pytest.raises(InputError, match="Na is not in the formula LiF"):
        ions_per_mass("LiF", "Na")
