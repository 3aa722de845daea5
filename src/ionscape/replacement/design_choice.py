"""Which experiment of the possible ones: windows of current and temperature, the best of each ion, and sets.

The window follows from front theory: the slowest current takes the longest time, the fastest is what source
and voltage allow (the voltage is a straight line in the current). What is chosen is then simulated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.core.quantity import DIMENSIONLESS, Dimension, dimension_of
from ionscape.replacement.design_inputs import DesignInputs, bulk_of
from ionscape.replacement.design_options import DesignOptions
from ionscape.replacement.experiment_design import (
    Attachment,
    Glass,
    attach,
    attachment_for_depth,
    closed_form_length,
    expected_derivatives,
    expected_identifiability,
)
from ionscape.replacement.front_theory import front
from ionscape.replacement.identifiability import Identifiability

FloatArray = NDArray[np.float64]
WORTH_THE_VOLTAGE = 0.9
"""A faster experiment is chosen where the expected uncertainty is below this share of the slow one's."""
_MARGIN = 0.98  # of a limit of the voltage, for front theory is not the simulation
_STEP = 0.5  # of an input's standard uncertainty, for slopes
_LARGEST_STEP = 0.1  # of its logarithm


@dataclass(frozen=True)
class Window:
    """What is possible with one ion at one temperature.

    Attributes
    ----------
    ion : str
    temperature : float
        [K]
    slowest, fastest : float
        Current densities [A/m^2]; inf: no limit.
    voltage : float
        [V] at the slowest.
    limit : str
        What sets ``fastest``: "voltage", "source" or "".
    """

    ion: str
    temperature: float
    slowest: float
    fastest: float
    voltage: float
    limit: str

    @property
    def is_open(self) -> bool:
        """Whether any current is possible."""
        return self.fastest >= self.slowest


@dataclass(frozen=True)
class Candidate:
    """The best experiment with one ion.

    Attributes
    ----------
    planned : Attachment
    derivatives : (M, 3) array
        Of `expected_derivatives`.
    known : Identifiability
        What its profile fixes with what is stated.
    counting : float
        1 SD of the FWHM [J] by counting and scales, were D_bulk and the vacancy fraction exact.
    """

    planned: Attachment
    derivatives: FloatArray
    known: Identifiability
    counting: float

    @property
    def sd(self) -> float:
        """1 SD of the FWHM [J]."""
        return float(self.known.sd[0] * self.known.values[0])


def windows(inputs: DesignInputs, options: DesignOptions) -> list[Window]:
    """For every ion and temperature."""
    values, found = inputs.best, []
    glass = inputs.glass(values)
    for ion in inputs.ions:
        for kelvin in inputs.temperatures:
            found.append(_window(glass, inputs, options, ion, kelvin, values))
    return found


def _window(
    glass: Glass, inputs: DesignInputs, options: DesignOptions, ion: str, kelvin: float,
    values: Mapping[str, float],
) -> Window:  # fmt: skip
    bulk, foreign = values[bulk_of(kelvin)], inputs.foreign_diffusion(ion, kelvin, values)
    length = closed_form_length(glass, options.front_depth.value, temperature=kelvin, bulk_diffusion=bulk,
                                foreign_diffusion=foreign)  # fmt: skip
    charge = length * glass.charge_density
    slowest = charge / options.longest_time.value

    def voltage(current: float) -> float:
        sharp = front(glass.law(bulk), foreign, current, charge, carrier_density=glass.carrier_density,
                      temperature=kelvin, native_charge=glass.charge, foreign_charge=glass.charge,
                      immobile_fraction=glass.immobile_fraction)  # fmt: skip
        return sharp.film_voltage + _bulk_voltage(glass, bulk, kelvin, current)

    at_slowest, limit = voltage(slowest), ""
    fastest = math.inf
    if options.highest_current is not None:
        fastest, limit = options.highest_current.value, "source"
    if options.highest_voltage is not None:
        per_current = (voltage(2 * slowest) - at_slowest) / slowest
        most = slowest + (_MARGIN * options.highest_voltage.value - at_slowest) / per_current
        if most < fastest:
            fastest, limit = most, "voltage"
    return Window(ion, kelvin, slowest, fastest, at_slowest, limit)


