"""``ionscape results``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ionscape.store.search import FoundQuantity


@click.command(short_help="Search the results of all studies ever run.")
@click.argument("query", nargs=-1)
@click.option("--store", metavar="URL", help="Database to search [default: your own].")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Rows at most.")
def results(query: tuple[str, ...], store: str | None, limit: int) -> int:
    """Show the quantities that match QUERY: words, and comparisons in quotes.

    \b
    ionscape results conductivity_bulk llto
    ionscape results 'activation_energy>0.5 eV'
    """
    from ionscape.store import query as search

    found = search(" ".join(query), store, limit=limit + 1)
    if not found:
        click.echo("nothing found" if query else "no study has been run yet", err=True)
        return 0
    click.echo("\n".join(_table([_cells(row) for row in found[:limit]])))
    if len(found) > limit:
        click.echo(f"... and more: narrow the query, or raise --limit above {limit}", err=True)
    return 0


def _cells(row: FoundQuantity) -> tuple[str, ...]:
    temperature = "" if row.temperature_kelvin is None else f"{row.temperature_kelvin - 273.15:.4g} °C"
    return (row.study, row.sample, row.analysis, row.quantity, _value(row), temperature, row.item)


def _value(row: FoundQuantity) -> str:
    from ionscape.core.number_format import format_number, format_unit, format_value, with_unit

    if row.value is None:
        return row.status
    number: str
    if row.status == "bound":
        number = ("< " if row.ci_low is None else "> ") + format_number(row.value)
    else:
        number = format_value(row.value, row.uncertainty or 0.0)
    return with_unit(number, format_unit(row.unit))


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    heads = ("study", "sample", "analysis", "quantity", "value", "temperature", "item")
    whole = [heads, *rows]
    widths = [min(40, max(len(row[i]) for row in whole)) for i in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in whole]  # fmt: skip
