"""Measurements to CSV and NetCDF, with the columns' own names."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.measurement import B_VALUE, GRADIENT, Measurement, Sweep

_SWEEP, _TEMPERATURE, _ROW, _COLUMN = "sweep", "temperature_kelvin", "row", "column"
_COMPOUND_UNITS = {GRADIENT: "tesla/metre", B_VALUE: "second/metre^2"}
_UNITS = ("hertz", "ohm", "second", "metre", "kelvin", "volt", "ampere", "farad", "henry", "siemens",
          "degree", "pascal")  # fmt: skip


def write_csv(measurement: Measurement, path: str | Path) -> None:
    """Write all sweeps into one table: one block of rows per sweep, told apart by the column ``sweep``.

    An image takes a row per pixel, with the columns ``row`` and ``column`` counted from 1. Temperature,
    geometry and metadata stand in comment lines above. `ionscape.read.read` gives the same numbers back, but
    of images.

    Parameters
    ----------
    measurement : Measurement
    path : str or Path
        Overwritten if it exists.
    """
    names = _shared_columns(measurement)
    pixels = [_ROW, _COLUMN] if _holds_images(measurement) else []
    with Path(path).open("w", newline="", encoding="utf-8") as stream:
        stream.writelines(f"# {line}\n" for line in _header(measurement))
        table = csv.writer(stream, lineterminator="\n")
        table.writerow([_SWEEP, _TEMPERATURE, *pixels, *names])
        for number, sweep in enumerate(measurement.sweeps, start=1):
            label = sweep.label or str(number)
            kelvin = "" if sweep.temperature_kelvin is None else repr(float(sweep.temperature_kelvin))
            places = (_places(sweep)[name].tolist() for name in pixels)
            columns = (sweep.columns[name].ravel().tolist() for name in names)
            table.writerows([label, kelvin, *map(repr, row)] for row in zip(*places, *columns, strict=True))


def _holds_images(measurement: Measurement) -> bool:
    return any(next(iter(sweep.columns.values())).ndim == 2 for sweep in measurement.sweeps)


def _places(sweep: Sweep) -> dict[str, NDArray[np.int64]]:
    """Row and column of every pixel, from 1, row by row."""
    rows, columns = np.indices(np.atleast_2d(next(iter(sweep.columns.values()))).shape) + 1
    return {_ROW: rows.ravel(), _COLUMN: columns.ravel()}


def _header(measurement: Measurement) -> list[str]:
    facts: dict[str, object] = {"source": measurement.source.name, "format": measurement.format}
    facts |= {
        _TEMPERATURE: measurement.temperature_kelvin,
        "thickness_metre": measurement.thickness_metre,
        "area_square_metre": measurement.area_square_metre,
    }
    spacings = {sweep.spacing_metre for sweep in measurement.sweeps if sweep.spacing_metre}
    if len(spacings) == 1:
        facts["pixel_metre"] = " x ".join(repr(size) for size in spacings.pop())
    lines = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    lines += [f"{name}: {value}" for name, value in measurement.metadata.items()]
    return [" ".join(line.split()) for line in lines]


def _shared_columns(measurement: Measurement) -> list[str]:
    """Columns that every sweep has, in the first sweep's order."""
    first, *others = measurement.sweeps
    return [name for name in first.columns if all(name in sweep.columns for sweep in others)]


def write_netcdf(measurement: Measurement, path: str | Path) -> None:
    """Write all sweeps into a NetCDF-3 file along the dimension ``point``; ``sweep`` counts them from 1.

    An image has a point per pixel, with the variables ``row`` and ``column`` counted from 1. Units stand in
    the attribute ``units``; labels, temperature, geometry and metadata in global attributes.

    Parameters
    ----------
    measurement : Measurement
    path : str or Path
        Overwritten if it exists.
    """
    from scipy.io import netcdf_file

    sweeps = measurement.sweeps
    sizes = [next(iter(sweep.columns.values())).size for sweep in sweeps]
    columns = {
        name: np.concatenate([s.columns[name].ravel() for s in sweeps])
        for name in _shared_columns(measurement)
    }
    kelvin = np.array([sweep.temperature_kelvin for sweep in sweeps], dtype=np.float64)
    if np.isfinite(kelvin).any():
        columns[_TEMPERATURE] = np.repeat(kelvin, sizes)
    file: Any  # takes any attribute
    with netcdf_file(str(path), "w") as file:
        file.createDimension("point", sum(sizes))
        file.createVariable(_SWEEP, "i4", ("point",))[:] = np.repeat(np.arange(1, len(sizes) + 1), sizes)
        for name in (_ROW, _COLUMN) if _holds_images(measurement) else ():
            file.createVariable(name, "i4", ("point",))[:] = np.concatenate(
                [_places(s)[name] for s in sweeps]
            )
        for name, values in columns.items():
            variable = file.createVariable(name, "f8", ("point",))
            variable[:] = values
            variable.units = _unit(name)
        file.sweep_labels = "\n".join(sweep.label or str(n) for n, sweep in enumerate(sweeps, start=1))
        file.description = "\n".join(_header(measurement))


def _unit(name: str) -> str:
    """The unit that a column's name ends with; 1 for counts, fractions and intensities."""
    if name in _COMPOUND_UNITS:
        return _COMPOUND_UNITS[name]
    last = name.rsplit("_", 1)[-1]
    return last if last in _UNITS else "1"
