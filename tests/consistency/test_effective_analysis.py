"""`consistency.effective_diffusion` as a study uses it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape.consistency.coefficients import Terms, coefficients_of
from ionscape.consistency.grain_sizes import grain_size_of
from ionscape.consistency.spec import TECHNIQUE
from ionscape.core import serial
from ionscape.core.citation import cited
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import correlation, exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series

PATH = "llto.grain_size.path per boundary"
ANALYSIS = next(a for a in TECHNIQUE.analyses if a.name == "consistency.effective_diffusion")


def outcome(series: Series, **options: object) -> Outcome:
    found = ANALYSIS.combine(series, ANALYSIS.options.model_validate(options))
    serial.decode(*serial.encode(found))
    cited(found.citations)
    for row in found.rows:
        assert row.estimate.dimension == dimension_of(ANALYSIS.outputs[row.quantity])
    return found


def stated(
    llto: Any, permeability: float, bulk: float = 2.6e-12, effective: float = 2.3e-13
) -> dict[str, list[Row]]:
    return {
        "bulk_diffusion": [llto.stated("bulk_diffusion", bulk, 0.0, "m^2/s")],
        "boundary_permeability": [llto.stated("boundary_permeability", permeability, 0.0, "m/s")],
        "effective_diffusion": [llto.stated("effective_diffusion", effective, 0.0, "m^2/s")],
    }


def test_the_spread_of_grains_explains_the_papers_error(llto: Any) -> None:
    """2.3 ± 1.4e-9 cm²/s (Hasegawa 2024) is l = 16 ± 11 µm taken as the error of the mean."""
    found = outcome(llto.series(stated(llto, 1.5e-8)), grain_size_average="series")
    predicted = next(r.estimate for r in found.rows if r.item == "series")
    assert predicted.value == pytest.approx(2.2e-13, rel=0.01)
    assert predicted.standard_uncertainty == pytest.approx(1.4e-13, rel=0.12)
    spread = outcome(
        llto.series(stated(llto, 1.5e-8)),
        grain_size_spread="distribution",
        grain_count=250,
        grain_size_average="series",
    )
    narrow = next(r.estimate for r in spread.rows if r.item == "series")
    assert narrow.standard_uncertainty < 0.1 * predicted.standard_uncertainty
    assert any("± is taken as the uncertainty of the mean" in text for text in found.findings)
    readings = next(t for t in found.tables if t.name == "grain_sizes")
    assert len(readings.rows) == 6


def test_three_models_agree_where_boundaries_are_thin(llto: Any) -> None:
    found = outcome(llto.series(stated(llto, 1.5e-8)))
    values = [
        r.estimate.value for r in found.rows if r.quantity == "diffusion_coefficient_effective_predicted"
    ]
    assert len(values) == 3
    assert max(values) / min(values) == pytest.approx(1, abs=1e-3)


def test_paths_along_and_depletion_are_options(llto: Any) -> None:
    options = {"diffusion_along": "1e-4 cm^2/s", "segregation": "0.1", "grain_size_average": "series"}
    found = outcome(llto.series(stated(llto, 1.5e-8)), **options)
    bricks = next(r.estimate for r in found.rows if r.item == "brick layer")
    assert bricks.value == pytest.approx(2.2e-13 + 2 * 0.5e-9 / 16e-6 * 1e-8, rel=0.02)  # area of the walls
    assert any(r.item.endswith("segregation") for r in found.rows)


def test_published_numbers_that_do_not_belong_together(llto: Any) -> None:
    """2.8e-6 cm/s and 2.8e-8 cm²/s do not give 2.3e-9, as the paper says they do."""
    found = outcome(llto.series(stated(llto, 2.8e-8, 2.8e-12)), calculated=True)
    (text,) = [text for text in found.findings if "do not belong together" in text]
    assert "give D_eff = 3.9×10⁻⁹ cm²/s in series, not 2.3×10⁻⁹ cm²/s" in text
    assert "0.9 standard deviations" in text
    assert any("D_gb/δ = 1.6×10⁻⁶ cm/s" in text for text in found.findings)


def test_an_agreement_that_rests_on_the_error_of_l_is_called_so(llto: Any) -> None:
    found = outcome(llto.series(stated(llto, 2.8e-8, 2.8e-12)), grain_size_average="series")
    (text,) = [text for text in found.findings if "rests on the error of l" in text]
    assert "l = 8.9 µm" in text
    good = outcome(llto.series(stated(llto, 1.57e-8, 2.8e-12)), grain_size_average="series")
    assert not any("rests on" in text for text in good.findings)


def test_a_disagreement_beyond_the_errors_is_a_warning(llto: Any) -> None:
    inputs = stated(llto, 1.5e-8, effective=9e-13)
    sure = llto.sample(extra={"grain_size": measured(16e-6, 1e-6, llto.M, source="l")})
    found = outcome(llto.series(inputs, sure))
    assert any("is not what bulk and boundaries give in series" in text for text in found.warnings)


def test_boundaries_from_the_effective_coefficient(llto: Any) -> None:
    inputs = {
        "bulk_diffusion": llto.diffusion("D_NMR", "bulk", 0.02),
        "effective_diffusion": llto.diffusion("D*", "effective", 0.03),
    }
    found = outcome(llto.series(inputs))
    back = [r for r in found.rows if r.quantity == "diffusion_coefficient"]
    assert {(r.kind, r.channel) for r in back} == {("D*", "boundary")}
    inside = 0
    for row in back:
        assert row.temperature is not None
        low, high = row.estimate.interval(0.95)
        inside += low <= llto.edge(row.temperature.value) <= high
    assert inside >= len(back) - 1
    permeability = next(r.estimate for r in found.rows if r.quantity == "boundary_permeability")
    assert permeability.spread == pytest.approx(
        11 / 16, rel=0.05
    )  # the error of l, which (l/δ)D_gb is free of
    assert permeability.weights[PATH] == pytest.approx(-0.5 / np.sqrt(12) / 1.25)
    assert all(PATH not in row.estimate.weights for row in back)
    own = next(r.estimate for r in found.rows if r.quantity == "boundary_diffusion_coefficient")
    assert correlation(permeability, own) == pytest.approx(1, abs=1e-6)
    assert any("D_NMR,bulk stands for" in text or "(l/δ)D*_gb from D_eff" in text for text in found.findings)


def test_boundaries_that_cannot_be_seen_are_a_bound(llto: Any) -> None:
    at = exact(295.15, llto.K)
    whole = Row(
        "diffusion_coefficient", measured(2.5e-12, 2e-13, llto.D, source="w"), at, "", "", "D*", "effective"
    )
    inside = Row(
        "diffusion_coefficient", measured(2.6e-12, 1e-13, llto.D, source="b"), at, "", "", "D*", "bulk"
    )
    found = outcome(llto.series({"bulk_diffusion": [inside], "effective_diffusion": [whole]}))
    row = next(r for r in found.rows if r.quantity == "diffusion_coefficient")
    assert (row.estimate.status, row.estimate.side) == ("bound", "lower")
    assert any("too fast to be seen" in text for text in found.findings)


def test_conductivities_obey_the_same_model(llto: Any) -> None:
    inputs = {
        "bulk_diffusion": llto.conductivities(["bulk"], 0.003),
        "boundary_permeability": llto.conductivities(["grain_boundary"], 0.003),
        "effective_diffusion": llto.conductivities(["total"], 0.003),
    }
    found = outcome(llto.series(inputs))
    predicted = [r for r in found.rows if r.item == "series"]
    assert len(predicted) == 7
    assert {r.kind for r in predicted} == {"D_sigma"}
    assert sum("which agrees with the measured one" in text for text in found.findings) >= 6


def test_a_measured_mean_intercept_stands_before_the_samples_size(llto: Any) -> None:
    size = Row("grain_size", measured(15e-6, 0.5e-6, llto.M, source="map"))
    inputs = {**stated(llto, 1.5e-8), "grain_size": [size]}
    found = outcome(llto.series(inputs), grain_size_average="series")
    predicted = next(r.estimate for r in found.rows if r.item == "series")
    assert predicted.value == pytest.approx(1 / (1 / 2.6e-12 + 1 / (15e-6 * 1.5e-8)))
    assert set(predicted.weights) == {"map"}
    assert "Grain size: l = 15.00 ± 0.50 µm, measured." in found.findings
    whole = outcome(llto.series(inputs), grain_size_average="intercept")
    longer = next(r.estimate for r in whole.rows if r.item == "series")
    assert longer.value == pytest.approx(1 / (1 / 2.6e-12 + 1 / (22.5e-6 * 1.5e-8)))
    assert any("1.5 mean linear intercepts" in text and "22.50 ± 0.75 µm" in text for text in whole.findings)


def test_an_unknown_definition_of_the_size_is_one_unknown_of_the_sample(llto: Any) -> None:
    """1.25 l, 1 to 1.5; it cancels where D_gb/δ from D_eff is multiplied by the path again."""
    sure = llto.sample(extra={"grain_size": exact(16e-6, llto.M)})
    forward = outcome(llto.series(stated(llto, 1.5e-8), sure))
    predicted = next(r.estimate for r in forward.rows if r.item == "series")
    assert set(predicted.weights) == {PATH}
    assert predicted.value == pytest.approx(1 / (1 / 2.6e-12 + 1 / (20e-6 * 1.5e-8)))
    low, high = predicted.interval(0.95)
    assert low < 1 / (1 / 2.6e-12 + 1 / (16e-6 * 1.5e-8)) < 1 / (1 / 2.6e-12 + 1 / (24e-6 * 1.5e-8)) < high
    assert any("1.25 l, uniform from" in text for text in forward.findings)
    back = outcome(llto.series({k: v for k, v in stated(llto, 0.0).items() if "boundary" not in k}, sure))
    (velocity,) = [row for row in back.rows if row.quantity == "boundary_permeability"]
    again = coefficients_of(
        {"boundary_permeability": [velocity]},
        sure,
        Terms(grain_size=grain_size_of(exact(16e-6, llto.M), source="llto.grain_size").value),
    )
    product = next(row.estimate for row in back.rows if row.quantity == "diffusion_coefficient")
    assert again.coefficients[0].value.value == pytest.approx(product.value)
    assert again.coefficients[0].value.weights.get(PATH, 0.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("denser", ["0.05", "20"])
def test_segregation_in_the_measured_permeability_counts_once(llto: Any, denser: str) -> None:
    """s D_gb/δ is what was measured: D_eff is that of the series model to order s δ/l, whatever s."""
    found = outcome(llto.series(stated(llto, 1.5e-8)), segregation=denser)
    series = next(r.estimate.value for r in found.rows if r.item == "series")
    shells = next(r.estimate.value for r in found.rows if r.item.endswith("segregation"))
    assert shells == pytest.approx(series, rel=5 * max(float(denser), 1.0) * 0.5e-9 / 20e-6)


def test_few_grains_make_no_effective_coefficient(llto: Any) -> None:
    found = outcome(llto.series(stated(llto, 1.5e-8)), diffusion_time="1 h")
    assert any("one effective coefficient needs l ≪ √(D_eff t)" in text for text in found.warnings)
    assert outcome(llto.series(stated(llto, 1.5e-8)), diffusion_time="110 h").warnings == ()


def test_bad_input_is_named(llto: Any) -> None:
    inputs = stated(llto, 1.5e-8)
    inputs["boundary_permeability"] = [llto.stated("boundary_permeability", 1.5e-10, 0.0, "m^2/s")]
    with pytest.raises(AnalysisError, match=r"D_gb/δ is a velocity: 1.5×10⁻⁶ cm/s would mean"):
        outcome(llto.series(inputs))
    with pytest.raises(AnalysisError, match="all of single ions or all of charge"):
        outcome(
            llto.series(
                {
                    "bulk_diffusion": llto.diffusion("D_NMR", "bulk"),
                    "effective_diffusion": llto.conductivities(["total"]),
                }
            )
        )
    with pytest.raises(AnalysisError, match="grain_size"):
        outcome(
            llto.series(
                {k: v for k, v in stated(llto, 1.5e-8).items() if k != "effective_diffusion"},
                llto.sample(extra={}),
            )
        )
