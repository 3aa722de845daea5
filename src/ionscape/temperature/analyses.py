"""`temperature.arrhenius` in a study: rows of other analyses in, energies and extrapolated values out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ionscape.core.coefficient import symbol_of
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.number_format import format_celsius, format_name, format_quantity
from ionscape.core.outcome import Outcome, Row, Table
from ionscape.core.quantity import dimension_of, field_unit
from ionscape.core.registry import Series
from ionscape.core.wording import capital
from ionscape.temperature.figures import Drawn, arrhenius_figure
from ionscape.temperature.model_choice import MODELS, Candidate, Comparison, compare
from ionscape.temperature.points import K_PER_EV
from ionscape.temperature.reported import Reported, reported
from ionscape.temperature.straight_line import ArrheniusFit, arrhenius

if TYPE_CHECKING:
    from ionscape.temperature.spec import ArrheniusOptions

_KELVIN = dimension_of("K")
_FEW_POINTS = (
    " Lines through 3 to 5 points: the larger of the stated errors and the scatter, always with Student's t, "
    "because so few points cannot tell whether their errors are right."
)
_IN_SERIES = {"bulk": "bulk", "grain_boundary": "grain boundary"}


@dataclass(frozen=True)
class Result:
    """One quantity's line, what was found about its bend, and what is reported in the end.

    ``quantity`` also tells kind and channel, where there are several of one name; ``of`` is one of its rows.
    """

    quantity: str
    line: ArrheniusFit
    bend: Comparison
    unit: str
    reported: Reported
    of: Row

    @cached_property
    def values(self) -> tuple[tuple[float, Estimate], ...]:
        """Wanted temperatures [K] and the values there, with a note on where they come from."""
        return tuple((kelvin, self._noted(kelvin)) for kelvin, _ in self.line.values)

    def _noted(self, kelvin: float) -> Estimate:
        estimate, model = self.reported.at(kelvin), self.reported.model
        origin = f"from {_article(model)}, preferred over the straight line" if model else ""
        note = ", ".join(text for text in (origin, _extrapolated(self.line, kelvin)) if text)
        return replace(estimate, note=note) if note and estimate.status == "determined" else estimate

    @property
    def factor_unit(self) -> str:
        """Unit of the pre-exponential factor."""
        return self.unit.replace("/", "*K/", 1) if self.line.points.form.times_temperature else self.unit


def arrhenius_outcome(series: Series, options: ArrheniusOptions) -> Outcome:
    """Arrhenius lines through the rows of ``on``, one for each quantity among them.

    Raises
    ------
    AnalysisError
        If there are no rows.
    """
    groups = _by_quantity(series.inputs.get("on", ()))
    if not groups:
        raise AnalysisError("no values to draw a line through: the analysis named by 'on' gave none")
    results: list[Result] = []
    for name, rows in sorted(groups.items(), key=lambda item: item[0].endswith("_total")):  # parts first
        results.append(_result(series, name, rows, options, results))
    results.sort(key=lambda r: list(groups).index(r.quantity))
    several = len(results) > 1
    return Outcome(
        rows=tuple(row for r in results for row in _rows(r, r.quantity if several else "", options)),
        findings=_interleaved([_findings(r) for r in results]),
        warnings=tuple(text for r in results for text in _warnings(r)),
        figures=tuple(arrhenius_figure([_drawn(r) for r in results])),
        tables=(_lines_table(results), _models_table(results)),
        arrays={key: array for r in results for key, array in _arrays(r).items()},
        citations=_citations(results),
    )


def _by_quantity(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows of one line: of one name, and of one kind and channel of diffusion coefficient."""
    of_name: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        of_name.setdefault(row.quantity, set()).add((row.kind, row.channel))
    groups: dict[str, list[Row]] = {}
    for row in rows:
        name = row.quantity
        if len(of_name[name]) > 1:
            name += f", {symbol_of(row.kind, row.channel)}"
        groups.setdefault(name, []).append(row)
    return groups


