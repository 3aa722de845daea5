"""The made-up ceramic of ``llto.py`` as a fixture."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def loaded(path: Path) -> ModuleType:
    """A file beside the tests as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def llto() -> Any:
    """Rows, samples and laws of a made-up LLTO ceramic."""
    return loaded(Path(__file__).with_name("llto.py"))
