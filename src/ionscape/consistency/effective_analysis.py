"""The analysis ``consistency.effective_diffusion``: D_eff from its parts, and boundaries from D_eff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ionscape.consistency.coefficients import COLLECTIVE, SINGLE_ION, symbol
from ionscape.consistency.course import Course, Found
from ionscape.consistency.effective import (
    FROM_EFFECTIVE,
    Prediction,
    agreement,
    diffusion_reach,
    many_grains,
    predictions,
    resistance_share,
)
from ionscape.consistency.effective_case import Case, at, averages_table, models_table
from ionscape.consistency.options import EffectiveDiffusionOptions
from ionscape.consistency.preparation import Prepared, prepared, stated
from ionscape.consistency.published import check_permeability_unit, check_published
from ionscape.consistency.series_model import boundary_product, series_diffusion
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.number_format import format_number, format_quantity, with_unit
from ionscape.core.outcome import Outcome, Row
from ionscape.core.propagation import propagate
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series

_DIFFUSION, _KELVIN = dimension_of("m^2/s"), dimension_of("K")


def effective_outcome(series: Series, options: Any) -> Outcome:
    """Predictions of D_eff against the measured one, and the boundaries' D from it.

    Raises
    ------
    AnalysisError
        If D_bulk is missing, or both the boundaries and D_eff, or what is given is not of one kind.
    """
    assert isinstance(options, EffectiveDiffusionOptions)
    named = _with_own_channels(options)
    if named.calculated and "grain_size_average" not in named.model_fields_set:
        named = named.model_copy(update={"grain_size_average": "series"})  # what a printed formula did
    options = named
    _check_units(series, named)
    ready = prepared(series, named)
    cases = [case for kinds in (SINGLE_ION, COLLECTIVE) for case in _cases(ready, kinds, series, options)]
    if not cases:
        raise AnalysisError(_missing(ready))
    return Outcome(
        rows=tuple(row for case in cases for row in _rows(case)),
        findings=tuple(_findings(cases, ready, options)),
        warnings=(*ready.warnings, *_warnings(cases, series, options)),
        tables=tuple(t for t in (models_table(cases), averages_table(cases, series, options)) if t.rows),
        citations=("hasegawa2024", "crank1975", "belova2003", "kalnin2002"),
    )


def _with_own_channels(options: EffectiveDiffusionOptions) -> EffectiveDiffusionOptions:
    """The inputs' names tell the channels."""
    own = {"bulk_diffusion": "bulk", "effective_diffusion": "effective"}
    kinds = {"bulk_diffusion": "D*", "effective_diffusion": "D*"}
    return options.model_copy(update={"channels": own | options.channels, "kinds": kinds | options.kinds})


def _check_units(series: Series, options: EffectiveDiffusionOptions) -> None:
    for row in series.inputs.get("boundary_permeability", ()):
        unsaid = not row.channel and "boundary_permeability" not in options.channels
        if row.quantity == "boundary_permeability" and row.estimate.dimension == _DIFFUSION and unsaid:
            said = check_permeability_unit(f"{row.estimate.value * 1e4:.3g} cm^2/s")
            raise AnalysisError(
                f"{said} If (l/δ)D_gb is meant, add 'channels: {{boundary_permeability: boundary}}'"
            )


def _missing(ready: Prepared) -> str:
    has = ", ".join(dict.fromkeys(c.symbol for c in ready.reading.coefficients)) or "nothing usable"
    doubts = "; ".join(ready.warnings)
    return (
        "needed are D_bulk and (l/δ)D_gb or D_eff, all of single ions or all of charge, at one temperature;"
        f" there is {has}{': ' + doubts if doubts else ''}"
    )


# ---- cases --------------------------------------------------------------------------------------------
def _cases(
    ready: Prepared, kinds: Sequence[str], series: Series, options: EffectiveDiffusionOptions
) -> list[Case]:
    bulk, edge, whole = (_first(ready, kinds, channel) for channel in ("bulk", "boundary", "effective"))
    if bulk is None or (edge is None and whole is None):
        return []
    known = sorted({t for c in (edge, whole) if c is not None for t in c.temperatures}) or bulk.temperatures
    wanted: list[float | None] = [*known] if known else [None]
    cases: list[Case] = []
    for kelvin in wanted:
        last = cases[-1].kelvin if cases else None
        if kelvin is not None and last is not None and kelvin - last <= options.tolerance:
            continue  # the same temperature
        cases.append(_case(ready, (bulk, edge, whole), kelvin, series, options))
    return cases


