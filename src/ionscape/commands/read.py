"""``ionscape read``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ionscape.core.measurement import Measurement


@click.command(short_help="Show what a data file holds, or convert it.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--csv", "to_csv", is_flag=True, help="Write FILE's columns as CSV (Battery Data Format names)."
)
@click.option("--netcdf", "to_netcdf", is_flag=True, help="Write them as NetCDF.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", default=Path(),
              help="Folder for the converted files [default: this one].")  # fmt: skip
def read(files: tuple[Path, ...], to_csv: bool, to_netcdf: bool, output: Path) -> int:
    """Find the format of each FILE and show its sweeps, ranges, temperature, geometry and warnings."""
    from ionscape.core.errors import InputError
    from ionscape.read import read as read_file
    from ionscape.read import write_csv, write_netcdf

    unreadable = 0
    for path in files:
        try:
            measurement = read_file(path)
        except InputError as error:
            click.echo(str(error), err=True)
            unreadable += 1
            continue
        click.echo("\n".join(_description(path, measurement)))
        for wanted, suffix, write in ((to_csv, ".csv", write_csv), (to_netcdf, ".nc", write_netcdf)):
            if wanted:
                target = _target(output, path, suffix)
                write(measurement, target)
                click.echo(f"  written     {target}")
    return 2 if unreadable else 0


def _target(folder: Path, source: Path, suffix: str) -> Path:
    from ionscape.core.errors import InputError

    target = folder / f"{source.stem}{suffix}"
    if target.exists():
        raise InputError(f"{target} is there already: choose another folder with -o, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    return target


def _description(path: Path, measurement: Measurement) -> list[str]:
    from ionscape.read.quick_look import quick_look

    lines = [str(path), f"  format      {measurement.format}"]
    lines += [f"  {line}" for line in quick_look(measurement)]
    lines.append(f"  temperature {_temperatures(measurement)}")
    if measurement.thickness_metre is not None:
        lines.append(f"  thickness   {measurement.thickness_metre * 1e3:.4g} mm")
    if measurement.area_square_metre is not None:
        lines.append(f"  area        {measurement.area_square_metre * 1e4:.4g} cm²")
    return lines + [f"  note        {warning}" for warning in measurement.warnings]


def _temperatures(measurement: Measurement) -> str:
    own = [s.temperature_kelvin for s in measurement.sweeps]
    found = sorted({t for t in own if t is not None} or {measurement.temperature_kelvin or 0.0})
    if found == [0.0]:
        return "not stated"
    words = [f"{t - 273.15:.4g}" for t in found]
    return f"{words[0]} °C" if len(words) == 1 else f"{words[0]} to {words[-1]} °C, {len(words)} values"
