"""Results as tables: ``results.csv`` for everyone, ``results.json`` for those who compute on with them.

The JSON file keeps every estimate whole. Its ``latents`` lists the independent standard normal variables,
and each estimate names them by their place in that list, so that quotients and differences of results that
are read back have the uncertainty they had before.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.core.coefficient import symbol_of
from ionscape.core.errors import ReadError
from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_name
from ionscape.core.outcome import Row
from ionscape.core.quantity import field_unit, si_unit, unit_scale

if TYPE_CHECKING:
    from ionscape.study.result import StudyResult

COLUMNS = ("sample", "analysis", "quantity", "value", "uncertainty", "ci_low", "ci_high", "unit",
           "temperature_K", "status", "note", "item")  # fmt: skip
FORMAT = "ionscape results 1"

Numbers = tuple[float | None, float | None, float | None, float | None]
"""Value, standard uncertainty, lower and upper end of the 95 % interval."""

_MEANING = {
    "uncertainty": "1 standard deviation (half the central 68.3 % interval where the marginal is not normal)",
    "ci_low, ci_high": "central 95 % interval; for a bound only its own side, one-sided with 95 %",
    "status": "determined; bound (one-sided); undetermined (the data do not fix it); refused (note says why)",
    "joint": "latents are independent standard normal variables; weights give place in `latents` -> weight, "
    "in the estimate's scale (relative for log); the covariance of two estimates in their scales is the "
    "sum over shared latents of the product of their weights",
    "dimension": "exponents of m, kg, s, A, K, mol, cd",
}


@dataclass(frozen=True)
class ResultRow:
    """One quantity of a study.

    Attributes
    ----------
    sample, analysis, quantity : str
        Names in the study.
    estimate : Estimate
    unit : str
        The unit that the field uses for it.
    temperature : Estimate or None
        [K]
    item : str
        The spectrum or file it belongs to; empty for the whole analysis.
    kind, channel : str
        Of a diffusion coefficient: which one it is, and where, see `Row`.
    """

    sample: str
    analysis: str
    quantity: str
    estimate: Estimate
    unit: str
    temperature: Estimate | None = None
    item: str = ""
    kind: str = ""
    channel: str = ""

    @property
    def name(self) -> str:
        """The quantity in a reader's words: ``diffusion coefficient D* (effective)``."""
        if not self.kind:
            return format_name(self.quantity)
        plain = format_name(self.quantity.removesuffix(f"_{self.channel}"))
        return f"{plain} {symbol_of(self.kind, self.channel)}"

    @cached_property
    def si(self) -> Numbers:
        """Value, standard uncertainty and 95 % interval in SI, see `in_si`."""
        return in_si(self.estimate)

    @property
    def numbers(self) -> Numbers:
        """The same in `unit` (an offset such as that of degC moves values and ends, not the uncertainty)."""
        factor, offset, _ = unit_scale(self.unit)
        value, uncertainty, low, high = self.si
        value, low, high = (None if x is None else (x - offset) / factor for x in (value, low, high))
        return value, None if uncertainty is None else uncertainty / abs(factor), low, high


def shown_path(path: Path, study: Path) -> str:
    """A file's path as seen from the study file: the same on every machine, and nothing about the user."""
    try:
        return Path(os.path.relpath(path, study.parent)).as_posix()
    except ValueError:  # another drive
        return path.name


def row_unit(row: Row) -> str:
    """The unit in which a row is printed."""
    return row.unit or field_unit(row.quantity, row.estimate.dimension)


def result_rows(result: StudyResult) -> list[ResultRow]:
    """All quantities of a study in its own order: analyses as written, rows as the analysis gave them."""
    return [
        ResultRow(record.sample, record.name, row.quantity, row.estimate, row_unit(row),
                  row.temperature, row.item, row.kind, row.channel)
        for record in result.analyses
        for row in record.outcome.rows
    ]  # fmt: skip


def in_si(estimate: Estimate) -> Numbers:
    """Value, standard uncertainty and 95 % interval in SI; None for what does not exist.

    A bound has its limit as value, no uncertainty, and its own side of the interval only.
    """
    if estimate.status in ("undetermined", "refused"):
        return None, None, None, None
    if estimate.status == "bound":
        upper = estimate.side == "upper"
        limit = estimate.value
        return limit, None, None if upper else limit, limit if upper else None
    return estimate.value, estimate.standard_uncertainty, *estimate.interval(0.95)