def _first(ready: Prepared, kinds: Sequence[str], channel: str) -> Course | None:
    return next((c for c in ready.of(kinds, channel) if c.usable or c.bare), None)


def _case(
    ready: Prepared,
    parts: tuple[Course, Course | None, Course | None],
    kelvin: float | None,
    series: Series,
    options: EffectiveDiffusionOptions,
) -> Case:
    bulk, edge, whole = parts
    b = bulk.at(kelvin, options.tolerance)
    x, e = (_known(course, kelvin, options.tolerance) for course in (edge, whole))
    size = ready.grain.value if ready.grain else None
    width = series.sample.extra.get("grain_boundary_thickness")
    kind = (edge or whole or bulk).kind
    assumed = "" if kind == bulk.kind else f"{bulk.symbol} stands for {symbol(kind, 'bulk')}"
    models: tuple[Prediction, ...] = ()
    against = inverse = None
    if x is not None:
        models = tuple(
            predictions(
                b.value,
                x.value,
                size,
                width,
                along=stated(options.diffusion_along, "diffusion_along", series),
                segregation=stated(options.segregation, "segregation", series),
            )
        )
        against = (
            agreement(models[0].value, e.value) if e is not None and e.value.status == "determined" else None
        )
    if e is not None:
        inverse = boundary_product(e.value, b.value)
    return Case(kelvin, kind, b, x, e, assumed, models, against, inverse, size, width)


def _known(course: Course | None, kelvin: float | None, tolerance: float) -> Found | None:
    """The coefficient there; None where there is none, or where it is known elsewhere but not there."""
    if course is None:
        return None
    found = course.at(kelvin, tolerance)
    return None if found.value.status == "undetermined" and course.usable else found


# ---- rows ---------------------------------------------------------------------------------------------
def _rows(case: Case) -> list[Row]:
    at = None if case.kelvin is None else exact(case.kelvin, _KELVIN)
    rows = [
        Row(
            "diffusion_coefficient_effective_predicted",
            m.value,
            at,
            m.model,
            "cm^2/s",
            case.kind,
            "effective",
        )
        for m in case.models
    ]
    if case.inverse is None:
        return rows
    label = FROM_EFFECTIVE
    rows.append(Row("diffusion_coefficient", case.inverse, at, label, "cm^2/s", case.kind, "boundary"))
    size, width = case.grain_size, case.boundary_thickness
    if size is not None:
        permeability = case.inverse / size
        rows.append(Row("boundary_permeability", permeability, at, label, "cm/s", case.kind, "boundary"))
        if width is not None:
            own = permeability * width
            rows.append(
                Row("boundary_diffusion_coefficient", own, at, label, "cm^2/s", case.kind, "boundary")
            )
    return rows


# ---- sentences ----------------------------------------------------------------------------------------
def _findings(cases: Sequence[Case], ready: Prepared, options: EffectiveDiffusionOptions) -> list[str]:
    told = [
        text for case in cases for text in (*_predicted_finding(case), *_published_findings(case, options))
    ]
    told += [text for case in cases for text in _inverse_finding(case)]
    for case in cases:
        if case.edge is not None and case.bulk.value.status == case.edge.value.status == "determined":
            share = resistance_share(case.bulk.value, case.edge.value)
            told.append(
                f"Grain boundaries make {format_quantity(share * 100.0, '1')} % of the resistance to "
                f"{'single ions' if case.kind in SINGLE_ION else 'charge'}{at(case)}."
            )
    if ready.grain is not None and ready.grain.sentence:
        told.append(f"Grain size: {ready.grain.sentence}.")
    return told


