"""What data fix and what not, against closed forms and against the scatter of fits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ionscape.core.serial import from_bytes, to_bytes
from ionscape.replacement.identifiability import identifiability, shown_spread, without_nuisances

LN2 = math.log(2.0)


def test_straight_line_has_the_textbook_errors() -> None:
    x = np.linspace(0.0, 1.0, 21)
    noise = 0.05
    jacobian = np.column_stack([np.ones_like(x), x]) / noise
    found = identifiability(jacobian, ["offset", "slope"], scales=["linear", "linear"], values=[1.0, 2.0])
    sxx = float(((x - x.mean()) ** 2).sum())
    slope_sd = noise / math.sqrt(sxx)
    offset_sd = noise * math.sqrt(1 / x.size + x.mean() ** 2 / sxx)
    assert found.sd_data == pytest.approx([offset_sd, slope_sd], rel=2e-3)
    assert found.sd_conditional == pytest.approx(
        [noise / math.sqrt(x.size), noise / np.linalg.norm(x)], rel=1e-4
    )
    assert found.correlation_data[0, 1] == pytest.approx(-x.mean() / math.sqrt((x**2).mean()), rel=1e-3)
    assert np.all(np.isinf(found.sd_prior))


def test_product_fixes_neither_factor_and_one_more_measurement_fixes_both() -> None:
    # y = FWHM sqrt(D_bulk): only ln FWHM + ln D/2 is measured, to 1 %
    names = ["site_energy_fwhm", "bulk_diffusion"]
    rows = np.array([[1.0, 0.5]]) / 0.01
    found = identifiability(rows, names, scales=["log", "log"], values=[4e-20, 1e-17])
    assert np.all(np.isinf(found.sd_data))
    assert found.degenerate_pairs == ((0, 1),)
    assert found.slope(0, 1) == pytest.approx(-0.5)
    assert found.direction_sd[0] == pytest.approx(100.0)  # as vague as it was
    (label,) = [text for text in found.extra if text.startswith("D_bulk")]
    assert found.extra[label] == pytest.approx(math.hypot(0.01, 0.5 * 0.1), rel=1e-3)
    text = " ".join(found.sentences())
    assert "cannot be told apart" in text
    change = 4e-20 * (2**-0.5 - 1) / 1.602176634e-22
    assert f"twice D_bulk changes the width (FWHM) by {change:+.3g} meV".replace("-", "−") in text
    assert "D_bulk to ± 10 %" in text


def test_prior_takes_over_where_the_data_are_silent() -> None:
    found = identifiability(
        [[100.0, 50.0]], ["site_energy_fwhm", "bulk_diffusion"], prior_jacobian=[[0.0, 5.0]],
        scales=["log", "log"], values=[4e-20, 1e-17],
    )  # fmt: skip
    assert found.sd[1] == pytest.approx(0.2, rel=1e-3)
    assert found.sd[0] == pytest.approx(math.hypot(0.01, 0.1), rel=1e-3)
    assert found.sd_prior[1] == pytest.approx(0.2, rel=1e-3)
    cells = {row[0]: row[-1] for row in found.table().rows}
    assert "profiles" not in cells.values()
    assert cells["D_bulk"] == "prior knowledge"


def test_nuisances_projected_out_leave_the_marginal_information() -> None:
    rng = np.random.default_rng(3)
    whole = rng.normal(size=(30, 5))
    marginal = np.linalg.inv(np.linalg.inv(whole.T @ whole)[:3, :3])
    left = without_nuisances(whole, 3)
    assert left.T @ left == pytest.approx(marginal, rel=1e-9)


def test_errors_are_those_of_repeated_fits() -> None:
    rng = np.random.default_rng(8)
    x, noise = np.linspace(0, 3, 40), 0.02
    shape = np.exp(-x)
    jacobian = np.column_stack([shape, -2.0 * x * shape]) / noise  # y = A exp(-k x), A = 1 (of ln A), k
    found = identifiability(jacobian, ["amplitude", "rate"], scales=["log", "log"])
    rows = np.column_stack([shape, -x * shape])  # in ln A and ln k at A = 1, k = 1
    found = identifiability(rows / noise, ["amplitude", "rate"], scales=["log", "log"])
    fits = []
    for _ in range(400):
        theta = np.zeros(2)
        y = shape + noise * rng.normal(size=x.size)
        for _ in range(6):
            model = np.exp(theta[0] - np.exp(theta[1]) * x)
            slope = np.column_stack([model, -np.exp(theta[1]) * x * model])
            theta = theta + np.linalg.lstsq(slope, y - model, rcond=None)[0]
        fits.append(theta)
    assert np.std(fits, axis=0) == pytest.approx(found.sd_data, rel=0.12)


@settings(max_examples=60, deadline=None)
@given(arrays(float, (12, 3), elements=st.floats(-50, 50)), arrays(float, (2, 3), elements=st.floats(-9, 9)))
def test_knowing_more_never_hurts(
    rows: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    prior: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    names = ["site_energy_fwhm", "bulk_diffusion", "vacancy_fraction"]
    found = identifiability(
        rows, names, prior_jacobian=prior, scales=["log", "log", "linear"], values=[4e-20, 1e-17, 0.1],
        extra={"a second ion": rows[:3]},
    )  # fmt: skip
    tight = 1 + 1e-6
    assert np.all(found.sd <= found.sd_data * tight)
    assert np.all(found.sd_conditional <= found.sd_data * tight + 1e-12)
    assert all(sd <= found.sd[0] * tight for sd in found.extra.values())
    assert found.sentences()
    assert len(found.table().rows) == 3


def test_it_can_be_stored() -> None:
    found = identifiability([[3.0, 1.0], [0.0, 2.0]], ["site_energy_fwhm", "vacancy_fraction"],
                            scales=["log", "linear"], values=[4e-20, 0.1])  # fmt: skip
    again = from_bytes(to_bytes(found))
    assert again.sentences() == found.sentences()
    assert again.table() == found.table()


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="2 parameters"):
        identifiability([[1.0, 2.0, 3.0]], ["a", "b"], scales=["log", "log"])


@pytest.mark.parametrize(
    ("name", "value", "scale", "sd", "text"),
    [
        ("site_energy_fwhm", 4.0e-20, "log", 0.0125, "± 3.1 meV"),
        ("bulk_diffusion", 1e-17, "log", 0.1, "± 10 %"),
        ("bulk_diffusion", 1e-17, "log", LN2, "factor 2"),
        ("vacancy_fraction", 0.1, "linear", 0.04, "± 0.04"),
        ("vacancy_fraction", 0.1, "linear", math.inf, "open"),
    ],
)
def test_spreads_are_printed_as_people_say_them(
    name: str, value: float, scale: str, sd: float, text: str
) -> None:
    assert shown_spread(name, value, scale, sd) == text
