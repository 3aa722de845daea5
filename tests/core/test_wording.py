"""Words put together."""

from __future__ import annotations

import pytest

from ionscape.core.wording import capital, listed, sentence


@pytest.mark.parametrize(
    ("texts", "said"), [([], ""), (["K+"], "K+"), (["K+", "Cs+"], "K+ and Cs+"),
                        (("K+", "Rb+", "Cs+"), "K+, Rb+ and Cs+")],
)  # fmt: skip
def test_lists(texts: list[str], said: str) -> None:
    assert listed(texts) == said


def test_sentences_keep_their_symbols_and_end_once() -> None:
    assert capital("the D of Li+") == "The D of Li+"
    assert sentence("no front forms") == sentence("no front forms.") == "No front forms."
    assert capital("") == ""
