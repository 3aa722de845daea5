"""The diffusion coefficient of the grains that an image takes from elsewhere (``bulk_diffusion``)."""

from __future__ import annotations

import math

from ionscape.core.estimate import Estimate, undetermined
from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Series

DIFFUSION = named_dimension("diffusion coefficient")
SAME_TEMPERATURE = 2.0  # K between the bulk's and the image's: beyond, they do not belong together
_NO_BULK = (
    "only P/D_bulk is measured: give 'bulk_diffusion' (NMR with pulsed field gradients, or a stated value) "
    "for P"
)


def bulk_at(series: Series, temperature: Estimate | None) -> tuple[Estimate, tuple[str, ...]]:
    """D in the grains at the image's temperature, and doubts about it."""
    rows = list(series.inputs.get("bulk_diffusion", ()))
    if not rows:
        return undetermined(DIFFUSION, _NO_BULK), ()
    dated = [row for row in rows if row.temperature is not None]
    if temperature is not None and dated:
        rows = sorted(dated, key=lambda row: abs(_kelvin(row) - temperature.value))
        if abs(_kelvin(rows[0]) - temperature.value) > SAME_TEMPERATURE:
            note = (
                f"bulk_diffusion is for {format_celsius(_kelvin(rows[0]))}, the image for "
                f"{format_celsius(temperature.value)}: give it at the image's temperature"
            )
            return undetermined(DIFFUSION, note), (note,)
    elif len(rows) > 1:
        note = (
            f"bulk_diffusion gives {len(rows)} values and nothing says which belongs to the image: name one"
        )
        return undetermined(DIFFUSION, note), (note,)
    row = rows[0]
    doubts = []
    if row.kind in ("D_sigma", "D_CAIT", "D_chemical"):
        doubts.append(
            f"bulk_diffusion is {row.kind}, not a coefficient of single ions: P is off by its Haven ratio"
        )
    if row.channel in ("effective", "boundary"):
        doubts.append(
            f"bulk_diffusion belongs to the channel {row.channel!r}: P needs that inside the grains"
        )
    return row.estimate, tuple(doubts)


def _kelvin(row: Row) -> float:
    return math.nan if row.temperature is None else row.temperature.value
