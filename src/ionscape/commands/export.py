"""``ionscape export``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Pack a results folder as an RO-Crate to archive or publish.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="TARGET",
              help="A folder, or a file that ends in .zip [default: DIR-crate.zip, beside DIR].")  # fmt: skip
def export(directory: Path, output: Path | None) -> int:
    """Pack what 'ionscape run' wrote into DIR: tables, arrays, report, citations, the inputs' hashes."""
    from ionscape.store import export_crate

    whole = directory.resolve()
    target = output or whole.with_name(f"{whole.name}-crate.zip")
    export_crate(directory, target)
    click.echo(str(target))
    return 0
