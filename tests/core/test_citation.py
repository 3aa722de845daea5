"""Every method can name its sources, and every source has what a reader needs to find it."""

from __future__ import annotations

import pytest

from ionscape.core.citation import cited, library, parse_bibtex
from ionscape.core.errors import IonscapeError


def test_references_are_complete() -> None:
    assert len(library()) >= 10
    for citation in library().values():
        assert {"author", "title", "year"} <= set(citation.fields), citation.key
        assert citation.fields["year"] in citation.text


def test_cited_keys_come_once_and_unknown_ones_are_an_error() -> None:
    assert [c.key for c in cited(["schonleber2014", "boukamp1995", "boukamp1995"])] == [
        "boukamp1995",
        "schonleber2014",
    ]
    with pytest.raises(IonscapeError, match="nobody1900"):
        cited(["nobody1900"])
    own = parse_bibtex("@article{nobody1900,\n  author = {N},\n  title = {T},\n  year = {1900},\n}")
    assert cited(["nobody1900"], own)[0].fields["title"] == "T"