def _result(
    series: Series, quantity: str, rows: Sequence[Row], options: ArrheniusOptions, earlier: Sequence[Result]
) -> Result:
    line = arrhenius(
        [row.temperature for row in rows], [row.estimate for row in rows], form=options.form,
        at=options.wanted, scatter=options.scatter, source=f"{series.source}.{quantity}",
        labels=[_label(row) for row in rows],
    )  # fmt: skip
    bend = compare(
        line, options.models, scatter=options.scatter, source=f"{series.source}.{quantity}.curvature"
    )
    unit = next((row.unit for row in rows if row.unit), "")
    unit = unit or field_unit(rows[0].quantity, line.points.dimension)
    kind = quantity.removesuffix("_total")
    named = {f"{kind}_{process}": text for process, text in _IN_SERIES.items()} if kind != quantity else {}
    parts = {named[r.quantity]: r.reported.at for r in earlier if r.quantity in named}
    return Result(quantity, line, bend, unit, reported(quantity, line, bend, parts), rows[0])


def _label(row: Row) -> str:
    if row.item:
        return row.item
    known = row.temperature is not None and math.isfinite(row.temperature.value)
    return f"the value at {format_celsius(row.temperature.value)}" if known and row.temperature else "a value"


# ---- rows ---------------------------------------------------------------------------------------------
def _rows(result: Result, item: str, options: ArrheniusOptions) -> list[Row]:
    rows = [
        Row("activation_energy", result.reported.energy, item=item, unit="eV"),
        Row("pre_exponential_factor", result.reported.factor, item=item, unit=result.factor_unit),
    ]
    for kelvin, estimate in result.values:
        rows.append(Row(result.of.quantity, estimate, exact(kelvin, _KELVIN), item, result.unit))
    wanted = set(options.models or ()) | {result.reported.parameters}
    for candidate in result.bend.candidates:
        if candidate.fit is not None and candidate.name in wanted and not _mistakable(result, candidate):
            pairs = zip(candidate.fit.model.parameters, candidate.fit.estimates, strict=True)
            rows += [Row(p.quantity, estimate, item=item, unit=p.unit) for p, estimate in pairs]
    kind, channel = result.of.kind, result.of.channel
    return [replace(row, kind=kind, channel=channel) for row in rows]


def _mistakable(result: Result, candidate: Candidate) -> bool:
    """A T0 or a break of a total: a sum of processes looks the same without having one."""
    return result.quantity.endswith("_total") and candidate.name in ("vft", "myega", "broken")


def _extrapolated(line: ArrheniusFit, kelvin: float) -> str:
    """How far a wanted temperature lies outside the data; empty inside."""
    data = line.points.temperature
    if data.size == 0 or data[0] - 0.5 <= kelvin <= data[-1] + 0.5:
        return ""
    if kelvin < data[0]:
        return f"extrapolated {data[0] - kelvin:.0f} K below the coldest point ({format_celsius(data[0])})"
    return f"extrapolated {kelvin - data[-1]:.0f} K above the hottest point ({format_celsius(data[-1])})"


