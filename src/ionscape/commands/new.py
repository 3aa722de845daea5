"""``ionscape new``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write a commented study file to start from.")
@click.argument("name")
@click.option("--technique", default="impedance", show_default=True, help="What was measured.")
def new(name: str, technique: str) -> int:
    """Write NAME.yaml, a study file with comments; a file that exists is never overwritten."""
    from ionscape.core.errors import InputError

    path = Path(name) if name.endswith((".yaml", ".yml")) else Path(f"{name}.yaml")
    text = _template(technique)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace("NAME", path.stem))
    except FileExistsError as error:
        raise InputError(f"{path} is there already: choose another name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"{path}: fill it in, then 'ionscape check {path}' and 'ionscape run {path}'")
    return 0


def _template(name: str) -> str:
    """ionscape's own template, or ``template.yaml`` in the technique's package."""
    from importlib import resources

    from ionscape.core.errors import InputError
    from ionscape.core.registry import technique, technique_names
    from ionscape.study.problems import suggestion

    own = resources.files("ionscape") / "templates"
    file = own / f"{name}.yaml"
    if not file.is_file() and name in technique_names():
        file = resources.files(technique(name).package) / "template.yaml"
    if not file.is_file():
        known = sorted(
            entry.name.removesuffix(".yaml") for entry in own.iterdir() if entry.name.endswith(".yaml")
        )
        raise InputError(f"no study file to start from for {name!r}: {suggestion(name, known)}")
    return file.read_text("utf-8")
