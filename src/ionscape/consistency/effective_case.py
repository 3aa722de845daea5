"""Bulk, boundaries and the whole at one temperature, and the tables that compare models with measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ionscape.consistency.course import Found
from ionscape.consistency.effective import Agreement, Prediction, agreement
from ionscape.consistency.grain_sizes import Meaning, averages, grain_size_of
from ionscape.consistency.options import EffectiveDiffusionOptions
from ionscape.consistency.series_model import series_diffusion
from ionscape.core.estimate import Estimate, exact
from ionscape.core.number_format import format_celsius, format_number, format_quantity, with_unit
from ionscape.core.outcome import Table
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series

_DIFFUSION = dimension_of("m^2/s")
UNDECIDED = 0.3
"""Relative ± of the grain size from which its meaning is worth a table."""
_MEANINGS: tuple[tuple[Meaning, str], ...] = (
    ("uncertainty", "± as uncertainty of the mean"),
    ("distribution", "± as spread of sizes"),
)


@dataclass(frozen=True, eq=False)
class Case:
    """Single ions or charge at one temperature.

    Attributes
    ----------
    kelvin : float or None
    kind : str
        Of the boundary or effective coefficient.
    bulk, edge, whole : Found or None
        D_bulk, (l/δ) D_gb and D_eff there.
    assumed : str
        What stands for D_bulk, where it is of another kind.
    models : tuple of Prediction
    against : Agreement or None
        Of the series model with the measured D_eff.
    inverse : Estimate or None
        (l/δ) D_gb from D_eff and D_bulk.
    grain_size, boundary_thickness : Estimate or None
        l (along the flux per boundary) and δ [m].
    """

    kelvin: float | None
    kind: str
    bulk: Found
    edge: Found | None
    whole: Found | None
    assumed: str
    models: tuple[Prediction, ...]
    against: Agreement | None
    inverse: Estimate | None
    grain_size: Estimate | None
    boundary_thickness: Estimate | None


def at(case: Case) -> str:
    """`` at 22 °C``; empty where no temperature is stated."""
    return "" if case.kelvin is None else f" at {format_celsius(case.kelvin)}"


# ---- tables -------------------------------------------------------------------------------------------
def models_table(cases: Sequence[Case]) -> Table:
    """Every model against the measured value."""
    rows = []
    for case in cases:
        place = format_celsius(case.kelvin) if case.kelvin is not None else "not stated"
        measured = format_quantity(case.whole.value, "cm^2/s") if case.whole else ""
        for m in case.models:
            compare = agreement(m.value, case.whole.value) if case.whole else None
            ratio = format_quantity(compare.ratio, "1") if compare else ""
            sigmas = f"{compare.sigmas:.1f}" if compare and math.isfinite(compare.sigmas) else ""
            rows.append((place, m.model, format_quantity(m.value, "cm^2/s"), measured, ratio, sigmas))
    return Table(
        "models",
        "Effective diffusion coefficient by model",
        ("Temperature", "Model", "Predicted", "Measured", "Predicted/measured", "Standard deviations apart"),
        tuple(rows),
        "Series: 1/D_eff = 1/D_bulk + 1/((l/δ)D_gb). Brick layer adds paths along the boundaries;"
        " Maxwell-Garnett has spherical grains in shells. All assume l ≪ √(D_eff t).",
    )


def averages_table(cases: Sequence[Case], series: Series, options: EffectiveDiffusionOptions) -> Table:
    """What a spread of grain sizes does, by each rule of averaging, and as an error of the mean."""
    size = series.sample.extra.get("grain_size")
    rows: list[tuple[str, ...]] = []
    relative = size.standard_uncertainty / size.value if size is not None else 0.0
    case = next(
        (
            c
            for c in cases
            if c.edge is not None
            and c.edge.value.status == "determined"
            and c.bulk.value.status == "determined"
        ),
        None,
    )
    if series.inputs.get("grain_size"):
        size = None  # measured as a mean
    if size is not None and case is not None and case.edge is not None and relative > UNDECIDED:
        assert case.grain_size is not None
        path = case.grain_size.value
        b, permeability = case.bulk.value.value, case.edge.value.value / path
        for rule, value in averages(lambda l: series_diffusion(b, permeability * l), path, relative).items():
            rows.append((rule, with_unit(format_number(value * 1e4, 3), "cm^2/s")))
        bare = exact(permeability, dimension_of("m/s"))
        for meaning, text in _MEANINGS:
            l = grain_size_of(
                size, meaning=meaning, count=options.grain_count, average=options.grain_size_average,
                source=f"{series.sample.name}.grain_size",
            ).value  # fmt: skip
            x = propagate(lambda p, l: series_diffusion(b, p * l), bare, l, dimension=_DIFFUSION, scale="log")
            rows.append((text, format_quantity(x, "cm^2/s")))
    where = at(case) if case is not None else ""
    return Table(
        "grain_sizes",
        f"What the spread of grain sizes does to D_eff{where}",
        ("Reading of the ±", "D_eff"),
        tuple(rows),
        "Log-normal sizes with the stated mean and standard deviation; D_bulk and D_gb/δ at their best"
        " values. In series only the path along the flux per boundary counts; the others bracket what a"
        " stated mean may be.",
    )
