"""Figures of `tracer.plan`: what the acquisition may be, and errors against the exchange time."""

from __future__ import annotations

import math

import numpy as np

from ionscape.core.figure import GREY, PALETTE, axis, band, layout, trace
from ionscape.core.outcome import Figure
from ionscape.tracer.acquisition_plan import AcquisitionLimits
from ionscape.tracer.exchange_plan import ExchangePlan, Goal

HOUR = 3600.0


def acquisition_figure(limits: AcquisitionLimits, chosen: tuple[float | None, float | None]) -> Figure:
    """Warmest temperature against the acquisition time; ``chosen``: (time [s], temperature [K])."""
    hours, safe, best = limits.time / HOUR, limits.safe - 273.15, limits.best - 273.15
    sure = np.isfinite(safe)
    floor = min(np.nanmin(np.concatenate([safe, best, [-150.0]])), (chosen[1] or 400.0) - 283.15)
    data = []
    if sure.any():
        data.append(
            band(hours[sure], np.full(int(sure.sum()), floor), safe[sure], "allowed", colour=PALETTE[2])
        )
        data.append(trace(hours, safe, "limit, 95 % probability", mode="lines", colour=PALETTE[2], width=2.2))
    data.append(trace(hours, best, "limit with the best D(T)", mode="lines", colour=GREY, dash="dash"))
    if chosen[0] is not None and chosen[1] is not None:
        data.append(trace([chosen[0] / HOUR], [chosen[1] - 273.15], "planned", colour=PALETTE[1],
                          marker="diamond", size=11))  # fmt: skip
    elif (
        chosen[0] is not None
        and limits.temperature_limit is not None
        and limits.temperature_limit.status == "bound"
    ):
        data.append(trace([chosen[0] / HOUR], [limits.temperature_limit.value - 273.15], "warmest for the "
                                                                                         "planned time",
                          colour=PALETTE[1], marker="diamond", size=11))  # fmt: skip
    y = axis("temperature [°C]", range=[floor, float(np.nanmax(best)) + 8])
    return Figure(
        "acquisition", "How cold and how long the acquisition may be",
        f"Diffusion length √(2Dt) of at most {limits.allowed_length * 1e6:.2g} µm. Shaded: allowed with the "
        "D(T) that is not exceeded with 95 % probability, extrapolated along an Arrhenius line.",
        {"data": data, "layout": layout(axis("acquisition time [h]", log=True), y)},
    )  # fmt: skip


def exchange_figure(plan: ExchangePlan, goal: Goal) -> Figure:
    """Expected relative errors against the exchange time, the good range shaded."""
    hours = plan.exchange_time / HOUR
    j = plan.best(goal)[1]
    best, low, high = (t / HOUR for t in plan.optimum(goal))
    lines = [("D of the grains", plan.error_bulk, "solid"), ("D_gb/δ", plan.error_boundary, "solid"),
             ("D over many grains", plan.error_effective, "solid")]  # fmt: skip
    if plan.bulk_known is not None:
        lines.append(
            (f"D_gb/δ with D known to {100 * plan.bulk_known:.2g} %", plan.error_boundary_known_bulk, "dash")
        )
    finite = np.concatenate([e[:, j][np.isfinite(e[:, j])] for _, e, _ in lines])
    bottom, top = 100 * finite.min() / 1.6, min(100 * finite.max() * 1.3, 300.0)
    data = [
        band(
            [low, high], [bottom, bottom], [top, top], "within 20 % of the smallest error", colour=PALETTE[4]
        )
    ]
    colours = (PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[1])
    for (name, error, dash), colour in zip(lines, colours, strict=False):
        shown = np.where(error[:, j] < 10 * top, 100 * error[:, j], np.nan)
        data.append(trace(hours, shown, name, mode="lines", colour=colour, dash=dash, width=2))
    data.append(trace([best, best], [bottom, top], "best", mode="lines", colour="#222", dash="dot"))
    ticks = {"tickvals": [1, 2, 5, 10, 20, 50, 100, 200], "exponentformat": "none"}
    y = axis("expected relative error [%]", log=True, range=[math.log10(bottom), math.log10(top)]) | ticks
    look = layout(axis("exchange time [h]", log=True), y)
    look["legend"] |= {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    look["margin"] = look["margin"] | {"t": 70}
    after = (
        f", with a second image after {plan.storage_time[j] / HOUR:.3g} h of storage"
        if plan.storage_time[j]
        else ""
    )
    return Figure(
        "exchange", "Expected errors against the exchange time",
        f"1 SD from counting noise, a free surface position and the spread of the boundaries{after}; "
        "systematic errors come on top.",
        {"data": data, "layout": look},
    )  # fmt: skip
