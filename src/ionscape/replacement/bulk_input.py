"""D_bulk of the native ion at the temperature of an experiment, from a conductivity or as stated.

What moves ions in a replacement is the diffusion coefficient that the dc conductivity stands for,
D = σkT/(n z²e²) (Gunawan 2024, section 2.2): a tracer or self-diffusion coefficient needs a Haven ratio.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.coefficient import COLLECTIVE, SINGLE_ION, symbol_of
from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, covariance, exact, measured, undetermined
from ionscape.core.nernst_einstein import diffusion_coefficient
from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Row
from ionscape.core.propagation import power_product
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Series

FloatArray = NDArray[np.float64]
DIFFUSION = named_dimension("diffusion coefficient")
KELVIN = named_dimension("temperature")
SAME_TEMPERATURE = 0.5  # K
_DOUBTFUL = 0.01  # probability below which scatter about the line is said
_NOT_GIVEN = (
    "neither 'conductivity' nor 'bulk_diffusion' is given: the profile alone does not fix D_bulk apart from "
    "the width of the site energies"
)


class BulkDiffusion(NamedTuple):
    """D_bulk [m^2/s] or why there is none, doubts about it, and where it comes from."""

    estimate: Estimate
    doubts: tuple[str, ...] = ()
    origin: str = ""


def bulk_diffusion_at(
    series: Series, temperature: Estimate, *, default_note: str = _NOT_GIVEN
) -> BulkDiffusion:
    """D_bulk of the sample's carrier at a temperature.

    Parameters
    ----------
    series : Series
        With ``inputs["conductivity"]`` (rows at one or several temperatures) or ``inputs["bulk_diffusion"]``
        (D_sigma or D_CAIT; D* and the like with ``inputs["haven_ratio"]``). Values at one temperature only
        are carried to another by ``inputs["activation_energy"]`` [J], where it is there.
    temperature : Estimate
        [K]
    default_note : str
        Of the undetermined estimate where neither is given.

    Returns
    -------
    BulkDiffusion
        Values at several temperatures are joined by a straight line in ln D against 1/T, weighted by their
        own errors; what they share (carrier density, geometry, thermometer) stays shared, and where they
        scatter more than they say, the missing variance is added to each (Paule and Mandel 1982). Estimates
        at two temperatures from one series are correlated as that line says.

    Raises
    ------
    InputError
        If both are given.
    """
    rows = tuple(series.inputs.get("conductivity", ()))
    stated = tuple(series.inputs.get("bulk_diffusion", ()))
    if rows and stated:
        raise InputError("give either 'conductivity' or 'bulk_diffusion', not both: they mean the same")
    if rows:
        return _from_conductivity(series, rows, temperature)
    if stated:
        return _from_diffusion(series, stated, temperature)
    return BulkDiffusion(undetermined(DIFFUSION, default_note))


def _none(note: str) -> BulkDiffusion:
    return BulkDiffusion(undetermined(DIFFUSION, note), (note,))


def _from_conductivity(series: Series, rows: Sequence[Row], temperature: Estimate) -> BulkDiffusion:
    sample = series.sample
    if sample.carrier_density is None or not sample.carrier_charge:
        return _none("D_bulk from a conductivity needs the sample's 'carrier' and 'carrier_density' (or "
                     "formula and density)")  # fmt: skip
    names = list(dict.fromkeys(row.quantity for row in rows))
    if len(names) > 1:
        return _none(f"'conductivity' gives {' and '.join(names)}: name the one of the bulk")
    doubts = [f"'conductivity' is {names[0]}, not that inside the grains: D_bulk is too small by the "
              "boundaries"] if any(_beyond_bulk(row) for row in rows) else []  # fmt: skip
    density, charge = sample.carrier_density, sample.carrier_charge
    points = [
        (diffusion_coefficient(row.estimate, kelvin, density, charge), kelvin)
        for row in rows
        for kelvin in [temperature if row.temperature is None else row.temperature]
        if row.estimate.status == "determined"
    ]
    undated = any(row.temperature is None for row in rows)
    return _joined(series, points, temperature, names[0].replace("_", " "), doubts, undated=undated)


def _beyond_bulk(row: Row) -> bool:
    return row.channel in ("boundary", "effective") or row.quantity.endswith(("_total", "_grain_boundary"))


def _from_diffusion(series: Series, rows: Sequence[Row], temperature: Estimate) -> BulkDiffusion:
    if any(row.quantity.endswith("_foreign") for row in rows):
        return _none("'bulk_diffusion' is D of the foreign ion: give that of the native one")
    kinds = list(dict.fromkeys(row.kind for row in rows))
    if len(kinds) > 1:
        return _none(f"'bulk_diffusion' gives {' and '.join(symbol_of(k) for k in kinds)}: name one")
    kind, word = kinds[0], symbol_of(kinds[0])
    ratio = tuple(series.inputs.get("haven_ratio", ()))
    if kind and kind not in (*COLLECTIVE, *SINGLE_ION):
        return _none(f"'bulk_diffusion' is {word}: a replacement is driven by a field, give D_σ (from the "
                     "conductivity)")  # fmt: skip
    if kind in SINGLE_ION and not ratio:
        return _none(f"'bulk_diffusion' is {word}, of single ions, and a field moves ions with "
                     f"D_σ = {word}/H_R: give 'haven_ratio' too, or the conductivity instead")  # fmt: skip
    factor = ratio[0].estimate if kind in SINGLE_ION else exact(1.0)
    if factor.status != "determined":
        return _none(f"the Haven ratio is {factor.status}: {factor.note}")
    doubts = ["'bulk_diffusion' belongs to the whole of grains and boundaries, not to the inside of "
              "grains"] if any(row.channel in ("boundary", "effective") for row in rows) else []  # fmt: skip
    points = [
        (row.estimate / factor, temperature if row.temperature is None else row.temperature)
        for row in rows
        if row.estimate.status == "determined"
    ]
    undated = any(row.temperature is None for row in rows)
    name = f"{word} over the Haven ratio" if kind in SINGLE_ION else word if kind else "D as stated"
    return _joined(series, points, temperature, name, doubts, undated=undated)


# ---- to the temperature wanted -------------------------------------------------------------------------
def _joined(
    series: Series, points: Sequence[tuple[Estimate, Estimate]], temperature: Estimate, name: str,
    doubts: list[str], *, undated: bool,
) -> BulkDiffusion:  # fmt: skip
    wanted = format_celsius(temperature.value)
    if not points:
        return _none(f"{name}: no value is determined")
    if undated:
        if len(points) > 1:
            return _none(f"{name}: {len(points)} values without a temperature: name one, or write "
                         "'... at 25 degC'")  # fmt: skip
        doubts.append(f"{name} is stated without a temperature and taken to be that at {wanted}: write "
                      f"'... at {temperature.value - 273.15:.4g} degC'")  # fmt: skip
        return BulkDiffusion(points[0][0], tuple(doubts), f"{name}, as stated")
    kelvin = np.array([t.value for _, t in points])
    if np.ptp(kelvin) < SAME_TEMPERATURE:
        return _at_one(series, points, temperature, name, doubts)
    found, scatter = _on_line(series, points, temperature)
    low, high = float(kelvin.min()), float(kelvin.max())
    span = f"{format_celsius(low)} to {format_celsius(high)}"
    if not low - SAME_TEMPERATURE <= temperature.value <= high + SAME_TEMPERATURE:
        doubts.append(f"D_bulk at {wanted} is extrapolated from {span} along an Arrhenius line")
    if scatter:
        doubts.append(f"{name} scatters about its Arrhenius line by {100 * scatter:.2g} % (1 SD) beyond its "
                      "stated errors: they were widened by it")  # fmt: skip
    origin = f"{name} at {len(points)} temperatures, {span}, on an Arrhenius line at {wanted}"
    return BulkDiffusion(found, tuple(doubts), origin)


def _at_one(
    series: Series, points: Sequence[tuple[Estimate, Estimate]], temperature: Estimate, name: str,
    doubts: list[str],
) -> BulkDiffusion:  # fmt: skip
    there = points[0][1].value
    energy = tuple(series.inputs.get("activation_energy", ()))
    if abs(there - temperature.value) > SAME_TEMPERATURE and len(energy) == 1:
        return _carried(points[0], temperature, energy[0].estimate, name, doubts)
    if abs(there - temperature.value) > SAME_TEMPERATURE:
        then = format_celsius(temperature.value)
        return _none(f"{name} is known at {format_celsius(there)} only, the experiment was at {then}: give "
                     "it at that temperature, or at several, or with 'activation_energy'")  # fmt: skip
    found = _weighted(series, [d for d, _ in points], np.ones((len(points), 1)), np.ones(1))[0]
    return BulkDiffusion(found, tuple(doubts), f"{name} at {format_celsius(there)}")


def _carried(
    point: tuple[Estimate, Estimate], temperature: Estimate, energy: Estimate, name: str, doubts: list[str]
) -> BulkDiffusion:
    """One value along a known activation energy, that of D (or of σT)."""
    from ionscape.fit.arrhenius_extrapolation import arrhenius_law

    if energy.status != "determined":
        return _none(f"the activation energy is {energy.status}: {energy.note}")
    law = arrhenius_law([point[0]], [point[1]], energy)
    there, wanted = format_celsius(point[1].value), format_celsius(temperature.value)
    own = energy.value / (Boltzmann * temperature.value)
    found = power_product((law.at(temperature.value), 1.0), (_relative(temperature), own))
    return BulkDiffusion(found, tuple(doubts), f"{name} at {there}, carried to {wanted} by the activation "
                                               "energy")  # fmt: skip


def _on_line(
    series: Series, points: Sequence[tuple[Estimate, Estimate]], temperature: Estimate
) -> tuple[Estimate, float]:
    """D at the temperature on the line of ln D against 1/T, and the scatter that was added (0: none said)."""
    kelvin = np.array([t.value for _, t in points])
    x = 1 / (Boltzmann * kelvin)
    middle, width = float(x.mean()), float(np.ptp(x))
    logs = np.array([math.log(d.value) for d, _ in points])
    energy = -float(np.polyfit((x - middle) / width, logs, 1)[0]) / width
    # An error of a temperature moves its point along the line.
    moved = [power_product((d, 1.0), (_relative(t), -energy / (Boltzmann * t.value))) for d, t in points]
    design = np.column_stack([np.ones_like(x), (x - middle) / width])
    at = np.array([1.0, (1 / (Boltzmann * temperature.value) - middle) / width])
    found, scatter = _weighted(series, moved, design, at)
    own = _relative(temperature)
    return power_product((found, 1.0), (own, energy / (Boltzmann * temperature.value))), scatter


def _relative(temperature: Estimate) -> Estimate:
    """The temperature over its best value: 1 with its relative error."""
    return temperature / exact(temperature.value, KELVIN)


def _weighted(
    series: Series, values: Sequence[Estimate], design: FloatArray, at: FloatArray
) -> tuple[Estimate, float]:
    """The fitted function of ln D at ``at``: weights by the points' own errors, all latents kept."""
    from ionscape.fit.arrhenius_extrapolation import missing_variance

    logs = np.array([math.log(value.value) for value in values])
    noise = covariance(values)
    own = np.diag(noise)
    weight = 1 / own if np.all(own > 0) else np.ones_like(own)
    gain = at @ np.linalg.solve(design.T @ (weight[:, None] * design), design.T * weight)
    extra, unlikely = missing_variance(logs, design, noise)
    scattered = [
        value * measured(1.0, math.sqrt(extra), source=f"{series.source}#bulk {k}", scale="log")
        for k, value in enumerate(values)
    ]
    found = power_product(*((value, float(g)) for value, g in zip(scattered, gain, strict=True)))
    found = replace(found, dimension=DIFFUSION)  # the gains add up to 1 but for rounding
    return found, math.sqrt(extra) if unlikely < _DOUBTFUL else 0.0
