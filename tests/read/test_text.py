"""Bytes to lines and numbers."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.read.text import decimal_mark, decode, floats, lines_of, looks_like_text, split_lines, to_float

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_unicode_text_comes_back(text: str, encoding: str) -> None:
    plain = f"Frequency, Z real; {text}"
    assert decode(plain.encode(encoding)) == plain


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
def test_umlauts_and_degree_sign(encoding: str) -> None:
    assert decode("Temperatur[°C]\tWiderstände µ".encode(encoding)) == "Temperatur[°C]\tWiderstände µ"


@given(st.binary(max_size=300))
def test_any_bytes_decode(content: bytes) -> None:
    assert isinstance(decode(content), str)
    assert isinstance(looks_like_text(content), bool)


def test_text_is_told_from_binary() -> None:
    assert looks_like_text("f,Z'\n1,2\n".encode("utf-16"))
    assert looks_like_text(b"f;Z\r\n")
    assert not looks_like_text(bytes(range(256)))
    assert not looks_like_text(b"")


def test_line_ends() -> None:
    assert split_lines("a\r\r\nb\r\nc\nd\re\x0cf") == ["a", "b", "c", "d", "e\x0cf"]
    assert lines_of("a\r\nb".encode("utf-16")) == ["a", "b"]


@given(finite)
def test_printed_numbers_come_back(value: float) -> None:
    for mark in (None, "."):
        assert to_float(f" {value!r} ", mark) == value
    for mark in (None, ","):
        assert to_float(repr(value).replace(".", ","), mark) == value


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,5", None, 1.5),
        ("−1.5", None, -1.5),
        ("1.5D-03", None, 1.5e-3),
        ("1.000000E+0003", None, 1000.0),
        ("1,234,567.5", None, 1234567.5),
        ("1.234.567,5", None, 1234567.5),
        ("1,234", ".", 1234.0),
        ("1,234", ",", 1.234),
        ("1.234", ",", 1234.0),
        ('"2.5"', None, 2.5),
        (".5", ",", 0.5),
        ("1e3", ",", 1000.0),
    ],
)
def test_unusual_numbers(text: str, decimal: str | None, value: float) -> None:
    assert to_float(text, decimal) == value


@pytest.mark.parametrize("text", ["", "nan", "N/A", "--", "NaN"])
def test_missing_is_nan(text: str) -> None:
    assert math.isnan(to_float(text))
    assert math.isnan(to_float(text, ","))


@pytest.mark.parametrize("text", ["1_000", "abc", "1,2,3", "12:30", "1.2.3", "0x10", "10,", "1 2"])
@pytest.mark.parametrize("decimal", [None, ".", ","])
def test_no_number(text: str, decimal: str | None) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        to_float(text, decimal)


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_value_error(text: str) -> None:
    for mark in (None, ".", ","):
        with contextlib.suppress(ValueError):
            assert isinstance(to_float(text, mark), float)


def test_floats() -> None:
    assert floats(["1", "2,5"]) == [1.0, 2.5]
    assert floats(["1", "x"]) is None
    assert floats(["", "nan"]) is None


def test_decimal_mark() -> None:
    assert decimal_mark(["1.5", "2"]) == "."
    assert decimal_mark(["1,5", "2"]) == ","
    assert decimal_mark(["1,500", "2.5"]) == "."
    assert decimal_mark(["1.500", "2,5"]) == ","
    assert decimal_mark(["1,5", "2.5"]) is None
