"""Fixtures of the reader tests, and the count of the real files that can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str | bytes], Path]

_COUNTS: list[str] = []


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(name, content)`` puts a file into an empty folder and returns its path."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


@pytest.fixture(scope="session")
def counts() -> list[str]:
    """Lines that stand in pytest's summary."""
    return _COUNTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the corpus test counted."""
    for line in _COUNTS:
        terminalreporter.write_line(line)
