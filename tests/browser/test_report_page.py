"""The report in headless Chromium, opened from disk: figures are drawn, and no request leaves the page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ionscape.report.page import page_html
from ionscape.testing.results import example_result

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
LOCAL = ("file:", "data:", "blob:", "chrome:", "about:")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=20000",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever is asked for, nothing goes out
)  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """What the browser made of a page: its final HTML, its console, the addresses it asked for."""

    dom: str
    console: list[str]
    requests: list[str]

    @property
    def drawn(self) -> int:
        return len(re.findall(r'<div class="plot[^>]*js-plotly-plot', self.dom))


@pytest.fixture(scope="session")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no Chromium or Chrome on the PATH: the report was not opened in a browser")
    return found


def visit(browser: str, html: str, folder: Path, size: str = "1200,3000") -> Visit:
    page, log = folder / "report.html", folder / "net.json"
    page.write_text(html, encoding="utf-8")
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
         f"--window-size={size}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return Visit(done.stdout, console, _requests(log))


def _requests(log: Path) -> list[str]:
    """Addresses of all network requests that the page started, from a net log.

    The browser's own (clock, updates, accounts) have no origin; those of a page name its origin.
    """
    text = log.read_text("utf-8", errors="replace").rstrip().rstrip(",")
    content: dict[str, Any] = json.loads(text if text.endswith("}") else text + "]}")
    start = content["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    started = [event.get("params", {}) for event in content["events"] if event["type"] == start]
    return [
        str(request["url"])
        for request in started
        if request.get("initiator") != "not an origin"
        and not str(request.get("url", "file:")).startswith(LOCAL)
    ]


@pytest.fixture(scope="module")
def opened(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return visit(browser, page_html(example_result()), tmp_path_factory.mktemp("report"))


def test_all_figures_are_drawn(opened: Visit) -> None:
    assert opened.drawn == 3
    assert len(re.findall(r'<svg[^>]*class="main-svg"', opened.dom)) >= 3
    assert opened.dom.count('class="xtick"') > 3


def test_no_console_message(opened: Visit) -> None:
    assert opened.console == []


def test_no_request_leaves_the_page(opened: Visit) -> None:
    assert opened.requests == []


def test_the_net_log_would_have_shown_one(browser: str, tmp_path: Path) -> None:
    html = '<!doctype html><title>t</title><img src="http://127.0.0.1:9/pixel.png">'
    assert visit(browser, html, tmp_path).requests != []


def test_scripts_from_user_text_do_not_run(browser: str, tmp_path: Path) -> None:
    mark = "<script>document.documentElement.dataset.owned='yes'</script>"
    html = page_html(example_result(mark + "<img src=x onerror='document.title=1'>", figures=1))
    # and what escaping might have missed, the policy stops
    html = html.replace("</footer>", f'</footer>{mark}<img src="http://127.0.0.1:9/pixel.png">')
    seen = visit(browser, html, tmp_path)
    assert "data-owned" not in seen.dom
    assert seen.drawn == 1
    assert seen.requests == []
    assert len(seen.console) == 2  # one refusal each for the two that were put in by hand


def test_sixty_figures_are_drawn_only_where_one_looks(browser: str, tmp_path: Path) -> None:
    result = example_result(figures=6)
    record = result.analyses[0]
    outcome = replace(record.outcome, figures=record.outcome.figures * 10)
    many = replace(result, analyses=(replace(record, outcome=outcome),))
    seen = visit(browser, page_html(many), tmp_path, size="1200,2000")
    assert 0 < seen.drawn < 10


def test_nothing_is_wider_than_a_narrow_window(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "inner.html"
    page.write_text(page_html(example_result(figures=1)), encoding="utf-8")
    # a phone's width inside a frame, as headless windows cannot be narrower than 500 px
    frame = ('<!doctype html><iframe id="f" width="380" height="4000" '
             f'src="{page.as_uri()}"></iframe><script>'
             "onload = () => setTimeout(() => { const d = f.contentDocument.documentElement;"
             "document.documentElement.dataset.wide = d.scrollWidth }, 3000)</script>")  # fmt: skip
    folder = tmp_path / "outer"
    folder.mkdir()
    done = subprocess.run(
        [browser, *FLAGS, "--allow-file-access-from-files", f"--user-data-dir={folder / 'profile'}",
         "--window-size=800,4200", "--dump-dom", _saved(frame, folder / "frame.html")],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    match = re.search(r'data-wide="(\d+)"', done.stdout)
    assert match is not None
    assert int(match[1]) <= 380


def _saved(html: str, path: Path) -> str:
    path.write_text(html, encoding="utf-8")
    return path.as_uri()