def csv_text(rows: Iterable[ResultRow]) -> str:
    """``results.csv``: the columns of `COLUMNS`, numbers with ten significant digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        temperature = "" if row.temperature is None else _digits(row.temperature.value)
        writer.writerow(
            [row.sample, row.analysis, row.quantity, *map(_digits, row.numbers), row.unit,
             temperature, row.estimate.status, _one_line(row.estimate.note), _one_line(row.item)]
        )  # fmt: skip
    return out.getvalue()


def json_text(result: StudyResult, rows: Sequence[ResultRow]) -> str:
    """``results.json``: the same with SI values, whole estimates, inputs' hashes and versions.

    It holds nothing that changes from run to run (times, cache): the same study gives the same bytes.
    """
    pool = _Pool()
    lines = [_dump(_row_record(row, pool)) for row in rows]
    head = {
        "format": FORMAT,
        "study": result.study.title,
        "meaning": _MEANING,
        "seed": result.seed,
        "versions": dict(result.versions),
        "inputs": [
            {"path": shown_path(file.path, result.study.path), "sha256": file.sha256,
             "size": file.size, "format": file.format}
            for file in result.inputs
        ],
        "analyses": [
            {"name": a.name, "use": a.use, "sample": a.sample, "status": a.status, "reason": a.reason,
             "findings": list(a.outcome.findings), "warnings": list(a.outcome.warnings),
             "failures": [{"item": f.item, "reason": f.reason} for f in a.outcome.failures]}
            for a in result.analyses
        ],
        "temperatures": pool.temperatures,
        "latents": list(pool.latents),
    }  # fmt: skip
    parts = [f"{_dump(key)}: {_dump(value)}" for key, value in head.items()]
    parts.append('"rows": [\n' + ",\n".join(lines) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read_results(path: str | Path) -> list[ResultRow]:
    """Rows of ``results.json`` with their correlations, in the file's order.

    Parameters
    ----------
    path : str or Path
        The file, or the results folder that holds it.

    Raises
    ------
    ReadError
        If it is no results file of ionscape.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "results.json"
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["format"] != FORMAT:
            raise ReadError(path, f"its format is {content['format']!r}, not {FORMAT!r}: rerun the study")
        return list(_read_rows(content))
    except OSError as error:
        raise ReadError(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(path, "is no results file of ionscape, or it is damaged: rerun the study") from error


class _Pool:
    """Names of latents and temperatures, each written once however many rows share it."""

    def __init__(self) -> None:
        self.latents: dict[str, int] = {}
        self.temperatures: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}
        self._seen: dict[int, tuple[Estimate, int]] = {}

    def record(self, estimate: Estimate) -> dict[str, Any]:
        record = estimate.to_json()
        latents = self.latents
        record["weights"] = {
            str(latents.setdefault(name, len(latents))): weight for name, weight in record["weights"].items()
        }
        return record

    def place(self, temperature: Estimate) -> int:
        known = self._seen.get(id(temperature))
        if known is not None:
            return known[1]
        record = self.record(temperature)
        place = self._places.setdefault(_dump(record), len(self.temperatures))
        if place == len(self.temperatures):
            self.temperatures.append(record)
        self._seen[id(temperature)] = (temperature, place)  # the reference keeps the id from being reused
        return place


def _row_record(row: ResultRow, pool: _Pool) -> dict[str, Any]:
    value, uncertainty, low, high = map(_rounded, row.numbers)
    si = dict(zip(("value", "uncertainty", "ci_low", "ci_high"), map(_rounded, row.si), strict=True))
    record: dict[str, Any] = {
        "sample": row.sample, "analysis": row.analysis, "quantity": row.quantity, "value": value,
        "uncertainty": uncertainty, "ci_low": low, "ci_high": high, "unit": row.unit,
        "temperature_K": None if row.temperature is None else _rounded(row.temperature.value),
        "status": row.estimate.status, "note": row.estimate.note, "item": row.item,
        "si": si | {"unit": si_unit(row.estimate.dimension)}, "estimate": pool.record(row.estimate),
    }  # fmt: skip
    record |= {key: text for key, text in (("kind", row.kind), ("channel", row.channel)) if text}
    if row.temperature is not None:
        record["temperature"] = pool.place(row.temperature)
    return record


def _read_rows(content: Mapping[str, Any]) -> Iterator[ResultRow]:
    names = content["latents"]
    temperatures = [_estimate(record, names) for record in content["temperatures"]]
    for record in content["rows"]:
        place = record.get("temperature")
        yield ResultRow(
            record["sample"], record["analysis"], record["quantity"], _estimate(record["estimate"], names),
            record["unit"], None if place is None else temperatures[place], record["item"],
            record.get("kind", ""), record.get("channel", ""),
        )  # fmt: skip


def _estimate(record: Mapping[str, Any], names: Sequence[str]) -> Estimate:
    weights = {names[int(place)]: weight for place, weight in record["weights"].items()}
    return Estimate.from_json({**record, "weights": weights})


def _one_line(text: str) -> str:
    """A text for one cell: not every reader of CSV takes line breaks inside quotes."""
    return " ".join(text.splitlines())


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.10g}")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
