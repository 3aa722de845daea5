"""Where the store is and how it is opened: SQLite in WAL mode, or any database that SQLAlchemy knows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ionscape.core.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")
BUSY_TIMEOUT = 30.0  # s that a writer waits for another
_ATTEMPTS = 5


def store_url(url: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The database URL: as given, else of ``IONSCAPE_STORE``, else a file in the user's data folder.

    Parameters
    ----------
    url : str, optional
        A database URL (``postgresql+psycopg://…``), or the path of an SQLite file.
    """
    chosen = url or environment.get("IONSCAPE_STORE") or str(_data_folder(environment) / "results.sqlite")
    return chosen if "://" in chosen else f"sqlite:///{Path(chosen).expanduser().absolute().as_posix()}"


def write(url: str, work: Callable[[Connection], T]) -> T:
    """Run ``work`` in one transaction that may write; again if another writer came between.

    Raises
    ------
    InputError
        If the store cannot be reached or written.
    """
    from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

    engine = open_store(url)
    try:
        for attempt in range(_ATTEMPTS):
            try:
                options = {"ionscape_writes": True}
                with engine.connect().execution_options(**options) as connection, connection.begin():
                    return work(connection)
            except (IntegrityError, OperationalError, ProgrammingError) as error:
                # two first runs may make the same table or the same study at once: the later one goes again
                if attempt == _ATTEMPTS - 1:
                    raise _cannot(url, error) from error
                time.sleep(0.05 * 2**attempt)
            except DBAPIError as error:
                raise _cannot(url, error) from error
    finally:
        engine.dispose()
    raise AssertionError("unreachable")


def read(url: str, work: Callable[[Connection], T]) -> T | None:
    """Run ``work`` in one transaction that only reads; None if there is no store yet.

    Raises
    ------
    InputError
        If the store cannot be read.
    """
    from sqlalchemy import inspect
    from sqlalchemy.exc import DBAPIError

    file = sqlite_file(url)
    if file is not None and not file.is_file():
        return None
    engine = open_store(url)
    try:
        with engine.connect() as connection, connection.begin():
            if not inspect(connection).has_table("ionscape_store"):
                return None
            return work(connection)
    except DBAPIError as error:
        raise _cannot(url, error) from error
    finally:
        engine.dispose()


def open_store(url: str) -> Engine:
    """An engine for the store; the SQLite file's folder is made.

    Raises
    ------
    InputError
        If the URL is none, its driver is not installed, or the folder cannot be made.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    file = sqlite_file(url)
    try:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, poolclass=NullPool)
    except ModuleNotFoundError as error:
        raise InputError(
            f"the store {_shown(url)} needs the package {error.name}: pip install 'ionscape[postgres]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise InputError(
            f"{_shown(url)} is no database: give a file, or e.g. postgresql+psycopg://host/name"
        ) from error
    except OSError as error:
        raise InputError(f"the store's folder cannot be made: {error}") from error
    if file is not None:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def sqlite_file(url: str) -> Path | None:
    """The file behind an SQLite URL; None for another database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a writer takes the lock at once: taken later, SQLite gives up without waiting
    writes = connection.get_execution_options().get("ionscape_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _cannot(url: str, error: Exception) -> InputError:
    reason = str(getattr(error, "orig", error)).strip().split("\n")[0]
    return InputError(f"the store {_shown(url)} cannot be used: {reason}")


def _shown(url: str) -> str:
    """The URL without a password."""
    scheme, mark, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.partition(':')[0]}{at}{host}" if at else url


def _data_folder(environment: Mapping[str, str]) -> Path:
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "ionscape"
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ionscape"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "ionscape"
