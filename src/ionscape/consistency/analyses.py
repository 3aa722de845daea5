"""`consistency.nernst_einstein` in a study: conductivities in, diffusion coefficients out."""

from __future__ import annotations

from collections.abc import Sequence

from ionscape.consistency.coefficients import CONDUCTED, ONE_CRYSTAL, missing_carriers
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, refused
from ionscape.core.nernst_einstein import diffusion_coefficient
from ionscape.core.number_format import format_celsius, format_quantity
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample

QUANTITY = "diffusion_coefficient_conductivity"
_DIFFUSION = dimension_of("m^2/s")


def nernst_einstein_outcome(series: Series, _options: object = None) -> Outcome:
    """D_σ for every conductivity, at its own temperature; refused where density or temperature is missing.

    Raises
    ------
    AnalysisError
        If there are no conductivities.
    """
    given = series.inputs.get("conductivity", ())
    if not given:
        raise AnalysisError("no conductivities: the analysis named by 'conductivity' gave none")
    several = len({row.quantity for row in given}) > 1
    rows = tuple(_row(row, series.sample, several) for row in given)
    return Outcome(
        rows=rows,
        findings=tuple(_findings(given, rows, series.sample)),
        warnings=tuple(_warnings(given)),
        citations=("murch1982",),
    )


def channel(quantity: str) -> str:
    """``conductivity_grain_boundary`` -> ``grain boundary``; empty where the name tells none."""
    return quantity.removeprefix("conductivity").replace("_", " ").strip()


def _row(row: Row, sample: Sample, several: bool) -> Row:
    """Labels keep the item; with several conductivities they begin with the channel."""
    parts = ([channel(row.quantity) or row.quantity] if several else []) + ([row.item] if row.item else [])
    one_crystal = sample.morphology in ONE_CRYSTAL
    of = row.channel or CONDUCTED.get(row.quantity, "bulk" if one_crystal else "")
    of = "bulk" if one_crystal and of == "effective" else of
    item = ", ".join(parts)
    return Row(QUANTITY, _converted(row, sample), row.temperature, item, "cm^2/s", "D_sigma", of)


def _converted(row: Row, sample: Sample) -> Estimate:
    if sample.carrier_density is None or sample.carrier_charge is None:
        return refused(_DIFFUSION, missing_carriers(sample))
    if row.temperature is None or row.temperature.status != "determined":
        return refused(_DIFFUSION, "the temperature of this conductivity is not known")
    return diffusion_coefficient(row.estimate, row.temperature, sample.carrier_density, sample.carrier_charge)


def _findings(given: Sequence[Row], rows: Sequence[Row], sample: Sample) -> list[str]:
    if sample.carrier_density is None or sample.carrier_charge is None:
        return [f"No diffusion coefficients: {missing_carriers(sample)}."]
    density = format_quantity(sample.carrier_density, "cm^-3")
    kind = f"{sample.carrier} ions" if sample.carrier else "ions of the kind"
    found = [_range(name, given, rows) for name in dict.fromkeys(row.quantity for row in given)]
    found.append(
        f"{density} is the density of all {kind}, mobile or not; D from conductivity equals the tracer's "
        "only for a Haven ratio of 1."
    )
    return found


def _range(quantity: str, given: Sequence[Row], rows: Sequence[Row]) -> str:
    """From the coldest to the hottest value of one channel."""
    known = [
        (row.temperature.value, row.estimate) for source, row in zip(given, rows, strict=True)
        if source.quantity == quantity and row.temperature and row.estimate.status == "determined"
    ]
    name = f"D from conductivity ({channel(quantity) or 'as given'})"
    if not known:
        return f"{name}: none determined."
    known.sort(key=lambda pair: pair[0])
    ends = known if len(known) == 1 else [known[0], known[-1]]
    texts = [f"{format_quantity(e, 'cm^2/s')} at {format_celsius(kelvin)}" for kelvin, e in ends]
    return f"{name}: {' to '.join(texts)}."


def _warnings(given: Sequence[Row]) -> list[str]:
    if not any("grain_boundary" in row.quantity for row in given):
        return []
    return [
        "the grain-boundary conductivity from an arc is L/(R A) with the pellet's geometry, so its diffusion "
        "coefficient is apparent, (l/δ)D_gb: that of the boundary itself is smaller by boundary width over "
        "grain size (brick layer)"
    ]
