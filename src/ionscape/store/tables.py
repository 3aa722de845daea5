"""The tables of the store: a study has samples and analyses, an analysis has quantities."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 1
metadata = MetaData()


def _belongs_to(table: str) -> Column[int]:
    parent: ForeignKey = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(f"{table}_id", Integer, parent, nullable=False, index=True)


about = Table(
    "ionscape_store", metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
)  # fmt: skip

studies = Table(
    "studies", metadata,
    Column("id", Integer, primary_key=True),
    Column("path", String(1024), nullable=False, unique=True),  # of the study file: a rerun replaces it
    Column("title", Text, nullable=False),
    Column("key", String(64), nullable=False),
    Column("ionscape_version", String(32), nullable=False),
    Column("finished", String(32), nullable=False),  # ISO 8601, UTC
)  # fmt: skip

inputs = Table(
    "inputs", metadata,
    Column("id", Integer, primary_key=True),
    _belongs_to("studies"),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("format", String(64), nullable=False),
)  # fmt: skip

samples = Table(
    "samples", metadata,
    Column("id", Integer, primary_key=True),
    _belongs_to("studies"),
    Column("name", Text, nullable=False),
    Column("formula", Text, nullable=False),
    Column("carrier", Text, nullable=False),
)  # fmt: skip

analyses = Table(
    "analyses", metadata,
    Column("id", Integer, primary_key=True),
    _belongs_to("studies"),
    Column("sample", Text, nullable=False),  # empty where it belongs to none
    Column("name", Text, nullable=False),
    Column("use", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip

quantities = Table(
    "quantities", metadata,
    Column("id", Integer, primary_key=True),
    _belongs_to("analyses"),
    Column("name", String(128), nullable=False, index=True),
    Column("item", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("unit", String(64), nullable=False),  # of value, uncertainty and interval
    Column("si_unit", String(64), nullable=False),
    Column("value", Float(53)),
    Column("uncertainty", Float(53)),
    Column("ci_low", Float(53)),
    Column("ci_high", Float(53)),
    Column("value_si", Float(53)),
    Column("temperature_kelvin", Float(53)),
)  # fmt: skip
