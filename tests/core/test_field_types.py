"""Fields of a study with units: what is read, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ionscape.core.estimate import correlation
from ionscape.core.field_types import FieldModel, Fraction, Length, Temperature, Time, estimate_of


class Fields(FieldModel):
    """Some fields."""

    time: Time | None = None
    length: Length | None = None
    temperature: Temperature | None = None
    share: Fraction | None = None


def test_texts_become_quantities_in_si() -> None:
    texts = {"time": "59 h", "length": "16 ± 11 um", "temperature": "22 degC", "share": "95 %"}
    found = Fields.model_validate(texts)
    values = [q.value for q in (found.time, found.length, found.temperature, found.share) if q is not None]
    assert values == pytest.approx([59 * 3600, 16e-6, 295.15, 0.95])
    assert found.length is not None
    assert found.length.uncertainty == pytest.approx(11e-6)


@pytest.mark.parametrize(
    ("content", "said"),
    [({"time": "0 h"}, "must be larger than zero"), ({"time": "-1 h"}, "must be larger than zero"),
     ({"time": "1 cm"}, "expected a time"), ({"length": "3"}, "without a unit"),
     ({"share": "1.3"}, "must be between 0 and 1"), ({"tim": "1 h"}, "Extra inputs"),
     ({"time": ["1 h"]}, "expected a time")],
)  # fmt: skip
def test_what_is_refused(content: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Fields.model_validate(content)


def test_one_source_is_one_unknown() -> None:
    length = Fields.model_validate({"length": "16 ± 11 um"}).length
    assert length is not None
    a, b = estimate_of(length, "grain size"), estimate_of(length, "grain size")
    assert correlation(a, b) == pytest.approx(1.0)
    assert correlation(a, estimate_of(length, "another")) == 0