# ---- sentences ----------------------------------------------------------------------------------------
def _interleaved(findings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """All energies first; then the verdict, where the line is rejected, before the values; else after."""
    return tuple(text for texts in zip_longest(*findings) for text in texts if text)


def _findings(result: Result) -> list[str]:
    line, name = result.line, format_name(result.quantity)
    if line.solution is None:
        return [f"No activation energy of {name}: {line.reason}."]
    data, form = line.points.temperature, line.points.form
    apparent, rejected = result.reported.energy, result.reported.at != line.at
    verdict = f"{capital(name)}: {result.reported.verdict}."
    if apparent.status != "determined":
        return [f"No activation energy of {name}: {apparent.note}.", verdict, *_value_findings(result)]
    energy = f"Activation energy of {name}: {format_quantity(apparent, 'eV')} from {form.text}"
    energy += f" at {data.size} points from {format_celsius(data[0])} to {format_celsius(data[-1])}"
    if form.name in ("ln sigma T", "ln sigma") and not rejected:
        sign, other = (-1, "ln σ") if form.times_temperature else (1, "ln(σT)")
        energy += f" ({other} would give about {line.slope + sign * K_PER_EV / _mean_inverse(data):.3f} eV)"
    energy += f"; {apparent.note}." if apparent.note else "."
    values = _value_findings(result)
    return [energy, verdict, *values] if rejected else [energy, *values, verdict]


def _value_findings(result: Result) -> list[str]:
    found = []
    for kelvin, estimate in result.values:
        value = f"{capital(format_name(result.quantity))} at {format_celsius(kelvin)}: "
        value += format_quantity(estimate, result.unit)
        found.append(f"{value}, {estimate.note}." if estimate.note else f"{value}.")
    return found


def _article(model: str) -> str:
    return f"the {model}" if model.startswith("sum") else model


def _mean_inverse(temperature: NDArray[np.float64]) -> float:
    return float((1 / temperature).mean())


def _warnings(result: Result) -> list[str]:
    name = format_name(result.quantity)
    warnings = [f"{name}: {text}" for text in result.line.warnings]
    if result.reported.at == result.line.at:
        return warnings
    values = ", ".join(f"{format_quantity(e, result.unit)} at {format_celsius(t)}" for t, e in result.values)
    text = f"{name}: a straight line does not describe these points, its extrapolation is not to be trusted"
    if result.reported.model:
        text += f"; {_article(result.reported.model)} gives {values}"
    return [*warnings, text]


def _drawn(result: Result) -> Drawn:
    """For the figure: the values as reported; no curve where a sum of lines or nothing stands for it."""
    best = result.bend.candidate(result.bend.preferred)
    keeps = best is not None and best.text == result.reported.model
    bend = result.bend if keeps else replace(result.bend, preferred="straight")
    return result.quantity, replace(result.line, values=result.values), bend, result.unit


# ---- tables, arrays, sources --------------------------------------------------------------------------
def _lines_table(results: Sequence[Result]) -> Table:
    rows = []
    few = any(r.line.solution is not None and r.line.solution.cautious for r in results)
    for r in results:
        solution, form = r.line.solution, r.line.points.form
        chi = solution.chi_square if solution else math.nan
        freedom = str(solution.degrees_of_freedom) if solution else ""
        scatter = f"{100 * solution.scatter:.2g} %" if solution and solution.scatter else "none"
        rows.append((
            format_name(r.quantity), form.text, str(len(r.line.points)),
            format_quantity(r.reported.energy, "eV"),
            format_quantity(r.reported.factor, r.factor_unit),
            f"{chi:.3g}" if math.isfinite(chi) else "",
            freedom, scatter,
        ))  # fmt: skip
    return Table(
        "lines", "Arrhenius lines",
        ("Quantity", "Form", "Points", "Activation energy", "Pre-exponential factor", "χ²",
         "Degrees of freedom", "Added scatter"),
        tuple(rows),
        "Generalised least squares with the full covariance of the points; ± is 1 standard deviation. χ² "
        "with the stated errors, empty where none are stated." + (_FEW_POINTS if few else ""),
    )  # fmt: skip


def _models_table(results: Sequence[Result]) -> Table:
    rows = []
    for r in results:
        for c in r.bend.candidates:
            pairs = zip(c.fit.model.parameters, c.fit.estimates, strict=True) if c.fit else ()
            found = ", ".join(f"{format_name(p.quantity)} {format_quantity(e, p.unit)}" for p, e in pairs)
            found = "" if _mistakable(r, c) else found
            at = c.fit.at if c.fit else r.line.at
            values = ", ".join(
                f"{format_quantity(at(k), r.unit)} at {format_celsius(k)}" for k, _ in r.line.values
            )
            if c.fit and any(e.status != "determined" for e in c.fit.estimates):
                values = "not fixed by the data"
            above = f"{c.bic - r.bend.candidates[0].bic:.1f}"
            rows.append((format_name(r.quantity), c.text, str(c.parameters), above, found, values))
    return Table(
        "models", "Is a straight line enough?",
        ("Quantity", "Model", "Parameters", "BIC above the best", "Found", "Value"), tuple(rows),
        "Bayesian information criterion with the full covariance of the points and a scatter of its own for "
        "each model; a difference above 6 is strong evidence.",
    )  # fmt: skip


def _arrays(result: Result) -> Mapping[str, NDArray[np.float64]]:
    line = result.line
    if line.solution is None:
        return {}
    data = line.points.temperature
    name = result.quantity
    best, low, high = line.line(data)
    return {
        f"{name}/temperature_kelvin": data,
        f"{name}/ln_value_si": line.points.form.sign * line.points.y,
        f"{name}/line": best,
        f"{name}/line_low_95": low,
        f"{name}/line_high_95": high,
        f"{name}/residual": line.points.form.sign * line.solution.residuals,
    }


def _citations(results: Sequence[Result]) -> tuple[str, ...]:
    keys = ["aitken1936", "schwarz1978"]
    if any(r.line.solution and r.line.solution.scatter for r in results):
        keys += ["mandel1970", "birge1932"]
    if any(q.spread for r in results for q in r.line.points.temperatures):
        keys.append("orear1982")
    keys += [MODELS[c.name].citation for r in results for c in r.bend.candidates if c.fit]
    return tuple(dict.fromkeys(keys))