def _predicted_finding(case: Case) -> list[str]:
    if not case.models:
        return []
    first = case.models[0].value
    name = symbol(case.kind, "effective")
    if first.status != "determined":
        return [f"No prediction of {name}{at(case)}: {first.note}."]
    text = f"Bulk and boundaries in series give {name} = {format_quantity(first, 'cm^2/s')}{at(case)}"
    if case.whole is not None and case.against is not None:
        text += f", which {case.against.sentence} from {format_quantity(case.whole.value, 'cm^2/s')}"
    return [f"{text} ({case.assumed})." if case.assumed else f"{text}."]


def _published_findings(case: Case, options: EffectiveDiffusionOptions) -> list[str]:
    """Whether numbers belong together: calculated ones, or those that only the error of l makes agree."""
    size, edge, whole = case.grain_size, case.edge, case.whole
    if size is None or edge is None or whole is None or case.against is None:
        return []
    permeability = edge.value / size
    check = check_published(case.bulk.value, permeability, whole.value, size)
    if options.calculated:
        return list(check.sentences)
    if check.fits or not case.against.agrees or not _rests_on(case, permeability, size):
        return []
    texts = [
        f"{word} = {with_unit(format_number(m.value * scale, 2), unit)}"
        for m in check.mends
        for name, word, scale, unit in _MENDS
        if m.name == name
    ]
    return [
        f"The agreement rests on the error of l: with l = {size.value * 1e6:.3g} µm the values do not fit,"
        f" predicted is {case.against.ratio.value:.2f} times the measured D_eff; {' or '.join(texts)} would"
        " make them fit."
    ]


_MENDS = (("grain_size", "l", 1e6, "um"), ("boundary_permeability", "D_gb/δ", 1e2, "cm/s"))


def _rests_on(case: Case, permeability: Estimate, size: Estimate) -> bool:
    """Whether D_eff would disagree if l were exact; never where (l/δ) D_gb came without l (conductivity)."""
    assert case.whole is not None
    if not set(size.weights) & set(case.edge.value.weights if case.edge else ()):
        return False
    product = permeability * size.value
    fixed = propagate(
        series_diffusion,
        case.bulk.value,
        replace(product, dimension=_DIFFUSION),
        dimension=_DIFFUSION,
        scale="log",
    )
    return agreement(fixed, case.whole.value).agrees is False


def _inverse_finding(case: Case) -> list[str]:
    if case.inverse is None or case.whole is None:
        return []
    name = symbol(case.kind, "boundary")
    if case.inverse.status in ("undetermined", "refused"):
        return [f"No {name} from D_eff{at(case)}: {case.inverse.note}."]
    text = f"{name} from D_eff and D_bulk{at(case)}: {format_quantity(case.inverse, 'cm^2/s')}"
    if case.inverse.status == "bound":
        return [f"{text}, {case.inverse.note}."]
    size, width = case.grain_size, case.boundary_thickness
    if size is not None:
        text += f"; D_gb/δ = {format_quantity(case.inverse / size, 'cm/s')}"
        if width is not None:
            text += (
                f"; D_gb = {format_quantity(case.inverse / size * width, 'cm^2/s')} (δ ="
                f" {format_quantity(width, 'nm')})"
            )
    return [f"{text}."]


def _warnings(cases: Sequence[Case], series: Series, options: EffectiveDiffusionOptions) -> list[str]:
    told = []
    size, width = cases[0].grain_size, cases[0].boundary_thickness
    time = stated(options.diffusion_time, "diffusion_time", series)
    for case in cases:
        if case.against is not None and case.against.agrees is False:
            told.append(
                f"the measured D_eff{at(case)} is not what bulk and boundaries give in series: "
                f"{case.against.ratio.value:.2f} of it, {case.against.sigmas:.1f} standard deviations"
            )
        whole = case.whole.value if case.whole else case.models[0].value if case.models else None
        if time is not None and size is not None and whole is not None and whole.status == "determined":
            text = many_grains(diffusion_reach(whole, time).value, size.value)
            told += [text + at(case)] if text else []
    if options.segregation is not None and width is None:
        told.append("segregation counts in shells of known width: give the sample's grain_boundary_thickness")
    if options.diffusion_along is not None and (size is None or width is None):
        told.append(
            "diffusion along the boundaries needs the sample's grain_size and grain_boundary_thickness"
        )
    return told
