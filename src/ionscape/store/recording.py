"""A finished study into the store: one transaction, earlier rows of the same study replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.core.errors import InputError
from ionscape.core.quantity import si_unit
from ionscape.report.results_table import ResultRow, result_rows
from ionscape.store.connection import BUSY_TIMEOUT, read, sqlite_file, store_url, write

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from ionscape.study.result import StudyResult


def record(result: StudyResult, url: str | None = None) -> None:
    """Put a study and all its quantities into the store.

    A study is known by the path of its file: a rerun replaces its rows. The store holds numbers to search;
    whoever computes on reads ``results.json``, which keeps the correlations.

    Parameters
    ----------
    result : StudyResult
    url : str, optional
        See `ionscape.store.store_url`.

    Raises
    ------
    InputError
        If the store cannot be written, or is of a later version of ionscape.
    """
    rows = result_rows(result)
    write(store_url(url), lambda connection: _record(connection, result, rows))


def is_recorded(study: Path, key: str, url: str | None = None) -> bool:
    """Whether the store holds the results of this very run of a study.

    Parameters
    ----------
    study : Path
        Absolute, of the study file.
    key : str
        `StudyResult.key`.
    url : str, optional
        See `ionscape.store.store_url`.

    Raises
    ------
    InputError
        If the store cannot be read.
    """
    chosen = store_url(url)
    file = sqlite_file(chosen)
    if file is None:
        return bool(read(chosen, lambda connection: _recorded_key(connection, study) == key))
    return file.is_file() and _key_in_file(file, study) == key


def _recorded_key(connection: Connection, study: Path) -> str | None:
    from sqlalchemy import select

    from ionscape.store.tables import studies

    return connection.execute(select(studies.c.key).where(studies.c.path == str(study))).scalar()


def _key_in_file(file: Path, study: Path) -> str | None:
    """The same without SQLAlchemy, whose import would be most of the time of a run that changes nothing."""
    import sqlite3
    from contextlib import closing

    try:
        with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
            found = connection.execute("SELECT key FROM studies WHERE path = ?", (str(study),)).fetchone()
    except sqlite3.Error:  # empty or damaged: recording says what is wrong
        return None
    return None if found is None else str(found[0])


def _record(connection: Connection, result: StudyResult, rows: list[ResultRow]) -> None:
    from sqlalchemy import delete, insert, select

    from ionscape.store import tables as t

    _prepare(connection)
    study = result.study
    path = str(study.path)
    old = connection.execute(select(t.studies.c.id).where(t.studies.c.path == path)).scalar()
    if old is not None:
        of_study = select(t.analyses.c.id).where(t.analyses.c.studies_id == old)
        connection.execute(delete(t.quantities).where(t.quantities.c.analyses_id.in_(of_study)))
        for table in (t.analyses, t.samples, t.inputs):
            connection.execute(delete(table).where(table.c.studies_id == old))
        connection.execute(delete(t.studies).where(t.studies.c.id == old))
    new = connection.execute(
        insert(t.studies).values(
            path=path, title=study.title, key=result.key,
            ionscape_version=result.versions.get("ionscape", ""),
            finished=result.finished.isoformat(timespec="seconds"),
        )
    )  # fmt: skip
    assert new.inserted_primary_key is not None
    key = new.inserted_primary_key[0]
    listed: list[tuple[Table, list[dict[str, Any]]]] = [
        (t.samples, [{"name": s.name, "formula": s.formula, "carrier": s.carrier}
                     for s in study.samples.values()]),
        (t.inputs, [{"path": str(i.path), "sha256": i.sha256, "size": i.size, "format": i.format}
                    for i in result.inputs]),
    ]  # fmt: skip
    for table, records in listed:
        if records:
            connection.execute(insert(table), [r | {"studies_id": key} for r in records])
    _record_analyses(connection, result, rows, key)


def _record_analyses(connection: Connection, result: StudyResult, rows: list[ResultRow], study: int) -> None:
    from sqlalchemy import insert

    from ionscape.store.tables import analyses, quantities

    keys: dict[str, int] = {}
    for a in result.analyses:
        done = connection.execute(
            insert(analyses).values(
                studies_id=study, sample=a.sample, name=a.name, use=a.use, status=a.status, reason=a.reason
            )
        )
        assert done.inserted_primary_key is not None
        keys[a.name] = done.inserted_primary_key[0]
    if rows:
        connection.execute(insert(quantities), [_columns(row, keys[row.analysis]) for row in rows])


def _columns(row: ResultRow, analysis: int) -> dict[str, Any]:
    value, uncertainty, low, high = row.numbers
    return {
        "analyses_id": analysis, "name": row.quantity, "item": row.item, "status": row.estimate.status,
        "note": row.estimate.note, "unit": row.unit, "si_unit": si_unit(row.estimate.dimension),
        "value": value, "uncertainty": uncertainty, "ci_low": low, "ci_high": high, "value_si": row.si[0],
        "temperature_kelvin": None if row.temperature is None else row.temperature.value,
    }  # fmt: skip


def _prepare(connection: Connection) -> None:
    from sqlalchemy import insert, select

    from ionscape.store.tables import VERSION, about, metadata

    metadata.create_all(connection)
    version = connection.execute(select(about.c.version)).scalar()
    if version is None:
        connection.execute(insert(about).values(version=VERSION))
    elif version != VERSION:
        raise InputError(
            f"the store has version {version}, this ionscape writes {VERSION}: "
            "name another one with IONSCAPE_STORE"
        )
