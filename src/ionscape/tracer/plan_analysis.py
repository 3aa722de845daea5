"""The analysis `tracer.plan`: temperature and time of the acquisition, time of the exchange."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.number_format import format_celsius, format_number, format_quantity
from ionscape.core.outcome import Outcome, Row, Table
from ionscape.core.quantity import Quantity, dimension_of
from ionscape.core.registry import Series
from ionscape.core.wording import sentence
from ionscape.tracer.acquisition_plan import AcquisitionLimits, acquisition_limits
from ionscape.tracer.exchange_plan import ExchangePlan, Grains, exchange_design
from ionscape.tracer.plan_diffusion import (
    FINEST,
    AcquisitionDiffusion,
    acquisition_diffusion,
    bulk_at_exchange,
    determined_rows,
    planned_grain_size,
)
from ionscape.tracer.plan_figures import acquisition_figure, exchange_figure
from ionscape.tracer.plan_options import PlanOptions

HOUR, MICRON = 3600.0, 1e-6
FEW_GRAINS, LITTLE_CONTRAST, TOO_UNCERTAIN = 3.0, 0.15, 0.3
_GOALS = {"bulk": "D of the grains", "boundary": "D_gb/δ", "both": "D of the grains and D_gb/δ",
          "effective": "D over many grains"}  # fmt: skip


def plan_of_study(series: Series, options: Any) -> Outcome:
    """The plan that the given inputs allow: of the acquisition, of the exchange, or of both.

    Raises
    ------
    InputError
        If the inputs suffice for neither.
    """
    assert isinstance(options, PlanOptions)
    moving = acquisition_diffusion(series, options)
    grains = _grains(series, options)
    if moving is None and grains is None:
        raise InputError(
            "nothing to plan with: give diffusion and activation_energy for the acquisition, or "
            "bulk_diffusion, boundary_permeability and a grain_size for the exchange"
        )
    parts = []
    if moving is not None:
        parts.append(_acquisition_outcome(_acquisition(moving, series, options), moving, options))
    if grains is not None:
        known = _known_bulk(series)
        storage = np.geomspace(HOUR, 3000 * HOUR, 16) if options.second_image else ()
        plan = exchange_design(grains, storage_time=storage, bulk_known=known)
        parts.append(_exchange_outcome(plan, grains, series, options))
    return Outcome(
        rows=tuple(row for part in parts for row in part.rows),
        findings=tuple(text for part in parts for text in part.findings),
        warnings=tuple(text for part in parts for text in part.warnings),
        figures=tuple(figure for part in parts for figure in part.figures),
        tables=tuple(table for part in parts for table in part.tables),
        arrays={name: array for part in parts for name, array in part.arrays.items()},
        citations=("hasegawa2024",),
    )


# ---- acquisition ------------------------------------------------------------------------------------
def _value(quantity: Quantity | None, default: float) -> float:
    return default if quantity is None else quantity.value


def _acquisition(found: AcquisitionDiffusion, series: Series, options: PlanOptions) -> AcquisitionLimits:
    temperature = options.acquisition_temperature
    time = options.acquisition_time
    default = 5 * HOUR if temperature is None else None
    return acquisition_limits(
        found.diffusion, found.temperature, found.energy,
        resolution=_value(options.resolution, FINEST), share=_value(options.resolution_share, 0.3),
        acquisition_time=default if time is None else time.value,
        acquisition_temperature=None if temperature is None else temperature.value,
        source=f"{series.source}#law",
    )  # fmt: skip


def _acquisition_outcome(
    limits: AcquisitionLimits, moving: AcquisitionDiffusion, options: PlanOptions
) -> Outcome:
    time = None if options.acquisition_time is None else options.acquisition_time.value
    if time is None and options.acquisition_temperature is None:
        time = 5 * HOUR
    chosen = (
        time,
        None if options.acquisition_temperature is None else options.acquisition_temperature.value,
    )
    found = {"acquisition_temperature": limits.temperature_limit, "acquisition_time": limits.time_limit,
             "diffusion_length": limits.diffusion_length}  # fmt: skip
    cold = None if chosen[1] is None else exact(chosen[1], dimension_of("K"))
    rows = tuple(
        Row(name, _doubted(estimate, moving.doubt), cold if name == "diffusion_length" else None,
            unit="h" if name == "acquisition_time" else "")
        for name, estimate in found.items() if estimate is not None
    )  # fmt: skip
    return Outcome(
        rows=rows, findings=_acquisition_findings(limits, chosen, moving),
        warnings=_extrapolated(limits) + ((sentence(moving.doubt),) if moving.doubt else ()),
        figures=(acquisition_figure(limits, chosen),),
        arrays={"acquisition/time_second": limits.time, "acquisition/temperature_best_kelvin": limits.best,
                "acquisition/temperature_safe_kelvin": limits.safe},
    )  # fmt: skip


def _doubted(estimate: Estimate, doubt: str) -> Estimate:
    if not doubt:
        return estimate
    return replace(estimate, note=f"{estimate.note}; {doubt}" if estimate.note else doubt)


def _acquisition_findings(
    limits: AcquisitionLimits, chosen: tuple[float | None, float | None], moving: AcquisitionDiffusion
) -> tuple[str, ...]:
    time, temperature = chosen
    allowed = f"{limits.allowed_length / MICRON:.2g} µm"
    found = []
    if limits.diffusion_length is not None and time is not None and temperature is not None:
        verdict = "within" if limits.allowed else "above"
        found.append(
            f"At {format_celsius(temperature)} for {_hours(time)} the tracer moves "
            f"{format_quantity(limits.diffusion_length, 'um')} (below "
            f"{limits.diffusion_length.interval(0.90)[1] / MICRON:.2g} µm at 95 %): {verdict} the {allowed} "
            "allowed."
        )
    if limits.temperature_limit is not None and time is not None:
        bound = limits.temperature_limit
        found.append(
            f"An acquisition of {_hours(time)} needs {format_celsius(bound.value)} or colder for a diffusion "
            f"length below {allowed}."
            if bound.status == "bound"
            else f"Acquisition of {_hours(time)}: {bound.note}."
        )
    if limits.time_limit is not None and temperature is not None:
        bound = limits.time_limit
        found.append(
            f"At {format_celsius(temperature)} the acquisition may take {_hours(bound.value)} at most."
            if bound.status == "bound" else f"Acquisition at {format_celsius(temperature)}: {bound.note}."
        )  # fmt: skip
    if moving.doubt:
        found = [f"By the effective D alone: {text[:1].lower()}{text[1:]}" for text in found]
    return (*found, moving.finding) if moving.finding else tuple(found)


def _extrapolated(limits: AcquisitionLimits) -> tuple[str, ...]:
    coldest = limits.law.coldest
    return (
        f"D is extrapolated from {format_celsius(coldest)} downwards along a straight Arrhenius line; a bend "
        "below would move the limits.",
    )


def _hours(seconds: float) -> str:
    return (
        f"{format_number(seconds / HOUR, 3)} h"
        if seconds < 400 * HOUR
        else f"{format_number(seconds / 86400, 3)} d"
    )


# ---- exchange ---------------------------------------------------------------------------------------
def _grains(series: Series, options: PlanOptions) -> Grains | None:
    bulk, boundary = bulk_at_exchange(series), determined_rows(series, "boundary_permeability")
    size = planned_grain_size(series, options)
    if not bulk or not boundary:
        return None
    if size is None:
        raise InputError("planning the exchange needs grain_size, here or in the sample")
    return Grains(
        _typical(bulk), _typical(boundary), size,
        _value(options.image_length, 500 * MICRON), _value(options.image_width, 200 * MICRON),
        _value(options.pixel, MICRON), options.counts_per_pixel,
        _value(options.source_fraction, 0.95), _value(options.initial_fraction, 0.0759),
        None if options.sample_length is None else options.sample_length.value, options.boundary_spread,
    )  # fmt: skip


def _typical(rows: Sequence[Row]) -> float:
    return float(np.exp(np.mean([math.log(row.estimate.value) for row in rows])))


def _known_bulk(series: Series) -> float | None:
    """Relative error of D from elsewhere, None where it is only a guess without an error."""
    estimate = bulk_at_exchange(series)[0].estimate
    return estimate.standard_uncertainty / estimate.value if estimate.spread > 0 else None


def _exchange_outcome(plan: ExchangePlan, grains: Grains, series: Series, options: PlanOptions) -> Outcome:
    goal = options.goal
    best, low, high = plan.optimum(goal)
    time = _propagated(best, series, grains, options)
    return Outcome(
        rows=(Row("exchange_time", time, unit="h"),),
        findings=_exchange_findings(plan, options, (best, low, high)),
        warnings=_pitfalls(plan, goal),
        figures=(exchange_figure(plan, goal),) if np.isfinite(plan.error(goal)).any() else (),
        tables=(_exchange_table(plan, options),),
        arrays={"exchange/time_second": plan.exchange_time, "exchange/storage_time_second": plan.storage_time,
                "exchange/relative_error_bulk": plan.error_bulk,
                "exchange/relative_error_boundary": plan.error_boundary,
                "exchange/relative_error_effective": plan.error_effective},
    )  # fmt: skip


def _propagated(best: float, series: Series, grains: Grains, options: PlanOptions) -> Estimate:
    """The best exchange time with what the errors of D and P do to it."""
    step = 0.1
    weights: dict[str, float] = {}
    for name, field in (
        ("bulk_diffusion", "bulk_diffusion"),
        ("boundary_permeability", "boundary_permeability"),
    ):
        rows = bulk_at_exchange(series) if name == "bulk_diffusion" else determined_rows(series, name)
        estimate = rows[0].estimate
        if estimate.spread == 0 or estimate.scale != "log":
            continue
        ends = [
            math.log(exchange_design(replace(grains, **{field: getattr(grains, field) * math.exp(shift)}))
                     .optimum(options.goal)[0])
            for shift in (-step, step)
        ]  # fmt: skip
        slope = (ends[1] - ends[0]) / (2 * step)
        for latent, weight in estimate.weights.items():
            weights[latent] = weights.get(latent, 0.0) + slope * weight
    return Estimate(best, dimension_of("s"), "log", weights)


def _exchange_findings(
    plan: ExchangePlan, options: PlanOptions, times: tuple[float, float, float]
) -> tuple[str, ...]:
    best, low, high = times
    i, j = plan.best(options.goal)
    more = (
        f", and a second image after {_hours(plan.storage_time[j])} of storage"
        if options.second_image
        else ""
    )
    first = (
        f"For {_GOALS[options.goal]}, exchange for about {_hours(best)}{more}; {_hours(low)} to "
        f"{_hours(high)} are within 20 % of the smallest error. Expected errors: D "
        f"{_percent(plan.error_bulk[i, j])}, D_gb/δ {_percent(plan.error_boundary[i, j])}, D over many "
        f"grains {_percent(plan.error_effective[i, j])}."
    )
    each = "; ".join(
        f"{_GOALS[goal]} {_hours(t[0])} ({_hours(t[1])} to {_hours(t[2])})"
        for goal in ("bulk", "boundary", "effective") for t in (plan.optimum(goal),)
    )  # fmt: skip
    return first, f"Best exchange times one by one: {each}."


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 10 else "undetermined"


def _pitfalls(plan: ExchangePlan, goal: Any) -> tuple[str, ...]:
    """What goes wrong to either side, and where the best time itself is near it."""
    i, j = plan.best(goal)
    found = []
    short = plan.exchange_time[plan.grains_reached >= FEW_GRAINS]
    if short.size:
        found.append(f"Below {_hours(short[0])} the tracer reaches fewer than {FEW_GRAINS:.0f} grains: "
                     "D_gb/δ is then that of a few boundaries, and D hangs on where the surface "
                     "is.")  # fmt: skip
    flat = plan.exchange_time[plan.contrast < LITTLE_CONTRAST]
    if flat.size:
        found.append(f"Beyond {_hours(flat[0])} the image is nearly homogeneous: less than "
                     f"{100 * LITTLE_CONTRAST:.0f} % of the step in fraction is left in it.")  # fmt: skip
    for what, error in (("D of the grains", plan.error_bulk), ("D_gb/δ", plan.error_boundary)):
        if not error[i, j] < TOO_UNCERTAIN:
            found.append(f"{what} stays uncertain by {_percent(error[i, j])} even at this time: take it from "
                         "elsewhere (NMR), a smaller pixel or more counts.")  # fmt: skip
    return tuple(found)


def _exchange_table(plan: ExchangePlan, options: PlanOptions) -> Table:
    j = plan.best(options.goal)[1]
    chosen = np.unique(np.linspace(0, plan.exchange_time.size - 1, 14).round().astype(int))
    head = ["Exchange time", "D", "D_gb/δ", "D over many grains", "Grains reached", "Contrast left"]
    known = plan.bulk_known is not None
    if known:
        head.insert(3, "D_gb/δ, D known")
    rows = []
    for k in chosen:
        cells = [_hours(plan.exchange_time[k]), _percent(plan.error_bulk[k, j]),
                 _percent(plan.error_boundary[k, j]),
                 _percent(plan.error_effective[k, j]), f"{plan.grains_reached[k]:.3g}",
                 f"{100 * plan.contrast[k]:.0f} %"]  # fmt: skip
        if known:
            cells.insert(3, _percent(plan.error_boundary_known_bulk[k, j]))
        rows.append(tuple(cells))
    return Table("expected_errors", "Expected errors against the exchange time", tuple(head), tuple(rows),
                 "1 standard deviation, relative, from counting noise, a free surface position and the "
                 "spread of the boundaries: the smallest errors that any analysis of the image can "
                 "reach.")  # fmt: skip
