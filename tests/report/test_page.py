"""The report page: what it says of every status, and that no text of a user becomes markup or script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ionscape.core.estimate import measured
from ionscape.core.outcome import Failure, Figure, Outcome, Row, Table
from ionscape.core.quantity import dimension_of
from ionscape.report.page import page_html
from ionscape.study.result import StudyResult
from ionscape.testing.results import example_result

EXAMPLE = example_result()
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


class _Page(HTMLParser):
    """Collects tags, visible text and the content of scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if self._inside == tag:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append((self.tags[-1][1], data))
        elif self._inside != "style":
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def page() -> _Page:
    return _Page(page_html(EXAMPLE))


def _one(outcome: Outcome, **changes: object) -> StudyResult:
    record = replace(EXAMPLE.analyses[0], outcome=outcome)
    return replace(EXAMPLE, analyses=(record,), **changes)  # type: ignore[arg-type]


def test_answers_come_first_with_units_and_uncertainties(page: _Page) -> None:
    words = page.words
    assert words.index("Findings") < words.index("barrier of 0.45 eV") < words.index("thickness 0.2100")
    assert "activation energy (bulk) 0.30000 ± 0.00061 eV" in words
    assert "0.2100 ± 0.0020 cm" in words  # the pellet, with its error


def test_statuses_are_honest(page: _Page) -> None:
    assert "> 5.8×10⁻³" in page.words  # 6.2 at the best geometry, and its errors count
    assert "undetermined" in page.words
    assert "the bulk arc is cut: only the sum with the series resistance is seen" in page.words
    assert "34 determined, 2 one-sided bounds, 1 undetermined" in page.words


def test_failures_and_warnings_are_told(page: _Page) -> None:
    assert "3 measurements gave no result" in page.words
    assert "llto_150C.mpt, llto_160C.mpt : the run was aborted" in page.words
    assert "This analysis failed: the tracer coefficient" in page.words
    assert "Above 120 °C the bulk arc lies beyond the highest frequency" in page.words
    assert "No carrier density is given" in page.words


def test_references_and_provenance(page: _Page) -> None:
    links = [a.get("href") for tag, a in page.tags if tag == "a"]
    assert "https://doi.org/10.1149/1.2044210" in links
    assert EXAMPLE.inputs[0].sha256 in page.words
    assert "data/llto_0000.mpt" in page.words
    assert "/study/" not in page.words  # where the user keeps the files is nobody's business


def test_figures_are_numbered_through_and_complete(page: _Page) -> None:
    numbers = [int(n) for n in re.findall(r"Figure (\d+)\.", page.words)]
    assert numbers == [1, 2, 3]
    specs = [json.loads(text) for attrs, text in page.scripts if attrs.get("type") == "application/json"]
    assert specs == [json.loads(json.dumps(f.plot)) for f in EXAMPLE.analyses[0].outcome.figures]


def test_nothing_is_fetched_and_only_known_scripts_run(page: _Page) -> None:
    fetching = [a for _, a in page.tags if "src" in a or "srcset" in a]
    assert not fetching
    assert not [a for tag, a in page.tags if tag in ("link", "iframe", "object", "base")]
    assert not [name for _, a in page.tags for name in a if name.startswith("on")]
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    for attrs, text in page.scripts:
        if not attrs:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy


def test_user_text_never_becomes_markup() -> None:
    plot = {"data": [{"type": "scatter", "name": EVIL, "x": [1], "y": [2]}], "layout": {}}
    row = Row("conductivity_bulk", measured(1.0, 0.1, dimension_of("S/m")), None, EVIL)
    outcome = Outcome((row,), (EVIL,), (EVIL,), (Failure(EVIL, EVIL),), (Figure(EVIL, EVIL, EVIL, plot),),
                      (Table(EVIL, EVIL, (EVIL,), ((EVIL,),), EVIL),))  # fmt: skip
    result = _one(outcome, warnings=(EVIL,), study=replace(EXAMPLE.study, title=EVIL, text=EVIL))
    record = replace(result.analyses[0], name=EVIL, sample=EVIL, options={EVIL: [EVIL]}, reason=EVIL)
    found = _Page(page_html(replace(result, analyses=(record,))))
    assert "img" not in {tag for tag, _ in found.tags}
    assert "alert(1)" in found.words
    assert len([1 for attrs, _ in found.scripts if not attrs]) == 2  # plotly and our own
    (spec,) = [text for attrs, text in found.scripts if attrs]
    assert "<" not in spec
    assert json.loads(spec)["data"][0]["name"] == EVIL


def test_synthetic_data_are_announced() -> None:
    plain = page_html(EXAMPLE)
    assert "Synthetic data." not in plain
    study = replace(EXAMPLE.study, synthetic="Generated from the parameters of Brug (1984).")
    words = _Page(page_html(replace(EXAMPLE, study=study))).words
    assert "Synthetic data. Generated from the parameters of Brug (1984)." in words
    assert words.index("Synthetic data.") < words.index("Quantities of the whole series")


def test_a_figure_with_gaps_is_still_valid_json() -> None:
    plot = {"data": [{"x": [1.0, float("nan")], "y": (float("inf"), 2.0)}], "layout": {}}
    found = _Page(page_html(_one(Outcome(figures=(Figure("f", "A figure", "", plot),)))))
    (spec,) = [text for attrs, text in found.scripts if attrs]
    assert json.loads(spec)["data"][0] == {"x": [1.0, None], "y": [None, 2.0]}


def test_without_results_the_page_says_so() -> None:
    words = _Page(page_html(replace(EXAMPLE, analyses=EXAMPLE.analyses[2:], inputs=()))).words
    assert "No analysis gave a result; each says why below." in words


def test_page_size_with_six_figures() -> None:
    assert len(page_html(example_result(figures=6)).encode()) < 2e6


def test_long_tables_are_cut_and_point_to_the_file() -> None:
    rows = [replace(r, item=f"{r.item}-{k}") for r in EXAMPLE.analyses[0].outcome.rows for k in range(40)]
    html = page_html(_one(Outcome(tuple(rows))))
    assert "more lines in <code>results.csv</code>" in html
    assert html.count("<tr>") < 300