def _bulk_voltage(glass: Glass, bulk: float, kelvin: float, current: float) -> float:
    from scipy.constants import Boltzmann, elementary_charge

    volt = Boltzmann * kelvin / (abs(glass.charge) * elementary_charge)
    return volt * current / glass.charge_density * glass.thickness / bulk  # j L/sigma


# ---- the best of each ion -------------------------------------------------------------------------------
def best_candidates(
    inputs: DesignInputs, options: DesignOptions, possible: Sequence[Window]
) -> tuple[list[Candidate], list[str]]:
    """The best experiment of every ion, and why some have none."""
    found, lost = [], []
    for ion in inputs.ions:
        own = [w for w in possible if w.ion == ion]
        tried, reasons = [], []
        for window in own:
            try:
                tried += _tried(inputs, options, window)
            except AnalysisError as error:
                reasons.append(str(error))
        if tried:
            found.append(min(tried, key=lambda one: one.known.sd[0]))
        else:
            lost.append(reasons[0] if reasons else _closed(ion, own, options))
    return found, lost


def _closed(ion: str, own: Sequence[Window], options: DesignOptions) -> str:
    least = min(own, key=lambda w: w.voltage)
    hours = options.longest_time.value / 3600
    return (
        f"{ion}: not possible at any temperature looked at: even in {hours:.3g} h it takes "
        f"{least.voltage:.3g} V and {least.slowest * 1e5:.3g} nA/cm² at {least.temperature - 273.15:.3g} °C; "
        "a higher temperature, more time or a shallower front would do"
    )


def _tried(inputs: DesignInputs, options: DesignOptions, window: Window) -> list[Candidate]:
    """One experiment as settled; else the slowest, and the fastest where that tells more."""
    if options.replacement_time is not None:
        return [candidate(inputs, window.ion, window.temperature, options, options.replacement_time.value)]
    if options.current_density is not None:
        at = options.current_density.value
        return [candidate(inputs, window.ion, window.temperature, options, current_density=at)]
    if not window.is_open:
        return []
    slow = candidate(inputs, window.ion, window.temperature, options, options.longest_time.value)
    if not math.isfinite(window.fastest) or window.fastest < 1.2 * window.slowest:
        return [slow]
    fast = candidate(inputs, window.ion, window.temperature, options, current_density=window.fastest)
    return [fast if fast.sd < WORTH_THE_VOLTAGE * slow.sd else slow]


def candidate(
    inputs: DesignInputs, ion: str, kelvin: float, options: DesignOptions, duration: float | None = None,
    current_density: float | None = None, depth: float | None = None,
) -> Candidate:  # fmt: skip
    """One experiment and what its profile will fix."""
    values = inputs.best
    glass = inputs.glass(values)
    planned = attachment_for_depth(
        glass, ion, options.front_depth.value if depth is None else depth, temperature=kelvin,
        bulk_diffusion=values[bulk_of(kelvin)],
        foreign_diffusion=inputs.foreign_diffusion(ion, kelvin, values), duration=duration,
        current_density=current_density,
    )  # fmt: skip
    derivatives = expected_derivatives(glass, planned, inputs.spectrometer)
    exact = expected_identifiability(glass, [derivatives], [kelvin], vacancy_sd=0.0,
                                     bulk_covariance=np.zeros((1, 1)),
                                     bulk_diffusion=[planned.bulk_diffusion])  # fmt: skip
    return Candidate(planned, derivatives, together(inputs, glass, [planned], [derivatives]),
                     float(exact.sd[0] * glass.fwhm))  # fmt: skip


def together(
    inputs: DesignInputs, glass: Glass, planned: Sequence[Attachment], derivatives: Sequence[FloatArray]
) -> Identifiability:
    """What several profiles fix, fitted with one distribution."""
    kelvin = [one.temperature for one in planned]
    distinct = list(dict.fromkeys(kelvin))
    return expected_identifiability(
        glass, derivatives, kelvin, vacancy_sd=inputs.vacancy_sd,
        bulk_covariance=inputs.bulk_covariance(distinct),
        bulk_diffusion=[inputs.best[bulk_of(t)] for t in distinct],
    )  # fmt: skip


