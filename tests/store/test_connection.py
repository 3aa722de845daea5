"""Where the store is looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ionscape.core.errors import InputError
from ionscape.store.connection import open_store, sqlite_file, store_url


def test_given_then_environment_then_data_folder(tmp_path: Path) -> None:
    environment = {"IONSCAPE_STORE": str(tmp_path / "env.sqlite"), "HOME": str(tmp_path)}
    assert store_url("postgresql+psycopg://host/name", environment) == "postgresql+psycopg://host/name"
    assert sqlite_file(store_url(str(tmp_path / "own.sqlite"), environment)) == tmp_path / "own.sqlite"
    assert sqlite_file(store_url(None, environment)) == tmp_path / "env.sqlite"
    del environment["IONSCAPE_STORE"]
    default = sqlite_file(store_url(None, environment))
    assert default is not None
    assert default.name == "results.sqlite"
    if sys.platform == "linux":
        assert default == tmp_path / ".local" / "share" / "ionscape" / "results.sqlite"
        environment["XDG_DATA_HOME"] = str(tmp_path / "data")
        assert sqlite_file(store_url(None, environment)) == tmp_path / "data" / "ionscape" / "results.sqlite"


def test_a_password_is_never_printed() -> None:
    with pytest.raises(InputError) as caught:
        open_store("nonsense://me:secret@host/name")
    assert "secret" not in str(caught.value)
    assert "nonsense://me@host/name" in str(caught.value)
