"""The cache: nothing stale, nothing half, and keys that follow what results depend on."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core.errors import IonscapeError
from ionscape.core.outcome import Outcome
from ionscape.study.cache import Cache, cache_folder, code_hash, key_of, plain, source_hash, versions

KEY = key_of(what="test")


def test_what_was_put_is_got(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c")
    assert cache.get(KEY) is None
    cache.put(KEY, b"content")
    assert cache.get(KEY) == b"content"
    assert (tmp_path / "c" / ".gitignore").read_text("utf-8") == "*\n"


@pytest.mark.parametrize("damage", [b"", b"x" * 10, b"y" * 60])
def test_a_damaged_entry_is_absent(tmp_path: Path, damage: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b"content")
    (tmp_path / KEY[:2] / KEY[2:]).write_bytes(damage)
    assert cache.get(KEY) is None


def test_fresh_sees_only_what_this_run_wrote(tmp_path: Path) -> None:
    Cache(tmp_path).put(KEY, b"old")
    fresh = Cache(tmp_path, fresh=True)
    assert fresh.get(KEY) is None
    fresh.put(KEY, b"new")
    assert fresh.get(KEY) == b"new"


def test_two_runs_at_once_never_see_half_an_entry(tmp_path: Path) -> None:
    contents = {b"a" * 300_000, b"b" * 300_000}
    seen: set[bytes | None] = set()

    def write(content: bytes) -> None:
        for _ in range(20):
            Cache(tmp_path).put(KEY, content)
            seen.add(Cache(tmp_path).get(KEY))

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen <= contents
    assert len(list(tmp_path.glob("??/.*"))) == 0


def test_a_folder_that_cannot_be_written_is_told_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    cache = Cache(tmp_path / "file" / "c")
    cache.put(KEY, b"content")
    assert "cannot be written" in cache.problem
    assert cache.get(KEY) is None


def test_old_entries_are_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    other = key_of(what="other")
    for key in (KEY, other):
        cache.put(key, b"content")
    old = time.time() - 200 * 86400
    os.utime(tmp_path / KEY[:2] / KEY[2:], (old, old))
    cache.prune()
    assert cache.get(KEY) is None
    assert cache.get(other) == b"content"


def test_the_folder_is_beside_the_study_or_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IONSCAPE_CACHE", raising=False)
    assert cache_folder(tmp_path) == tmp_path / ".ionscape-cache"
    monkeypatch.setenv("IONSCAPE_CACHE", str(tmp_path / "mine"))
    assert cache_folder(Path("elsewhere")) == tmp_path / "mine"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), json_values, min_size=2, max_size=4))
def test_a_key_does_not_depend_on_the_order_of_writing(options: dict[str, object]) -> None:
    assert key_of(options=options) == key_of(options=dict(reversed(options.items())))


@given(json_values, json_values)
def test_different_options_have_different_keys(a: object, b: object) -> None:
    assert (key_of(options=a) == key_of(options=b)) == (repr(plain(a)) == repr(plain(b)) or _alike(a, b))


def _alike(a: object, b: object) -> bool:
    """Equal but for the order of mappings."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
    return repr(a) == repr(b)


def test_the_source_of_a_package_is_hashed_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_package_for_hashing"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("", "utf-8")
    (package / "inner" / "helper.py").write_text("a = 1\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = source_hash(package.name)
    (package / "inner" / "helper.py").write_text("a = 2\n", "utf-8")
    source_hash.cache_clear()
    assert source_hash(package.name) != before
    assert code_hash("ionscape.impedance") == code_hash("ionscape.temperature")
    assert code_hash(package.name).startswith(code_hash("ionscape.impedance"))


@pytest.mark.parametrize("group", ["ionscape.readers", "ionscape.impedance_elements"])
def test_packages_behind_plug_ins_count(
    group: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def forget() -> None:
        for known in (code_hash, source_hash, versions):
            known.cache_clear()

    name = f"plug_in_for_{group.rpartition('.')[2]}"
    package, info = tmp_path / name, tmp_path / f"{name}-3.1.dist-info"
    (package / "inner").mkdir(parents=True)
    info.mkdir()
    (package / "__init__.py").write_text("", "utf-8")
    (package / "inner" / "mine.py").write_text("gain = 1\n", "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 3.1\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\nmine = {name}.inner.mine\n", "utf-8")
    request.addfinalizer(forget)
    forget()
    without = code_hash("ionscape.impedance")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    forget()
    before = code_hash("ionscape.impedance")
    assert before != without
    assert versions()[name] == "3.1"
    (package / "inner" / "mine.py").write_text("gain = 2\n", "utf-8")
    forget()
    assert code_hash("ionscape.impedance") != before
    assert name not in sys.modules  # a study is checked without importing what reads its files


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", np.ones(3), Outcome(arrays={"x": np.ones(2)})])
def test_what_has_no_certain_text_is_refused_as_part_of_a_key(value: object) -> None:
    with pytest.raises(IonscapeError, match="cannot be part of a key"):
        key_of(options={"a": [value]})
