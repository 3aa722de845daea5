"""Shared fixtures: where the real data lie, and one hypothesis profile for all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile(
    "ionscape",
    derandomize=True,  # the suite gives the same answer every time
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ionscape")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data; absent on a user's machine."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real public data not found at {SHARED_DATA}: not part of the release")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test runs lands in the user's own store or cache; subprocesses inherit this."""
    folder = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IONSCAPE_STORE", f"sqlite:///{folder / 'store.sqlite'}")
        patch.setenv("IONSCAPE_CACHE", str(folder / "cache"))
        yield
