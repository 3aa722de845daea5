"""The channel of a diffusion coefficient follows from sample and diffusion length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.channel import channel_of
from ionscape.core.errors import InputError
from ionscape.core.estimate import measured
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample

GRAINY = Sample("llto", extra={"grain_size": measured(16e-6, 11e-6, named_dimension("length"))})


@pytest.mark.parametrize(("length", "channel"), [(8e-4, "effective"), (1e-6, "bulk"), (2e-5, ""), (None, "")])
def test_diffusion_length_against_grain_size_decides(length: float | None, channel: str) -> None:
    assert channel_of(GRAINY, length)[0] == channel


@pytest.mark.parametrize("morphology", ["glass", "single crystal"])
def test_without_boundaries_it_is_the_bulk(morphology: str) -> None:
    channel, reason = channel_of(Sample("s", morphology=morphology), 1e-3)
    assert channel == "bulk"
    assert morphology in reason


def test_nothing_known_is_said_not_guessed() -> None:
    assert channel_of(Sample("s"), 1e-3) == (
        "", "neither 'morphology' nor 'grain_size' of the sample is stated"
    )  # fmt: skip
    assert channel_of(Sample("s", morphology="polycrystalline"), 1e-3)[0] == ""


def test_what_the_study_states_is_taken() -> None:
    assert channel_of(GRAINY, 1e-3, "bulk") == ("bulk", "stated")
    with pytest.raises(InputError, match="there is no channel 'grain'"):
        channel_of(GRAINY, 1e-3, "grain")


@given(st.floats(1e-9, 1e-1), st.floats(1.01, 100))
def test_a_longer_way_never_turns_effective_into_bulk(length: float, factor: float) -> None:
    rank = {"bulk": 0, "": 1, "effective": 2}
    assert rank[channel_of(GRAINY, length * factor)[0]] >= rank[channel_of(GRAINY, length)[0]]
