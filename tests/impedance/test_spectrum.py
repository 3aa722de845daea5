"""What is checked of a spectrum before anything is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.impedance.spectrum import check_spectrum

F = np.geomspace(1e6, 1, 13)
Z = 100 / (1 + 2j * np.pi * F * 1e-4)


@given(order=st.permutations(range(13)))
def test_any_order_becomes_high_to_low_and_points_stay_together(order: list[int]) -> None:
    f, z = check_spectrum(F[order], Z[order])
    assert f.tolist() == F.tolist()
    assert z.tolist() == Z.tolist()


def test_lists_are_accepted() -> None:
    f, z = check_spectrum([1, 10, 100], [3 - 1j, 2 - 1j, 1 - 1j])
    assert f.dtype == np.float64
    assert z.dtype == np.complex128


def with_value(array: np.ndarray, index: int, value: complex) -> np.ndarray:
    out = array.copy()
    out[index] = value
    return out


@pytest.mark.parametrize(
    ("frequency", "impedance", "words"),
    [
        (F[:2], Z[:2], "at least 3 points"),
        (F[:1], Z[:1], "at least 3 points"),
        (F, Z[:-1], "equally long"),
        (F[None], Z[None], "one-dimensional"),
        (F, with_value(Z, 4, np.nan), "point 5 of 13"),
        (with_value(F, 2, np.inf), Z, "frequency is not a finite number at point 3"),
        (with_value(F, 7, -1.0), Z, "point 8 has -1 Hz"),
        (with_value(F, 7, 0.0), Z, "must be positive"),
        (with_value(F, 3, F[2]), Z, "more than once"),
        (F, Z.conj(), "change its sign"),
        (F, -Z.conj(), "real part of the impedance is negative"),
        (F, with_value(Z, 1, 0), "exactly zero at point 2"),
        (F.astype(complex), Z, "frequency must be real"),
        (F, Z.astype(str), "impedance must be complex numbers"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    frequency: np.ndarray, impedance: np.ndarray, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        check_spectrum(frequency, impedance)


def test_a_few_negative_real_parts_or_inductive_points_pass() -> None:
    check_spectrum(F, with_value(with_value(Z, 0, -1 + 2j), 1, 1 + 1j))
