"""`consistency.nernst_einstein` as a study uses it."""

from __future__ import annotations

import pytest

from ionscape.consistency.analyses import nernst_einstein_outcome
from ionscape.consistency.spec import TECHNIQUE
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, exact, measured, undetermined
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample

S, K, N = (dimension_of(u) for u in ("S/m", "K", "m^-3"))
DENSITY = measured(5.0e27, 5.0e26, N, source="density")


def outcome(rows: list[Row], density: Estimate | None = DENSITY) -> Outcome:
    sample = Sample("llto", carrier="Li+", carrier_charge=1, carrier_density=density)
    analysis = next(a for a in TECHNIQUE.analyses if a.name == "consistency.nernst_einstein")
    found = analysis.combine(Series(sample, "study.ne", inputs={"conductivity": rows}), analysis.options())
    cited(found.citations)
    return found


def row(quantity: str, value: float = 8.2e-2, kelvin: float = 295.0) -> Row:
    return Row(quantity, measured(value, 0.01 * value, S), exact(kelvin, K), f"{kelvin:g} K")


def test_every_temperature_gets_its_own() -> None:
    found = outcome([row("conductivity_bulk"), row("conductivity_bulk", kelvin=590.0)])
    assert [r.quantity for r in found.rows] == ["diffusion_coefficient_conductivity"] * 2
    assert found.rows[0].estimate.to("cm^2/s")[0] == pytest.approx(2.6e-8, rel=0.01)
    assert found.rows[1].estimate.value == pytest.approx(2 * found.rows[0].estimate.value)
    assert found.rows[0].estimate.weights["density"] == pytest.approx(-0.1)
    assert found.rows[1].item == "590 K"
    assert "bulk" in found.findings[0]
    assert any("all Li+ ions" in text for text in found.findings)
    assert found.warnings == ()


def test_channels_are_named_and_the_boundary_is_called_apparent() -> None:
    found = outcome([row("conductivity_bulk"), row("conductivity_grain_boundary"), row("conductivity_total")])
    assert [r.item for r in found.rows] == ["bulk, 295 K", "grain boundary, 295 K", "total, 295 K"]
    assert any("apparent" in text for text in found.warnings)


def test_what_is_missing_is_refused_with_the_reason() -> None:
    found = outcome([row("conductivity_bulk")], None)
    assert found.rows[0].estimate.status == "refused"
    assert "give carrier_density" in found.rows[0].estimate.note
    assert found.findings[0].startswith("No diffusion coefficients")
    found = outcome([Row("conductivity_bulk", exact(1.0, S))])
    assert found.rows[0].estimate.status == "refused"
    unknown = nernst_einstein_outcome(
        Series(Sample("x", carrier_density=DENSITY), "s", inputs={"conductivity": [row("conductivity_bulk")]})
    )
    assert "give carrier, e.g. Li+" in unknown.rows[0].estimate.note  # one charge is not assumed
    found = outcome([Row("conductivity_bulk", undetermined(S, "cut"), exact(300.0, K))])
    assert (found.rows[0].estimate.status, found.rows[0].estimate.note) == ("undetermined", "cut")
    assert "none determined" in found.findings[0]
    with pytest.raises(AnalysisError, match="gave none"):
        outcome([])
