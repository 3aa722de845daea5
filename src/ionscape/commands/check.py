"""``ionscape check``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Say everything that is wrong with a study, without computing.")
@click.argument("study", type=click.Path(path_type=Path))
def check(study: Path) -> int:
    """Check the fields, units, files, references and dimensions of STUDY.

    All errors at once, each with its line (exit code 2). Data files that cannot be used are listed with the
    reason; a run goes on without them.
    """
    from ionscape.study.check import unusable_files
    from ionscape.study.load import load_study

    checked = load_study(study)
    broken = unusable_files(checked)
    files = {file.path for measurement in checked.measurements.values() for file in measurement.files}
    for path, reason in broken:
        click.echo(f"{path.name}: {reason}: the run will leave it out", err=True)
    for warning in checked.warnings:
        click.echo(f"note: {warning}", err=True)
    counts = f"{len(files)} files, {len(checked.analyses)} analyses"
    click.echo(f"{study}: no errors ({counts}{f', {len(broken)} files cannot be used' if broken else ''})")
    return 0
