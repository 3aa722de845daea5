"""Measurements to CSV and NetCDF, with the column names of the Battery Data Format."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.core.measurement import Measurement

_SWEEP, _TEMPERATURE = "sweep", "temperature_kelvin"


def write_csv(measurement: Measurement, path: str | Path) -> None:
    """Write all sweeps into one table: one block of rows per sweep, told apart by the column ``sweep``.

    Temperature, geometry and metadata stand in comment lines above. `ionscape.read.read` gives the same
    numbers back.

    Parameters
    ----------
    measurement : Measurement
    path : str or Path
        Overwritten if it exists.
    """
    names = _shared_columns(measurement)
    with Path(path).open("w", newline="", encoding="utf-8") as stream:
        stream.writelines(f"# {line}\n" for line in _header(measurement))
        table = csv.writer(stream, lineterminator="\n")
        table.writerow([_SWEEP, _TEMPERATURE, *names])
        for number, sweep in enumerate(measurement.sweeps, start=1):
            label = sweep.label or str(number)
            kelvin = "" if sweep.temperature_kelvin is None else repr(float(sweep.temperature_kelvin))
            columns = (sweep.columns[name].tolist() for name in names)
            table.writerows([label, kelvin, *map(repr, row)] for row in zip(*columns, strict=True))


def _header(measurement: Measurement) -> list[str]:
    facts: dict[str, object] = {"source": measurement.source.name, "format": measurement.format}
    facts |= {
        _TEMPERATURE: measurement.temperature_kelvin,
        "thickness_metre": measurement.thickness_metre,
        "area_square_metre": measurement.area_square_metre,
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    lines += [f"{name}: {value}" for name, value in measurement.metadata.items()]
    return [" ".join(line.split()) for line in lines]


def _shared_columns(measurement: Measurement) -> list[str]:
    """Columns that every sweep has, in the first sweep's order."""
    first, *others = measurement.sweeps
    return [name for name in first.columns if all(name in sweep.columns for sweep in others)]


def write_netcdf(measurement: Measurement, path: str | Path) -> None:
    """Write all sweeps into a NetCDF-3 file along the dimension ``point``; ``sweep`` counts them from 1.

    Units stand in the attribute ``units``; labels, temperature, geometry and metadata in global attributes.

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
        name: np.concatenate([s.columns[name] for s in sweeps]) for name in _shared_columns(measurement)
    }
    kelvin = np.array([sweep.temperature_kelvin for sweep in sweeps], dtype=np.float64)
    if np.isfinite(kelvin).any():
        columns[_TEMPERATURE] = np.repeat(kelvin, sizes)
    file: Any  # takes any attribute
    with netcdf_file(str(path), "w") as file:
        file.createDimension("point", sum(sizes))
        file.createVariable(_SWEEP, "i4", ("point",))[:] = np.repeat(np.arange(1, len(sizes) + 1), sizes)
        for name, values in columns.items():
            variable = file.createVariable(name, "f8", ("point",))
            variable[:] = values
            variable.units = name.rsplit("_", 1)[-1]
        file.sweep_labels = "\n".join(sweep.label or str(n) for n, sweep in enumerate(sweeps, start=1))
        file.description = "\n".join(_header(measurement))
