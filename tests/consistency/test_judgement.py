"""May Nernst-Einstein be used? One answer for every case, with its reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.consistency import verdict
from ionscape.core.estimate import Estimate, exact, measured, undetermined, upper_bound
from ionscape.core.quantity import DIMENSIONLESS


def ratio(value: float, relative: float) -> Estimate:
    return measured(value, relative * value, scale="log")


def test_one_within_a_narrow_interval_is_use() -> None:
    found = verdict(ratio(0.97, 0.05))
    assert found.word == "use"
    assert "contains 1" in found.sentence
    assert found.settle == ()


def test_another_value_is_used_with_its_ratio() -> None:
    found = verdict(ratio(0.24, 0.1))
    assert found.word == "use with H_R"
    assert any("correlated" in text for text in found.reasons)


def test_one_within_a_wide_interval_is_not_called_one() -> None:
    """An interval from 0.4 to 2 holds 1, and nearly everything else."""
    found = verdict(ratio(0.9, 0.4))
    assert found.word == "use with H_R"
    assert any("too uncertain" in text for text in found.reasons)


def test_one_within_a_factor_of_two_is_not_called_equality() -> None:
    """exp(±1.96 · 0.324) = 0.53 to 1.89."""
    found = verdict(ratio(1.0, 0.324))
    assert found.word == "use"
    assert "not distinguishable from 1 (within a factor of 1.9)" in found.sentence
    assert "follow from each other" not in found.sentence
    assert "follow from each other" in verdict(ratio(1.0, 0.1)).sentence


@given(st.floats(1e-6, 1e3), st.floats(0.6, 5.0))
def test_a_ratio_known_to_no_factor_of_ten_is_refused(value: float, relative: float) -> None:
    """exp(2 · 1.96 · 0.6) = 10.5."""
    found = verdict(ratio(value, relative), remedy="D* measured at 25 °C")
    assert (found.word, found.settle) == ("refuse", ("D* measured at 25 °C",))


def test_a_far_extrapolation_is_refused_however_narrow() -> None:
    found = verdict(ratio(0.3, 0.1), far="D* is extrapolated 275 K", remedy="D* measured at 25 °C")
    assert (found.word, found.settle) == ("refuse", ("D* measured at 25 °C",))
    assert "D* is extrapolated 275 K" in found.reasons


def test_above_one_is_refused_with_what_to_look_at() -> None:
    found = verdict(measured(4.09, 0.26))
    assert found.word == "refuse"
    assert any("carrier density n" in text for text in found.settle)
    assert any("one channel" in text for text in found.settle)
    assert any("contacts" in text for text in found.settle)
    assert verdict(ratio(1.1, 0.1)).word == "use"


@given(st.floats(0.01, 100.0), st.floats(0.0, 0.0009))
def test_no_error_no_test(value: float, relative: float) -> None:
    found = verdict(ratio(value, relative))
    assert found.word == "refuse"
    assert "no stated error; it cannot be tested against 1" in found.sentence
    assert "excludes" not in found.sentence
    assert any("uncertainties of D*" in text for text in found.settle)


def test_a_composite_is_no_correlation() -> None:
    found = verdict(ratio(0.298, 0.03), composite="it is a composite")
    assert "composite" in found.sentence
    assert "correlated" not in found.sentence


def test_no_ratio_is_refused_and_what_would_settle_it_is_said() -> None:
    for unknown in (None, undetermined(DIMENSIONLESS, "no D*"), upper_bound(0.5, DIMENSIONLESS, "noise")):
        found = verdict(unknown)
        assert found.word == "refuse"
        assert any("same channel" in text for text in found.settle)
    assert "no D*" in verdict(undetermined(DIMENSIONLESS, "no D*")).sentence


@given(st.floats(0.1, 2.0), st.floats(0.01, 0.5))
def test_a_dependence_on_gradient_or_time_refuses_whatever_the_ratio(value: float, relative: float) -> None:
    found = verdict(ratio(value, relative), no_single_coefficient=["D_NMR depends on g"])
    assert found.word == "refuse"
    assert found.reasons[0] == "no single diffusion coefficient exists: D_NMR depends on g"
    assert found.settle


def test_different_channels_refuse() -> None:
    found = verdict(None, mismatch="D* is of the bulk, σ of the whole", instead="the total against D*_eff")
    assert (found.word, found.settle) == ("refuse", ("the total against D*_eff",))


@pytest.mark.parametrize(("share", "word"), [(0.0005, "use"), (0.2, "refuse")])
def test_the_share_of_electrons(share: float, word: str) -> None:
    found = verdict(ratio(1.0, 0.05), electronic_share=measured(share, 0.1 * share))
    assert found.word == word
    assert any("electrons carry" in text for text in found.reasons)


def test_a_bound_on_the_electrons_is_enough_where_it_is_low() -> None:
    low, high = (upper_bound(x, DIMENSIONLESS, "noise") for x in (1e-4, 0.3))
    assert verdict(ratio(1.0, 0.05), electronic_share=low).word == "use"
    assert verdict(ratio(1.0, 0.05), electronic_share=high).word == "refuse"


def test_a_gradient_needs_the_thermodynamic_factor() -> None:
    found = verdict(ratio(1.0, 0.05), driven_by_gradient=True)
    assert found.word == "refuse"
    assert any("open-circuit voltage" in text for text in found.settle)
    known = verdict(ratio(1.0, 0.05), driven_by_gradient=True, thermodynamic_factor=exact(12.0))
    assert known.word == "use"
    assert any("D̃ = D_σ Θ" in text for text in known.reasons)


@given(st.floats(1e-4, 100.0))
def test_the_loss_tangent_decides_nothing(tangent: float) -> None:
    """Against Pang et al. 2021, who would refuse below 1; alumina has 9e-4."""
    plain = verdict(ratio(1.0, 0.05))
    found = verdict(ratio(1.0, 0.05), loss_tangent=exact(tangent))
    assert (found.word, found.reasons) == (plain.word, plain.reasons)
    assert "Pang et al. 2021" in found.context[-1]
    assert "decides nothing" in found.context[-1]
