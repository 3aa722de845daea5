"""Checks of published numbers: which do not belong together, and what would mend them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.consistency import (
    check_carrier_density,
    check_permeability_unit,
    check_published,
    check_series_limit,
    check_temperatures,
    series_diffusion,
)
from ionscape.consistency.published import SeriesCheck
from ionscape.core.errors import InputError
from ionscape.core.estimate import exact, measured
from ionscape.core.quantity import dimension_of

D, P, M = (dimension_of(u) for u in ("m^2/s", "m/s", "m"))


def checked(b: float, p: float, e: float, l: float, spread: float = 0.0, digits: int = 2) -> SeriesCheck:
    size = measured(l, spread, M) if spread else exact(l, M)
    return check_published(exact(b, D), exact(p, P), exact(e, D), size, significant_digits=digits)


@given(st.floats(1e-14, 1e-10), st.floats(1e-10, 1e-6), st.floats(1e-7, 1e-4))
def test_numbers_that_belong_together_pass(b: float, p: float, l: float) -> None:
    check = checked(b, p, float(series_diffusion(b, p * l)), l)
    assert check.fits
    assert len(check.sentences) == 1


@given(st.floats(1e-14, 1e-10), st.floats(1e-10, 1e-6), st.floats(1e-7, 1e-4), st.floats(0.2, 0.8))
def test_every_mend_mends(b: float, p: float, l: float, factor: float) -> None:
    """Put into its place, each of the offered values makes the four belong together."""
    printed = float(series_diffusion(b, p * l)) * factor
    values = {"bulk": b, "boundary_permeability": p, "effective": printed, "grain_size": l}
    check = checked(b, p, printed, l)
    assert not check.fits
    assert {m.name for m in check.mends} == set(values)
    for mend in check.mends:
        mended = values | {mend.name: mend.value}
        again = series_diffusion(mended["bulk"], mended["boundary_permeability"] * mended["grain_size"])
        assert float(again) == pytest.approx(mended["effective"], rel=1e-6)


def test_rounding_is_no_disagreement() -> None:
    """2.2e-9 printed for 2.23e-9, from inputs with two digits."""
    assert checked(2.8e-12, 1.5e-8, 2.2e-13, 16e-6).fits
    assert not checked(2.8e-12, 1.5e-8, 2.2e-13, 16e-6, digits=5).fits


def test_a_mend_that_cannot_be_is_not_offered() -> None:
    """No D_bulk explains a D_eff above (l/δ)D_gb."""
    check = checked(1e-12, 1e-8, 9e-13, 1e-6)
    assert "bulk" not in {m.name for m in check.mends}


def test_stated_errors_tell_whether_it_matters() -> None:
    loose = checked(2.8e-12, 2.8e-8, 2.3e-13, 16e-6, 11e-6)
    tight = checked(2.8e-12, 2.8e-8, 2.3e-13, 16e-6, 1e-6)
    assert (loose.significant, tight.significant) == (False, True)
    assert "the stated errors do not explain it" in tight.sentences[0]
    assert checked(2.8e-12, 2.8e-8, 2.3e-13, 16e-6).significant is None
    with pytest.raises(InputError, match="D_bulk must be a positive number"):
        checked(0.0, 1e-8, 1e-13, 1e-6)


def test_lost_signs_units_and_temperatures() -> None:
    assert check_carrier_density(5.0e27) == ""
    assert check_carrier_density(5.0e-15).endswith("the exponent has lost its sign, 5×10²¹ cm⁻³ is meant.")
    assert check_carrier_density(1e35).endswith("impossible in a solid.")
    assert check_permeability_unit("1.5e-6 cm/s") == ""
    assert "is a velocity" in check_permeability_unit("1.5e-6 cm^2/s")
    assert check_permeability_unit("1.5e-6 S/cm") == "'1.5e-6 S/cm' is no D_gb/δ, which is a velocity (cm/s)."
    assert check_series_limit(1e-13, 0.048e-4, 0.43, 295.15) == ""
    assert check_temperatures(1.0, 1.185, 295.15, 298.15, 0.43).endswith("1.19 times.")
