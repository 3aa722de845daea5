"""Results survive the file, bit for bit; nothing but registered classes is ever built from one."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core import serial
from ionscape.core.errors import IonscapeError
from ionscape.core.estimate import correlation, measured
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import dimension_of

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text() | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("@"), inner)
    | st.lists(inner).map(tuple),
    max_leaves=20,
)  # fmt: skip


@given(plain)
def test_plain_values_survive(value: object) -> None:
    record, arrays = serial.encode(value)
    text = json.dumps(record, allow_nan=False)
    assert repr(serial.decode(json.loads(text), arrays)) == repr(value)


def test_outcomes_survive_with_their_correlations() -> None:
    thickness = measured(2e-3, 2e-5, dimension_of("m"), source="pellet.thickness")
    other = measured(5.0, 0.1, dimension_of("ohm"))
    outcome = Outcome(
        rows=(Row("a", thickness * other), Row("b", thickness / other, temperature=other)),
        failures=(Failure("x", "no frequency column"),),
        arrays={"z": np.array([1 + 2j, np.nan])},
    )
    back = serial.from_bytes(serial.to_bytes(outcome))
    assert [r.quantity for r in back.rows] == ["a", "b"]
    assert back.failures == outcome.failures
    np.testing.assert_array_equal(back.arrays["z"], outcome.arrays["z"])
    expected = correlation(outcome.rows[0].estimate, outcome.rows[1].estimate)
    assert correlation(back.rows[0].estimate, back.rows[1].estimate) == expected
    np.testing.assert_array_equal(back.rows[1].estimate.draws(), outcome.rows[1].estimate.draws())


def test_what_is_not_storable_is_said() -> None:
    @dataclass(frozen=True)
    class Unknown:
        x: int

    with pytest.raises(IonscapeError, match="storable"):
        serial.encode(Unknown(1))
    with pytest.raises(IonscapeError, match="object"):
        serial.encode(np.array([object()]))


def test_a_file_cannot_name_a_class_of_its_choice() -> None:
    with pytest.raises(IonscapeError, match="not known"):
        serial.decode({"@": "subprocess.Popen", "of": {"args": "true"}}, {})


def test_an_array_of_objects_is_refused() -> None:
    content = serial.to_bytes(np.array([1, 2], dtype=np.int64))
    evil = content.replace(b'"<i8"', b'"|O8"')
    assert evil != content
    with pytest.raises(IonscapeError, match="never read"):
        serial.from_bytes(evil)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_block_is_an_error_or_another_value_never_a_crash(at: int, byte: int) -> None:
    content = bytearray(serial.to_bytes({"a": np.arange(9.0), "b": ["x", 1.5]}))
    cut = bytes(content[:at])
    content[at % len(content)] = byte
    for damaged in (cut, bytes(content)):
        with contextlib.suppress(IonscapeError):
            serial.from_bytes(damaged)
