"""What a series of fits says in plain sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_celsius, format_name, format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.core.registry import Series
from ionscape.impedance.arc_naming import BOUNDARY, BULK, UNRESOLVED, ArcName
from ionscape.impedance.arc_quantities import Quantities, Spectrum, is_ionic, series_resistance
from ionscape.impedance.conductivity import geometry_of
from ionscape.impedance.fit_record import FittedSpectrum
from ionscape.impedance.series_evidence import SeriesResistance
from ionscape.impedance.series_search import Ranked
from ionscape.impedance.temperature_series import SeriesFit
from ionscape.impedance.total import LOW_CONFIDENCE, beyond

SURE = 0.95  # below it the other reading of an arc is told where the total depends on it
CORRELATED = "may be too small by a factor of about"  # from the fit's own warning
NOTABLE_LEAD = 0.05  # share of the total from which a series resistance is worth a warning


def temperature_text(temperature: Estimate | None) -> str:
    """In °C, or nothing."""
    return "" if temperature is None else format_celsius(temperature.value)


def confidence_text(name: ArcName) -> str:
    """In percent; the tables behind it are too coarse for certainty."""
    if name.confidence == 1.0:
        return "given"
    return f"{name.confidence:.0%}" if name.confidence < 0.99 else "over 99%"


def fit_findings(
    fits: SeriesFit, names: Sequence[ArcName], spectra: Mapping[int, Spectrum],
    quantities: Mapping[int, Quantities], series: Series,
) -> tuple[str, ...]:  # fmt: skip
    """Conductivities first, then what the arcs are and why, the circuit, the geometry."""
    findings = [_range_sentence(q, quantities, series) for q in _main_quantities(quantities)]
    for name in names:
        findings.append(f"{name.label} is {name.name} (confidence {confidence_text(name)}): "
                        + "; ".join(name.reasons))  # fmt: skip
    findings.append(_total_sentence(names, spectra))
    findings.append(_circuit_sentence(fits.ranking))
    findings.append(geometry_of(series.sample).statement)
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in findings if text)


def _main_quantities(quantities: Mapping[int, Quantities]) -> list[str]:
    wanted = ("conductivity_total", "conductivity_bulk", "conductivity_grain_boundary")
    given = [q for q in wanted if any(_known(found.get(q)) for found in quantities.values())]
    return given or ["resistance_total"]


def _known(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.status == "determined"


def _range_sentence(quantity: str, quantities: Mapping[int, Quantities], series: Series) -> str:
    """First and last value over temperature."""
    known = [i for i, found in quantities.items() if _known(found.get(quantity))]
    if not known:
        return ""
    known.sort(key=lambda i: t.value if (t := series.temperatures[i]) is not None else i)
    unit = "S/cm" if quantity.startswith("conductivity") else "ohm"
    parts = []
    for i in dict.fromkeys((known[0], known[-1])):
        where = temperature_text(series.temperatures[i]) or series.labels[i]
        parts.append(f"{format_quantity(quantities[i][quantity], unit)} at {where}")
    return f"{format_name(quantity)}: " + " to ".join(parts)


def _total_sentence(names: Sequence[ArcName], spectra: Mapping[int, Spectrum]) -> str:
    """What was summed, where not all of it could be, and what was left out."""
    ionic = [name.name for name in names if is_ionic(name)]
    parts = list(ionic)
    lead = next((s.around.lead for s in spectra.values()), SeriesResistance())
    if ionic and lead.reading == "sample":
        parts.append(f"the resistance in series, which is thermally activated ({lead.energy:.2g} ± "
                     f"{lead.deviation:.1g} eV) and so belongs to the sample")  # fmt: skip
    text = f"total is {'the sum of ' * (len(parts) > 1)}{' and '.join(parts)}{' alone' * (len(parts) == 1)}"
    text = text if ionic else "total is the resistance in series"
    without = [s for s in spectra.values() if (r0 := series_resistance(s.fit)) and r0 in s.total_parts]
    if without and ionic and lead.reading != "sample":
        text += (f", and in {len(without)} spectra without a bulk arc the series resistance, which then "
                 f"holds it")  # fmt: skip
    cut = [s for s in spectra.values() if s.total.slow or s.tail_doubt]
    if cut:
        text += (f"; {len(cut)} of {len(spectra)} spectra do not show all of it, and give only a lower limit "
                 f"of the resistance")  # fmt: skip
    left_out = [name.name for name in names if not is_ionic(name)]
    if left_out:
        text += f"; {' and '.join(left_out)} {'does' if len(left_out) == 1 else 'do'} not belong to it"
    return text


def _circuit_sentence(ranking: Sequence[Ranked]) -> str:
    best = ranking[0]
    if len(ranking) == 1:
        return f"circuit of all spectra: {best.circuit}"
    second = ranking[1]
    text = f"{best.circuit} was chosen for all spectra together; the runner-up is {second.circuit}"
    if second.incoherent:
        gap = second.excess - best.excess
        better = f", although its BIC is {-gap:.0f} lower" if gap < 0 else ""
        return f"{text}, refused because {second.incoherent}{better}"
    return f"{text}, whose BIC is {second.excess - best.excess:.1f} higher"


def fit_warnings(
    fits: SeriesFit, names: Sequence[ArcName], spectra: Mapping[int, Spectrum],
    records: Mapping[int, FittedSpectrum], series: Series,
) -> tuple[str, ...]:  # fmt: skip
    """What would make the result wrong, each said once for all the spectra it holds for."""
    where: dict[str, list[int]] = {}
    largest = max((_factor(text)[1] for s in spectra.values() for text in s.fit.warnings), default=0.0)
    for i, spectrum in spectra.items():
        for text in (*_cut_arcs(spectrum), *_leads(spectrum), *_limits(spectrum), *spectrum.fit.warnings):
            where.setdefault(_general(text, largest), []).append(i)
    for i, record in records.items():
        if record.verdict in ("noisy", "drifting", "invalid"):
            where.setdefault(f"Kramers-Kronig test: {record.verdict} ({record.reasons[0]})", []).append(i)
    warnings = [f"{text} [{_places(indices, series)}]" for text, indices in where.items()]
    for name in names:
        if name.confidence < LOW_CONFIDENCE:
            warnings.append(f"the name of {name.label}, {name.name}, is uncertain ({name.confidence:.0%}): "
                            "give it under 'arcs' if you know better")  # fmt: skip
        warnings += _other_total(name, spectra, series)
    ionic = [name for name in names if is_ionic(name)]
    if len(ionic) == 1 and ionic[0].name == BULK and not any(s.around.grainless for s in spectra.values()):
        warnings.append("one arc before the electrode, taken as bulk: boundaries that relax at the same "
                        "frequency "
                        "would be counted in")  # fmt: skip
    if len(fits.ranking) > 1 and fits.ranking[0].incoherent:
        warnings.append(f"no circuit suits the whole series: in the best one {fits.ranking[0].incoherent}")
    return tuple(f"{text[:1].upper()}{text[1:]}" for text in warnings)


def _general(text: str, largest: float) -> str:
    """The sentence on correlated residuals ends in a factor: the largest of the series stands for all."""
    head, factor = _factor(text)
    return f"{head}{CORRELATED} {largest:.1f}" if factor else text


def _factor(text: str) -> tuple[str, float]:
    """Head of a sentence that ends in a factor of correlated residuals, and the factor; 0 for any other."""
    head, found, factor = text.partition(CORRELATED)
    return (head, float(factor)) if found else (text, 0.0)


def _cut_arcs(spectrum: Spectrum) -> list[str]:
    high, low = spectrum.fit.frequency.max(), spectrum.fit.frequency.min()
    texts = []
    for name, arc in spectrum.arcs:
        if (
            arc is None
            or arc.status != "determined"
            or not is_ionic(name)
            or not arc.position.startswith("cut")
            or beyond(spectrum.fit, arc)
        ):
            continue
        edge = high if arc.position == "cut at high frequency" else low
        role = "R_bulk" if name.name in (BULK, UNRESOLVED) else "its resistance"
        texts.append(f"the {name.name} arc is cut at {format_number(edge, 2)} Hz: {role} is an extrapolation "
                     "along the arc, determined only if it keeps its shape beyond the window")  # fmt: skip
    return texts


def _leads(spectrum: Spectrum) -> list[str]:
    label = series_resistance(spectrum.fit)
    parts = spectrum.total_parts
    if spectrum.total.intercept:
        return ["the total rests on the intercept at high frequency alone, no arc of it has its apex in the "
                "window: leads and sample cannot be told apart"]  # fmt: skip
    if not label or spectrum.around.lead.reading == "sample":
        return []
    if spectrum.total.leads and label in parts:
        return [f"{spectrum.total.leads}: the total is an upper limit of the resistance"]
    if label in parts or not parts:
        return []
    share = spectrum.fit.value(label) / sum(spectrum.fit.value(part) for part in parts)
    if share < NOTABLE_LEAD:
        return []
    why = "it does not change with temperature" if spectrum.around.lead.reading == "leads" else (
        "its change with temperature does not tell")  # fmt: skip
    return [f"a series resistance of more than 5 % of the total is taken as leads and contacts, not as the "
            f"sample's: {why}"]  # fmt: skip


def _limits(spectrum: Spectrum) -> list[str]:
    """What of the sample the spectrum may not show, without the numbers that differ between spectra."""
    texts = []
    if spectrum.total.slow:
        arc = spectrum.total.slow.split(" arc ")[0]
        texts.append(f"{arc} arc belongs to the total but is not seen to its end: the total is a limit, and "
                     "the tail is not read as an electrode")  # fmt: skip
    if spectrum.tail_doubt:
        texts.append("the low-frequency tail has too small a capacitance for a double layer and may be the "
                     "flank of a slow arc of the sample: the total is a limit")  # fmt: skip
    return texts


def _other_total(name: ArcName, spectra: Mapping[int, Spectrum], series: Series) -> list[str]:
    """The total that another plausible name of an arc would give, where that matters."""
    if name.confidence >= SURE or not name.rival:
        return []
    sign = 1 if name.rival == BOUNDARY else -1
    for i, spectrum in spectra.items():
        total = spectrum.total.estimate(spectrum.fit, spectrum.source)
        arc = next((arc for other, arc in spectrum.arcs if other is name), None)
        if total.status != "determined" or arc is None:
            continue
        other = total.value + sign * arc.R
        if other <= 0 or 2 * total.standard_uncertainty > arc.R:
            continue
        where = temperature_text(series.temperatures[i]) or series.labels[i]
        article = "a" if name.rival == BOUNDARY else "an"
        return [f"{name.label}, {name.name} (confidence {confidence_text(name)}), decides the total: were it "
                f"{article} {name.rival}, the total resistance at {where} would be {other:.3g} instead of "
                f"{total.value:.3g} ohm; give its name under 'arcs' if you know it"]  # fmt: skip
    return []


def _places(indices: Sequence[int], series: Series) -> str:
    if len(indices) == len(series.labels) and len(indices) > 1:
        return f"all {len(indices)} spectra"
    names = [temperature_text(series.temperatures[i]) or series.labels[i] for i in indices[:6]]
    return ", ".join(names) + (f" and {len(indices) - 6} more" if len(indices) > 6 else "")


def fit_tables(
    fits: SeriesFit, names: Sequence[ArcName], spectra: Mapping[int, Spectrum],
    records: Mapping[int, FittedSpectrum], quantities: Mapping[int, Quantities], series: Series,
) -> tuple[Table, ...]:  # fmt: skip
    """Arcs, fits and circuits."""
    return (
        _arc_table(names, spectra, quantities),
        _fit_table(spectra, records, series),
        _circuit_table(fits),
    )


def _arc_table(
    names: Sequence[ArcName], spectra: Mapping[int, Spectrum], quantities: Mapping[int, Quantities]
) -> Table:
    rows = []
    for k, name in enumerate(names):
        seen = [i for i, s in spectra.items() if s.arcs[k][1] is not None]
        exponents = [arc.alpha for i in seen if (arc := spectra[i].arcs[k][1]) is not None]
        cells = [name.label, name.name, confidence_text(name), f"{len(seen)} of {len(spectra)}"]
        for prefix, form in (("capacitance", "{:.2g} F"), ("permittivity", "{:.3g}")):
            values = [e.value for i in seen if _known(e := quantities[i].get(f"{prefix}_{name.slug}")) and e]
            cells.append(_range_text(values, form))
        rows.append((*cells, _range_text(exponents, "{:.2f}"), "; ".join(name.reasons)))
    head = ("Arc", "Name", "Confidence", "Seen in", "Capacitance", "Permittivity", "Exponent", "Reasons")
    return Table("arcs", "What the arcs are", head, tuple(rows),
                 "Arc 1 relaxes fastest. Confidence: share of the likelihood over all namings in this "
                 "order.")  # fmt: skip


def _range_text(values: Sequence[float], form: str) -> str:
    if not values:
        return "-"
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"


def _fit_table(
    spectra: Mapping[int, Spectrum], records: Mapping[int, FittedSpectrum], series: Series
) -> Table:
    rows = []
    for i, spectrum in spectra.items():
        fit, record = spectrum.fit, records[i]
        noise = "-" if math.isnan(record.noise) else f"{100 * record.noise:.2g} %"
        rows.append((series.labels[i], temperature_text(series.temperatures[i]), fit.circuit.text,
                     f"{100 * fit.noise:.2g} %", noise, record.verdict, str(fit.frequency.size),
                     str(record.left_out)))  # fmt: skip
    head = ("Spectrum", "Temperature", "Circuit", "Misfit", "Noise", "Kramers-Kronig", "Points", "Left out")
    return Table("fits", "The fits", head, tuple(rows),
                 "Misfit: relative standard deviation of each component from the circuit; noise: from the "
                 "Kramers-Kronig test. A misfit well above the noise means that the circuit is "
                 "incomplete.")  # fmt: skip


def _circuit_table(fits: SeriesFit) -> Table:
    rows = tuple(
        (r.circuit, f"{r.excess:.1f}", str(r.losing), r.incoherent or "can be the circuit of the series")
        for r in fits.ranking
    )
    head = ("Circuit", "ΔBIC", "Spectra that lose an arc", "Verdict")
    return Table("circuits", "Circuits for the series", head, rows,
                 "Sum of BIC over all spectra, relative to the smallest; an arc must be seen wherever its "
                 "time "
                 "constant lies in the window.")  # fmt: skip
