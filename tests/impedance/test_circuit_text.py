"""Circuit text: what is accepted, and what is said when it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import InputError
from ionscape.impedance.circuit_text import parse_circuit


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("R0-(R1,Q1)-(R2,Q2)-Q3", "R0-(R1,Q1)-(R2,Q2)-Q3"),
        (" R0 - ( Q1 , R1 ) ", "R0-(R1,Q1)"),
        ("R-(R,Q)-(R,C)", "R1-(R2,Q1)-(R3,C1)"),
        ("R-(R1,Q)", "R2-(R1,Q1)"),
        ("((R1,Q1))", "(R1,Q1)"),
        ("(R0)-Q1", "R0-Q1"),
        ("(R1-(R2,Q2),Q1)", "(R1-(R2,Q2),Q1)"),
        ("(R1,(Q1,C1))", "(R1,Q1,C1)"),
        ("Wo1", "Wo1"),
    ],
)
def test_accepted(text: str, canonical: str) -> None:
    assert str(parse_circuit(text)) == canonical


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "position 1: expected an element"),
        ("R0-", "position 4: expected an element such as R1 or '\\(', not the end"),
        ("R0--R1", "position 4"),
        ("R0-(R1,Q1", "position 10: '\\(' of position 4 needs"),
        ("R0)", "position 3: expected '-' or the end"),
        ("R0-(R1,CPE1)", "position 8: unknown element 'CPE'; did you mean 'Q'"),
        ("R0-wo1", "did you mean 'Wo'"),
        ("R0-zarc1", "did you mean 'ZARC'"),
        ("R0-(R0,Q1)", "R0 occurs twice"),
        ("R0-(R1|Q1)", "position 7: unexpected character '|'"),
        ("R0-R1", "R0 and R1 stand in series .* only their sum"),
        ("R0-(R1,Q1)-R2", "R0 and R2 stand in series"),
        ("(R1,R2)", "R1 and R2 stand in parallel .* only their combination"),
        ("(C1,C2)-R1", "C1 and C2 stand in parallel .* only their sum"),
        ("C1-R1-C2", "C1 and C2 stand in series .* only their combination"),
        ("__import__('os')", "unexpected character '_'"),
        ("(" * 50 + "R1" + ")" * 50, "nested deeper"),
        ("R1-" * 1000, "at most 1000"),
    ],
)
def test_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_circuit(text)


@given(st.text(alphabet="RCLQWos0123-(), xG", max_size=25))
def test_any_text_is_a_circuit_or_a_clear_refusal(text: str) -> None:
    try:
        circuit = parse_circuit(text)
    except InputError:
        return
    assert parse_circuit(circuit.text) == circuit
