"""The store: one transaction per study, reruns replace, several processes at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ionscape.core.errors import InputError
from ionscape.store import is_recorded, query, record, store_url
from ionscape.store.connection import read
from ionscape.store.recording import _recorded_key
from ionscape.testing.results import example_result

EXAMPLE = example_result()
ROWS = sum(len(a.outcome.rows) for a in EXAMPLE.analyses)
TABLES = ("studies", "samples", "inputs", "analyses", "quantities")


def _counts(file: Path) -> dict[str, int]:
    connection = sqlite3.connect(file)
    try:
        return {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in TABLES}
    finally:
        connection.close()


def test_what_is_recorded_is_known_by_path_and_key(tmp_path: Path) -> None:
    file, study = tmp_path / "s.sqlite", EXAMPLE.study.path
    assert not is_recorded(study, EXAMPLE.key, str(file))
    assert not file.exists()
    record(EXAMPLE, str(file))
    assert is_recorded(study, EXAMPLE.key, str(file))
    assert not is_recorded(study, "another key", str(file))
    assert not is_recorded(Path("/study/other.yaml"), EXAMPLE.key, str(file))
    # the way that other databases take
    assert read(store_url(str(file)), lambda c: _recorded_key(c, study)) == EXAMPLE.key
    (tmp_path / "damaged.sqlite").write_bytes(b"no database at all" * 100)
    assert not is_recorded(study, EXAMPLE.key, str(tmp_path / "damaged.sqlite"))


def test_a_study_is_recorded_and_a_rerun_replaces_it(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "s.sqlite"
    record(EXAMPLE, str(file))
    once = _counts(file)
    assert once == {"studies": 1, "samples": 1, "inputs": 7, "analyses": 3, "quantities": ROWS}
    record(EXAMPLE, str(file))
    assert _counts(file) == once
    record(replace(EXAMPLE, analyses=EXAMPLE.analyses[1:2]), str(file))
    assert _counts(file)["quantities"] == 2
    other = replace(EXAMPLE, study=replace(EXAMPLE.study, path=Path("/study/other.yaml")))
    record(other, str(file))
    assert _counts(file)["studies"] == 2


def test_numbers_are_those_of_the_result(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    record(EXAMPLE, str(file))
    row = next(r for r in EXAMPLE.analyses[0].outcome.rows if r.quantity == "conductivity_bulk")
    found = query("conductivity_bulk", str(file))[0]
    value, uncertainty = row.estimate.to("S/cm")
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.uncertainty == pytest.approx(uncertainty, rel=1e-12)
    assert found.item == row.item
    assert row.temperature is not None
    assert found.temperature_kelvin == row.temperature.value


def test_a_failed_write_leaves_the_earlier_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "s.sqlite"
    record(EXAMPLE, str(file))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ionscape.store.recording._record_analyses", killed)
    with pytest.raises(KeyboardInterrupt):
        record(EXAMPLE, str(file))
    assert _counts(file)["quantities"] == ROWS


def test_several_processes_write_one_store_at_once(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    script = (
        "import sys; from pathlib import Path; from ionscape.store import record\n"
        "from ionscape.testing.results import example_result\n"
        "r = example_result(path=Path(sys.argv[2]))\n"
        "for _ in range(5): record(r, sys.argv[1])\n"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(file), f"/study/{n}.yaml"], stderr=subprocess.PIPE
        )
        for n in (0, 1, 1)
    ]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors.decode()
    assert _counts(file) == {"studies": 2, "samples": 2, "inputs": 14, "analyses": 6, "quantities": 2 * ROWS}


def test_a_reader_is_not_locked_out_by_a_writer(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    record(EXAMPLE, str(file))
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM quantities")
    assert len(query("", str(file))) == ROWS
    writer.execute("ROLLBACK")
    writer.close()


def test_what_is_no_store_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    file.write_text("this is a text and no database, however long one makes it")
    with pytest.raises(InputError, match="cannot be used: file is not a database"):
        record(EXAMPLE, str(file))
    with pytest.raises(InputError, match="cannot be used"):
        query("", str(file))
    with pytest.raises(InputError, match="is no database"):
        record(EXAMPLE, "nonsense://user:secret@host/name")


def test_a_store_of_another_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "s.sqlite"
    record(EXAMPLE, str(file))
    connection = sqlite3.connect(file)
    connection.execute("UPDATE ionscape_store SET version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="version 99"):
        record(EXAMPLE, str(file))
