"""Techniques register by entry point, ionscape's own and anyone else's."""

from __future__ import annotations

import importlib.metadata
import sys
import types
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from ionscape.core import registry
from ionscape.core.errors import IonscapeError
from ionscape.core.outcome import Outcome
from ionscape.core.registry import Analysis, Series, Technique


class NoOptions(BaseModel):
    pass


def _nothing(series: Series, options: NoOptions) -> Outcome:
    return Outcome(findings=(f"{len(series.labels)} items, {options}",))


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> Iterator[Technique]:
    mine = Technique(
        "hall", "Hall effect.", (Analysis("hall.fit", "Carriers.", NoOptions, _nothing),), "hall_package"
    )
    module = types.ModuleType("hall_package")
    module.TECHNIQUE = mine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hall_package", module)
    points = importlib.metadata.entry_points(group=registry.GROUP)
    extra = [
        importlib.metadata.EntryPoint("hall", "hall_package:TECHNIQUE", registry.GROUP),
        importlib.metadata.EntryPoint("gone", "not_installed_package:TECHNIQUE", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda **_: [*points, *extra])
    caches = (registry.technique_names, registry.technique, registry.analysis)
    for cache in caches:
        cache.cache_clear()
    yield mine
    for cache in caches:
        cache.cache_clear()


def test_a_third_party_technique_is_found_by_its_entry_point(third_party: Technique) -> None:
    assert {"hall", "impedance", "temperature"} <= set(registry.technique_names())
    assert registry.technique("hall") is third_party
    assert registry.analysis("hall.fit").summary == "Carriers."


def test_what_is_missing_is_named(third_party: Technique) -> None:
    with pytest.raises(IonscapeError, match="no technique 'raman'"):
        registry.technique("raman")
    with pytest.raises(IonscapeError, match=r"no analysis 'hall\.plot'"):
        registry.analysis(f"{third_party.name}.plot")
    with pytest.raises(IonscapeError, match="'gone' cannot be imported"):
        registry.technique("gone")
