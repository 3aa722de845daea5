"""Diffusion coefficients of a replacement among all others of the sample: which are the carrier's own."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.consistency.coefficients import coefficients_of
from ionscape.consistency.options import TableOptions
from ionscape.consistency.table_analysis import table_outcome
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import exact, measured, undetermined
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample

D, K, S = dimension_of("m^2/s"), dimension_of("K"), dimension_of("S/m")
GLASS = Sample("glass", carrier="Li+", carrier_charge=1, morphology="glass",
               carrier_density=measured(1.41e28, 1e26, dimension_of("m^-3"), source="glass.n"))  # fmt: skip
SIGMA = 7.64e-8  # S/m at 343.15 K: D = sigma kT/(n e^2) = 1.0e-18 m^2/s with n = 1.41e28


def _conductivity(kelvin: float) -> Row:
    value = SIGMA * float(np.exp(-0.65 / 8.617e-5 * (1 / kelvin - 1 / 343.15)))
    sigma = measured(value, 0.02 * value, S, source=f"arc {kelvin}")
    return Row("conductivity_bulk", sigma, exact(kelvin, K), f"{kelvin:g}", channel="bulk")


def _cait(factor: float = 1.1, sd: float = 0.2) -> list[Row]:
    value, at = factor * 1.0e-18, exact(343.15, K)
    width = measured(4e-20, 1e-21, dimension_of("J"), source="w")
    native = measured(value, sd * value, D, source="fit")
    foreign = measured(7.7e-22, 1e-23, D, source="fit k")
    return [
        Row("site_energy_fwhm", width),
        Row("diffusion_coefficient", native, at, kind="D_CAIT", channel="bulk"),
        Row("diffusion_coefficient_foreign", foreign, at, "K+", kind="D_CAIT", channel="bulk"),
    ]


def test_the_native_ion_is_the_carrier_and_the_foreign_is_not() -> None:
    found = coefficients_of({"on": _cait()}, GLASS)
    assert [(c.kind, c.channel, c.value.value) for c in found.coefficients] == [
        ("D_CAIT", "bulk", pytest.approx(1.1e-18))
    ]
    assert found.left_out == ()


def test_foreign_ions_alone_are_left_out_with_the_reason() -> None:
    found = coefficients_of({"cait": _cait()[2:]}, GLASS)
    assert not found.coefficients
    assert "of ions that replaced the carrier" in found.left_out[0]
    with pytest.raises(AnalysisError, match="replaced the carrier"):
        table_outcome(Series(GLASS, "s/t", inputs={"on": (), "cait": _cait()[2:]}), TableOptions())


@pytest.mark.parametrize("temperatures", [[343.15], [313.15, 333.15, 353.15, 373.15]])
def test_d_cait_is_set_against_d_sigma(temperatures: list[float]) -> None:
    """Measured at its temperature, or taken from the line of the conductivities."""
    rows = [_conductivity(t) for t in temperatures]
    found = table_outcome(Series(GLASS, "s/t", inputs={"on": rows, "cait": _cait()}), TableOptions())
    sentence = next(text for text in found.findings if "D_CAIT" in text and "agrees with" in text)
    assert "D_σ,bulk" in sentence
    assert "70 °C" in sentence
    kinds = {row.kind for row in found.rows if row.quantity == "diffusion_coefficient_bulk"}
    assert kinds == {"D_sigma", "D_CAIT"}
    coefficients = next(table for table in found.tables if table.name == "coefficients")
    assert "transport (collective)" in coefficients.caption


def test_a_contradiction_with_the_conductivity_is_said() -> None:
    rows = [_conductivity(343.15)]
    found = table_outcome(Series(GLASS, "s/t", inputs={"on": rows, "cait": _cait(5.0, 0.1)}), TableOptions())
    assert any("D_CAIT" in text and "differs from" in text for text in found.findings)


def test_an_undetermined_coefficient_stands_in_the_table_with_its_reason() -> None:
    open_ = undetermined(D, "the profiles do not fix it")
    lost = Row("diffusion_coefficient", open_, exact(343.15, K), kind="D_CAIT", channel="bulk")
    rows = [_conductivity(343.15), lost]
    found = table_outcome(Series(GLASS, "s/t", inputs={"on": rows}), TableOptions())
    table = next(table for table in found.tables if table.name == "coefficients")
    assert any("the profiles do not fix it" in cell for row in table.rows for cell in row)
    assert not any("agrees with" in text for text in found.findings)
