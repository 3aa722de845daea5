"""The design of a study: consistent rows, limits that are kept, assumptions that are said, refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.core.serial import to_bytes
from ionscape.replacement.design_analysis import design_of_study
from ionscape.replacement.design_options import DesignOptions

DENSITY, MEV = 1.41e28, 1e-3 * elementary_charge
WIDTH = "site_energy_fwhm_expected_uncertainty"


def _conductivity(kelvin: float) -> Row:
    d = 1e-17 * math.exp(-0.65 * elementary_charge / Boltzmann * (1 / kelvin - 1 / 343.15))
    sigma = d * DENSITY * elementary_charge**2 / (Boltzmann * kelvin)
    found = measured(sigma, 0.05 * sigma, dimension_of("S/m"), source=f"cell at {kelvin}")
    return Row("conductivity_bulk", found, exact(kelvin, dimension_of("K")))


def _series(*kelvin: float, **inputs: Row) -> Series:
    sample = Sample(
        "glass", thickness=measured(1e-3, 1e-5, dimension_of("m"), source="glass.thickness"), carrier="Li+",
        carrier_charge=1,
        carrier_density=measured(DENSITY, 0.01 * DENSITY, dimension_of("m^-3"), source="n0"),
    )  # fmt: skip
    rows = {"conductivity": [_conductivity(t) for t in kelvin]} if kelvin else {}
    return Series(sample, "study#design", inputs=rows | {name: [row] for name, row in inputs.items()})


def _width(sd: float = 5.0) -> Row:
    return Row("site_energy_fwhm", measured(250 * MEV, sd * MEV, dimension_of("J"), source="width"))


def _design(series: Series, **options: Any) -> Outcome:
    return design_of_study(series, DesignOptions.model_validate(options))


def _rows(outcome: Outcome) -> dict[tuple[str, str], Row]:
    return {(row.quantity, row.item): row for row in outcome.rows}


@pytest.fixture(scope="module")
def known() -> Outcome:
    """Two ions at one temperature, ratios and width stated."""
    return _design(
        _series(343.15, site_energy_fwhm=_width()), ions={"K+": "7.7e-4 ± 0.4e-4", "Rb+": "1.94e-4"},
        temperature="70 degC",
    )  # fmt: skip


def test_rows_belong_together(known: Outcome) -> None:
    rows = _rows(known)
    for ion, plateau in (("K+", 0.15), ("Rb+", 0.07)):
        charge, current = (rows[name, ion].estimate for name in ("attached_charge", "current_density"))
        time, left = rows["replacement_time", ion].estimate, rows["plateau_fraction", ion].estimate
        assert charge.value == pytest.approx(current.value * time.value, rel=1e-9)
        assert left.value == pytest.approx(plateau, abs=0.005)
        assert rows["front_depth", ion].estimate.value == pytest.approx(100e-9, rel=0.003)
        assert rows["replacement_temperature", ion].estimate.value == pytest.approx(343.15)
        # the carrier density alone makes 1 % of the depth; width, vacancies and D make more
        assert 0.01 < charge.spread < 0.1
        assert rows["front_depth", ion].estimate.spread == pytest.approx(charge.spread, rel=0.3)
        assert charge.weights["n0"] > 0


def test_a_second_ion_tells_more(known: Outcome) -> None:
    rows = _rows(known)
    alone = [rows[WIDTH, ion].estimate.value for ion in ("K+", "Rb+")]
    assert 0 < rows[WIDTH, "K+ and Rb+"].estimate.value < min(alone)
    assert any("second ion" in text for text in known.findings)
    assert any("10 ± 4 % of the sites vacant (assumed)" in text for text in known.findings)


def test_outcome_can_be_stored_and_shown(known: Outcome) -> None:
    assert to_bytes(known)
    names = [figure.name for figure in known.figures]
    assert names == ["expected_profiles", "expected_uncertainty", "window"]
    assert [len(table.rows) for table in known.tables] == [2, 2]
    assert all(len(row) == len(table.columns) for table in known.tables for row in table.rows)


def test_limits_of_voltage_and_time_are_kept() -> None:
    found = _design(_series(323.15, 343.15, 363.15, site_energy_fwhm=_width()), ions={"Rb+": 1.94e-4},
                    highest_voltage="6 V", temperature=["50 degC", "70 degC", "90 degC"])  # fmt: skip
    rows, windows = _rows(found), found.tables[1].rows
    assert rows["replacement_temperature", "Rb+"].estimate.value > 323.15
    assert rows["replacement_time", "Rb+"].estimate.value <= 86400 * 1.0001
    assert "not possible" in windows[0][-1]
    assert not found.warnings
    assert any("same ratio of D at all temperatures" in text for text in found.findings)


def test_nothing_possible_is_said_with_what_it_would_take() -> None:
    with pytest.raises(AnalysisError, match=r"Cs\+: not possible .* V .* higher temperature"):
        _design(_series(343.15, site_energy_fwhm=_width()), ions={"Cs+": 4.5e-5}, temperature="70 degC",
                highest_voltage="2 V")  # fmt: skip


def test_assumptions_are_said() -> None:
    found = _design(_series(343.15), ions=["K+"], temperature="70 degC", replacement_time="12 h")
    text = " ".join(found.findings)
    assert "250 ± 75 meV (assumed)" in text
    assert "as in a lithium borate glass (assumed" in text
    assert _rows(found)["replacement_time", "K+"].estimate.value == pytest.approx(43200)


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ((), {"temperature": "70 degC"}, "a design needs D_bulk at 70 °C"),
        ((), {}, "at which temperature"),
        ((343.15,), {"ions": ["Na+"]}, r"D of Na\+ is not known"),
        ((343.15,), {"ions": {"Li+": 1.0}}, r"Li\+ is the native ion"),
        ((343.15,), {"ions": {"Ca2+": 1e-6}}, r"ions of one charge, Ca2\+ and Li\+ have two"),
    ],
)
def test_what_is_missing_is_named(inputs: tuple[float, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _design(_series(*inputs), **options)
