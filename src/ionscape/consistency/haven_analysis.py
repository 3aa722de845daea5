"""The analysis ``consistency.haven_ratio``: H_R of every channel, its temperature dependence, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ionscape.consistency.comparison import Comparison, compared
from ionscape.consistency.figures import haven_figure
from ionscape.consistency.haven_words import composite, findings, tables, warnings_of
from ionscape.consistency.judgement import Verdict, verdict
from ionscape.consistency.options import CoefficientOptions, HavenRatioOptions
from ionscape.consistency.preparation import (
    WHAT,
    Prepared,
    electronic_share,
    no_single_coefficient,
    prepared,
    stated,
)
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, exact, refused
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.core.registry import Series

CITATIONS = ("murch1982",)
MEASURE = {
    "bulk": (
        "the bulk conductivity (high-frequency arc, colder or to higher frequency) against D* inside the"
        " grains (NMR, or profiles within one grain)"
    ),
    "boundary": "the boundary arc's conductivity against the step of tracer fraction at boundaries",
    "effective": "the total conductivity against D* from a profile over many grains",
}


def haven_ratio_outcome(series: Series, options: Any) -> Outcome:
    """H_R of each channel in which both coefficients are known; refused across channels.

    Raises
    ------
    AnalysisError
        If there is no coefficient of single ions, or none of charge.
    """
    assert isinstance(options, HavenRatioOptions)
    ready = prepared(series, options)
    _check_both(ready)
    found = [compared(s, c, channel, options, series.source) for channel, s, c in ready.pairs()]
    verdicts = judged(series, options, ready, found)
    rows = [row for c in found for row in ratio_rows(c, series)]
    if not found:
        rows.append(Row("haven_ratio", refused(DIMENSIONLESS, "; measure ".join(across(ready)))))
    return Outcome(
        rows=tuple(rows),
        findings=(*findings(found, verdicts, series), *ready.on_grains),
        warnings=(*ready.warnings, *(text for c in found for text in warnings_of(c, options))),
        figures=tuple(
            haven_figure(c.name, c.points, c.lines, _constant(c)) for c in found if len(c.points) > 1
        ),
        tables=tables(found, verdicts),
        citations=(*CITATIONS, "pang2021", *(("aitken1936",) if any(c.common for c in found) else ())),
    )


def _check_both(ready: Prepared) -> None:
    singles = [c for c in ready.reading.coefficients if c.of_single_ions]
    charged = [c for c in ready.reading.coefficients if c.kind in ("D_sigma", "D_CAIT")]
    doubts = "; ".join(ready.warnings)
    if not singles:
        raise AnalysisError(
            "no diffusion coefficient of single ions (D*, D_NMR, D_MD) in 'tracer'"
            f"{': ' + doubts if doubts else ''}"
        )
    if not charged:
        raise AnalysisError(
            "no diffusion coefficient of charge (conductivity, D_σ, D_CAIT) in 'conductivity'"
            f"{': ' + doubts if doubts else ''}"
        )


def _constant(c: Comparison) -> Estimate | None:
    return c.common.ratio() if c.energies_agree and c.common is not None else None


def across(ready: Prepared) -> tuple[str, str]:
    """Why no channel has both, and what to measure instead."""
    singles = sorted({c.channel for c in ready.reading.coefficients if c.of_single_ions})
    charged = sorted({c.channel for c in ready.reading.coefficients if c.kind in ("D_sigma", "D_CAIT")})
    text = (
        f"D* is of {_listed(singles)}, the conductivity of {_listed(charged)}: a ratio across channels is no"
        " Haven ratio, it mixes correlation with the resistance of grain boundaries"
    )
    instead = " or ".join(MEASURE[channel] for channel in dict.fromkeys([*singles, *charged]))
    return text, instead


def _listed(channels: Sequence[str]) -> str:
    return " and ".join(
        f"the {WHAT[c]}" if c != "effective" else "the whole, grain boundaries included" for c in channels
    )


def judged(
    series: Series, options: CoefficientOptions, ready: Prepared, found: Sequence[Comparison]
) -> list[tuple[str, Verdict]]:
    """One verdict for each channel compared; one of refusal where there is none."""
    common: dict[str, Any] = {
        "electronic_share": electronic_share(series, options),
        "driven_by_gradient": options.driven_by == "gradient",
        "thermodynamic_factor": stated(options.thermodynamic_factor, "thermodynamic_factor", series),
        "loss_tangent": stated(options.loss_tangent, "loss_tangent", series),
    }
    if not found:
        has = {c.of_single_ions for c in ready.reading.coefficients if c.kind != "D_chemical"}
        mismatch, instead = across(ready) if has == {True, False} else ("", "")
        regime = no_single_coefficient(ready.reading.coefficients)
        return [
            ("", verdict(None, mismatch=mismatch, instead=instead, no_single_coefficient=regime, **common))
        ]
    verdicts = []
    for c in found:
        regime = [] if c.single.usable or c.single.bare else no_single_coefficient(c.single.coefficients)
        answer = verdict(
            c.best[0],
            no_single_coefficient=regime,
            bends=c.bends,
            composite=composite(c, found, series),
            far=c.far,
            remedy=c.remedy,
            **common,
        )
        verdicts.append((c.name, answer))
    return verdicts


# ---- rows ---------------------------------------------------------------------------------------------
def ratio_rows(c: Comparison, series: Series) -> list[Row]:
    """H_R, difference of energies and apparent carriers of one channel."""
    rows: list[Row] = []
    if c.one_energy is not None:
        rows.append(Row("haven_ratio", c.one_energy, item=f"{c.name}, one activation energy"))
    for lines, ratios in (("", c.points), (", lines", c.lines)):
        for r in ratios:
            rows.append(Row("haven_ratio", r.ratio, _exact(r.kelvin), f"{c.name}{lines}"))
            carriers = _apparent(r.ratio, series)
            if carriers is not None:
                item = f"{c.name}{lines}"
                rows.append(Row("apparent_carrier_density", carriers, _exact(r.kelvin), item, "cm^-3"))
    if c.separate is not None:
        rows.append(Row("activation_energy_difference", c.difference, item=c.name, unit="eV"))
    return rows


def best_row(c: Comparison, series: Series) -> list[Row]:
    """The one H_R that stands for a channel, and its apparent carriers."""
    at, item = (None, f"{c.name}, one activation energy") if c.one_energy is not None else _place(c)
    ratio = c.best[0]
    if ratio is None:
        return []
    carriers = _apparent(ratio, series)
    rows = [Row("haven_ratio", ratio, at, item)]
    return rows if carriers is None else [*rows, Row("apparent_carrier_density", carriers, at, item, "cm^-3")]


def _place(c: Comparison) -> tuple[Estimate | None, str]:
    if c.nearest is None:
        return None, c.name
    return _exact(c.nearest.kelvin), f"{c.name}{', lines' if c.nearest.lines else ''}"


def _exact(kelvin: float | None) -> Estimate | None:
    return None if kelvin is None else exact(kelvin, dimension_of("K"))


def _apparent(ratio: Estimate, series: Series) -> Estimate | None:
    """n/H_R: the density that D_σ was made with cancels."""
    density = series.sample.carrier_density
    return None if density is None or ratio.status != "determined" else density / ratio