def sets_of(candidates: Sequence[Candidate]) -> list[tuple[Candidate, ...]]:
    """Each alone, all pairs, and all together."""
    sizes = [1, 2, len(candidates)] if len(candidates) > 2 else range(1, len(candidates) + 1)
    return [one for size in sizes for one in combinations(candidates, size)]


# ---- errors ---------------------------------------------------------------------------------------------
def propagated(
    inputs: DesignInputs, found: Candidate, options: DesignOptions
) -> dict[str, Estimate]:
    """Charge, current, time, plateau, depth and expected uncertainty, each with what the inputs' errors do.

    The plateau and the depth are those of an experiment done with the best charge; the charge is the one that
    would have been right.
    """
    planned, values = found.planned, inputs.best
    base = _outputs(inputs, found, values, options)
    weights: dict[str, dict[str, float]] = {name: {} for name in base}
    for name, estimate in inputs.parameters.items():
        if estimate.spread == 0 or estimate.status != "determined" or not _concerns(name, planned, inputs):
            continue
        relative = estimate.standard_uncertainty / abs(estimate.value)
        step = min(_STEP * relative, _LARGEST_STEP)
        try:
            moved = _outputs(inputs, found, values | {name: values[name] * math.exp(step)}, options)
        except AnalysisError:
            continue
        own = 1.0 if estimate.scale == "log" else 1 / estimate.value
        for output, latents in weights.items():
            slope = math.log(moved[output] / base[output]) / step
            for latent, weight in estimate.weights.items():
                latents[latent] = latents.get(latent, 0.0) + slope * own * weight
    return {name: Estimate(value, _DIMENSIONS[name], "log", {k: w for k, w in weights[name].items() if w})
            for name, value in base.items()}  # fmt: skip


_DIMENSIONS: Mapping[str, Dimension] = {
    "attached_charge": dimension_of("C/m^2"), "current_density": dimension_of("A/m^2"),
    "replacement_time": dimension_of("s"), "plateau_fraction": DIMENSIONLESS,
    "front_depth": dimension_of("m"),
    "site_energy_fwhm_expected_uncertainty": dimension_of("J"),
}  # fmt: skip


def _concerns(name: str, planned: Attachment, inputs: DesignInputs) -> bool:
    if name.startswith("D_bulk"):
        own = planned.ion in inputs.energies and name == bulk_of(inputs.reference)  # where its ratio holds
        return own or name == bulk_of(planned.temperature)
    return not name.startswith("D ratio") or name.endswith(planned.ion)


def _outputs(
    inputs: DesignInputs, found: Candidate, values: Mapping[str, float], options: DesignOptions
) -> dict[str, float]:
    """With the best charge and time, were the inputs these."""
    planned, glass = found.planned, inputs.glass(values)
    best = inputs.glass(inputs.best)
    charge = planned.charge(best)
    same = glass == best and values == inputs.best
    done = planned if same else attach(
        glass, planned.ion, temperature=planned.temperature,
        bulk_diffusion=values[bulk_of(planned.temperature)],
        foreign_diffusion=inputs.foreign_diffusion(planned.ion, planned.temperature, values),
        length=charge / glass.charge_density, duration=planned.duration,
    )  # fmt: skip
    known = found.known if same else together(
        inputs, glass, [replace(done, bulk_diffusion=planned.bulk_diffusion)],
        [expected_derivatives(glass, done, inputs.spectrometer)],
    )  # fmt: skip
    right = charge * planned.front_depth / done.front_depth
    settled = options.current_density
    time = planned.duration if settled is None else right / settled.value
    return {
        "attached_charge": right, "current_density": right / time, "replacement_time": time,
        "plateau_fraction": done.plateau_fraction, "front_depth": done.front_depth,
        "site_energy_fwhm_expected_uncertainty": float(known.sd[0] * glass.fwhm),
    }  # fmt: skip
