"""Arc names: textbook cases, published pellets, and what must be refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.impedance.arc_naming import ArcFacts, name_arcs

PELLET = 2.1e-13  # eps0 A/L of s04147 [F]
AREA = 5e-5


def _names(*capacitances: float, **more: object) -> list[str]:
    arcs = [ArcFacts(f"arc {k}", c) for k, c in enumerate(capacitances, start=1)]
    return [found.name for found in name_arcs(arcs, **more)]  # type: ignore[arg-type]


def test_the_textbook_case() -> None:
    # Irvine, Sinclair and West 1990: bulk 1e-12, boundary 1e-9, electrode 1e-6 F
    assert _names(5e-12, 1e-9, 5e-6) == ["bulk", "grain boundary", "electrode"]
    assert _names(5e-12, 1e-9, 5e-6, reference_capacitance=PELLET, area=AREA) == [
        "bulk",
        "grain boundary",
        "electrode",
    ]


def test_s04147_two_arcs() -> None:
    # published effective capacitances, 413 K
    arcs = [ArcFacts("arc 1", 7.0e-12, 0.1, 0.03, 0.8), ArcFacts("arc 2", 1.74e-11, 0.03, 0.01, 0.8)]
    bulk, boundary = name_arcs(arcs, reference_capacitance=PELLET, area=AREA)
    assert (bulk.name, boundary.name) == ("bulk", "grain boundary")
    assert bulk.confidence > 0.8
    assert any("permittivity of 33" in reason for reason in bulk.reasons)
    assert any("times the bulk's" in reason for reason in boundary.reasons)


def test_a_lone_glassy_arc_is_the_bulk() -> None:
    assert _names(3e-12, reference_capacitance=PELLET, area=AREA, polycrystalline=False) == ["bulk"]


def test_a_lone_arc_of_boundary_size_is_no_bulk() -> None:
    (name,) = _names(1e-9, reference_capacitance=PELLET, area=AREA)
    assert name == "grain boundary"


def test_a_lone_depressed_arc_between_the_ranges_is_unresolved() -> None:
    arc = ArcFacts("arc 1", 6e-11, 0.03, exponent=0.62)
    (found,) = name_arcs([arc], reference_capacitance=PELLET, area=AREA, polycrystalline=True)
    assert found.name == "bulk and grain boundary"
    assert found.slug == "bulk_and_grain_boundary"
    assert any("grains and boundaries may both be in it" in reason for reason in found.reasons)


def test_two_interfaces_are_numbered() -> None:
    found = _names(5e-12, 1e-9, 2e-9 * 30, 4e-7 * 30, reference_capacitance=PELLET, area=AREA)
    assert found[:2] == ["bulk", "grain boundary"]
    assert len(set(found)) == 4


def test_geometry_moves_the_ranges() -> None:
    # 1e-9 F is a boundary for a pellet, the bulk (eps_r 11) for a 1 um film of 1 cm2
    film = 8.854e-12 * 1e-4 / 1e-6
    assert _names(1e-9, reference_capacitance=PELLET, area=1e-4) == ["grain boundary"]
    assert _names(1e-8, reference_capacitance=film, area=1e-4, polycrystalline=False) == ["bulk"]


def test_uncertainty_lowers_the_confidence() -> None:
    def confidence(sd: float) -> float:
        arcs = [ArcFacts("arc 1", 2e-11, sd), ArcFacts("arc 2", 3e-10, sd)]
        return name_arcs(arcs, reference_capacitance=PELLET, area=AREA)[0].confidence

    assert confidence(0.02) > confidence(1.0)


def test_a_wandering_capacitance_speaks_against_the_bulk() -> None:
    def confidence(spread: float) -> float:
        arc = ArcFacts("arc 1", 2e-11, 0.05, spread)
        (found,) = name_arcs([arc], reference_capacitance=PELLET, area=AREA, polycrystalline=False)
        return found.confidence if found.name == "bulk" else 0.0

    assert confidence(0.02) > confidence(0.5)


def test_the_users_word_stands() -> None:
    arcs = [ArcFacts("arc 1", 5e-12), ArcFacts("arc 2", 1e-9)]
    first, second = name_arcs(arcs, chosen={"arc 1": "grain boundary"})
    assert (first.name, first.confidence, first.reasons) == (
        "grain boundary",
        1.0,
        ("named so in the study",),
    )
    assert second.name != "bulk"


@pytest.mark.parametrize(
    ("chosen", "words"), [({"arc 7": "bulk"}, "no 'arc 7'"), ({"arc 1": "grain"}, "choose from")]
)
def test_wrong_choices_are_told(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        name_arcs([ArcFacts("arc 1", 5e-12)], chosen=chosen)


@given(
    st.lists(st.tuples(st.floats(-13, -3), st.floats(0.0, 2.0), st.floats(0.2, 1.0)), max_size=4),
    st.booleans(),
)
def test_names_keep_the_order_and_confidences_are_probabilities(
    facts: list[tuple[float, float, float]], geometry: bool
) -> None:
    arcs = [ArcFacts(f"arc {k}", 10**c, sd, math.nan, a) for k, (c, sd, a) in enumerate(facts, start=1)]
    found = name_arcs(
        arcs, reference_capacitance=PELLET if geometry else None, area=AREA if geometry else None
    )
    ranks = {"bulk": 0, "grain": 1, "interface": 2, "electrode": 3}
    order = [0 if f.name.startswith("bulk") else ranks[f.name.split()[0]] for f in found]
    assert order == sorted(order)
    assert len({f.name for f in found}) == len(found)
    assert all(0 < f.confidence <= 1 + 1e-12 and f.reasons for f in found)


@pytest.mark.parametrize(
    ("grains", "name"),
    [(None, "bulk and grain boundary"), (True, "bulk and grain boundary"), (False, "bulk")],
)
def test_a_lone_arc_is_the_bulk_only_where_boundaries_are_excluded(grains: bool | None, name: str) -> None:
    assert _names(15 * PELLET, reference_capacitance=PELLET, area=AREA, polycrystalline=grains) == [name]


def test_a_lone_arc_beside_an_arc_above_the_window_is_less_likely_the_bulk() -> None:
    known = {"reference_capacitance": PELLET, "area": AREA}
    assert _names(120 * PELLET, **known, arc_above=True) == ["grain boundary"]


def test_overlapping_ranges_and_structured_residuals_cap_the_confidence() -> None:
    def most(*capacitances: float, structured: bool = False) -> float:
        arcs = [ArcFacts(f"arc {k}", c, 0.01, 0.01) for k, c in enumerate(capacitances, start=1)]
        found = name_arcs(arcs, reference_capacitance=PELLET, area=AREA, structured=structured)
        assert [each.name for each in found] == ["bulk", "grain boundary"]
        return max(each.confidence for each in found)

    plain = (15 * PELLET, 600 * PELLET)  # 0.25 nF/cm2: too little for an interface
    assert most(*plain) > 0.95
    assert most(*plain, structured=True) <= 0.9
    assert most(15 * PELLET, 90 * PELLET) <= 0.9  # six times the bulk only


def test_a_capacitance_in_both_ranges_names_its_rival() -> None:
    arcs = [ArcFacts("arc 1", 15 * PELLET), ArcFacts("arc 2", 5e-9)]  # 10 nF/cm2, eps_r 2e4
    second = name_arcs(arcs, reference_capacitance=PELLET, area=AREA)[1]
    assert {second.name, second.rival} == {"grain boundary", "interface"}
    assert second.confidence <= 0.9
