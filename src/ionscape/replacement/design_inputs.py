"""What a study knows of the glass for which a replacement is designed: every quantity with its error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, covariance, exact, measured
from ionscape.core.field_types import estimate_of
from ionscape.core.formula import parse_ion
from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Row
from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.core.registry import Series
from ionscape.replacement.bulk_input import bulk_diffusion_at
from ionscape.replacement.design_options import DesignOptions
from ionscape.replacement.experiment_design import Glass, Spectrometer
from ionscape.replacement.option_fields import ASSUMED_VACANCIES
from ionscape.replacement.programme_text import checked_ion
from ionscape.replacement.simulate_options import StatedIon

FloatArray = NDArray[np.float64]
MEV = 1e-3 * elementary_charge

ASSUMED_RATIOS = {"K+": 7.7e-4, "Rb+": 1.94e-4, "Cs+": 4.5e-5}
"""D over D_bulk of Li+ in a lithium borate glass at 70 °C, with the published plateaus (Gunawan 2024)."""
ASSUMED_RATIO_SPREAD = 0.5  # of its logarithm
ASSUMED_FWHM = (250 * MEV, 75 * MEV)
"""Published widths lie between 113 and 320 meV."""
WIDTH, VACANCIES, DENSITY, THICKNESS = "FWHM", "vacancies", "carrier density", "thickness"


@dataclass(frozen=True)
class DesignInputs:
    """Parameters with errors, and what they hold for.

    Attributes
    ----------
    ions : tuple of str
        Foreign ions, the fastest first.
    temperatures : tuple of float
        [K]
    parameters : mapping of str to Estimate
        `WIDTH`, `VACANCIES`, `DENSITY`, `THICKNESS`, and those named by `bulk_of` and `ratio_of`.
    energies : mapping of str to float
        Activation energy [J] of a foreign ion's D, where stated.
    reference : float
        [K] at which the ratios hold.
    charge : int
        Of all ions.
    immobile_fraction : float
    spectrometer : Spectrometer
        The carrier density's error added to that of the charge.
    notes, doubts : tuple of str
        What was assumed, and what would make the result wrong.
    """

    ions: tuple[str, ...]
    temperatures: tuple[float, ...]
    parameters: Mapping[str, Estimate]
    energies: Mapping[str, float]
    reference: float
    charge: int
    immobile_fraction: float
    spectrometer: Spectrometer
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def best(self) -> dict[str, float]:
        """Best values [SI]."""
        return {name: estimate.value for name, estimate in self.parameters.items()}

    def glass(self, values: Mapping[str, float]) -> Glass:
        """The glass with these values."""
        return Glass(values[WIDTH], values[VACANCIES], values[DENSITY], values[THICKNESS], self.charge,
                     self.immobile_fraction)  # fmt: skip

    def foreign_diffusion(self, ion: str, temperature: float, values: Mapping[str, float]) -> float:
        """D [m^2/s] of a foreign ion."""
        ratio = values[ratio_of(ion)]
        if ion not in self.energies:
            return ratio * values[bulk_of(temperature)]
        colder = self.energies[ion] / Boltzmann * (1 / temperature - 1 / self.reference)
        return ratio * values[bulk_of(self.reference)] * math.exp(-colder)

    @property
    def vacancy_sd(self) -> float:
        """1 SD of the vacancy fraction."""
        return self.parameters[VACANCIES].standard_uncertainty

    def bulk_covariance(self, temperatures: Sequence[float]) -> FloatArray:
        """(K, K) of ln D_bulk at temperatures [K]."""
        return _log_covariance([self.parameters[bulk_of(t)] for t in temperatures])


def bulk_of(temperature: float) -> str:
    """Name of the parameter D_bulk at a temperature [K]."""
    return f"D_bulk at {format_celsius(temperature)}"


def ratio_of(ion: str) -> str:
    """Name of the parameter D of a foreign ion over D_bulk."""
    return f"D ratio of {ion}"


def design_inputs(series: Series, options: DesignOptions) -> DesignInputs:
    """From the study.

    Raises
    ------
    InputError
        If something is missing or undetermined (with the reason and what to give).
    """
    sample, notes, doubts = series.sample, list[str](), list[str]()
    if sample.carrier_density is None or sample.thickness is None:
        missing = "carrier_density" if sample.carrier_density is None else "thickness"
        raise InputError(f"a design needs the sample's {missing}")
    if not sample.carrier:
        raise InputError("which ion is native? State the sample's 'carrier', e.g. 'carrier: Li+'")
    native = checked_ion(sample.carrier)
    temperatures = options.temperature or _temperatures_of_inputs(series)
    parameters = {DENSITY: sample.carrier_density, THICKNESS: sample.thickness}
    parameters |= _bulk(series, temperatures, notes, doubts)
    parameters[WIDTH] = _given(series, "site_energy_fwhm", *ASSUMED_FWHM, notes,
                               f"a width of {ASSUMED_FWHM[0] / MEV:.0f} ± {ASSUMED_FWHM[1] / MEV:.0f} meV")
    parameters[VACANCIES] = _given(series, "vacancy_fraction", *ASSUMED_VACANCIES, notes,
                                   "10 ± 4 % of the sites vacant")
    ratios, reference = _ratios(series, options, native, temperatures, notes)
    order = sorted(ratios, key=lambda ion: -ratios[ion].value)
    parameters |= {ratio_of(ion): ratios[ion] for ion in order}
    if reference not in temperatures:
        parameters |= _bulk(series, (reference,), [], [])
    energies = {ion: stated.activation_energy.value for ion, stated in options.ions.items()
                if stated.activation_energy is not None}  # fmt: skip
    if len(temperatures) > 1 and set(order) - set(energies):
        notes.append("the same ratio of D at all temperatures (give the ions' 'activation_energy')")
    return DesignInputs(
        tuple(order), tuple(temperatures), parameters, energies, reference, sample.carrier_charge or 1,
        0.0 if options.immobile_fraction is None else options.immobile_fraction.value,
        _spectrometer(options, sample.carrier_density), tuple(notes), tuple(dict.fromkeys(doubts)),
    )  # fmt: skip


def _spectrometer(options: DesignOptions, density: Estimate) -> Spectrometer:
    said = options.counting
    return Spectrometer(
        said.native, said.foreign, said.slice, said.resolution, said.depth_error,
        math.hypot(options.current_error.value, density.standard_uncertainty / density.value),
        said.scale_error,
    )  # fmt: skip


def _temperatures_of_inputs(series: Series) -> tuple[float, ...]:
    rows = [*series.inputs.get("conductivity", ()), *series.inputs.get("bulk_diffusion", ())]
    found = sorted({round(row.temperature.value, 2) for row in rows if row.temperature is not None})
    if not found:
        raise InputError("at which temperature? State 'temperature: 70 degC', a list or '50 degC to 90 degC'")
    if len(found) <= 5:
        return tuple(found)
    return tuple(found[round(k * (len(found) - 1) / 4)] for k in range(5))


def _bulk(
    series: Series, temperatures: Sequence[float], notes: list[str], doubts: list[str]
) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    for kelvin in temperatures:
        estimate, said, origin = bulk_diffusion_at(series, exact(kelvin, dimension_of("K")))
        if estimate.status != "determined":
            raise InputError(f"a design needs D_bulk at {format_celsius(kelvin)}: {estimate.note}")
        if estimate.spread == 0:
            doubts.append("D_bulk is stated without an error and taken as exact: what is expected of the "
                          "width is too good")  # fmt: skip
        doubts += said
        found[bulk_of(kelvin)] = estimate
        if len(temperatures) == 1 and origin:
            notes.append(f"D_bulk from {origin}")
    return found


def _given(
    series: Series, key: str, assumed: float, spread: float, notes: list[str], words: str
) -> Estimate:
    rows = [row.estimate for row in series.inputs.get(key, ()) if row.estimate.status == "determined"]
    if rows:
        return min(rows, key=lambda estimate: estimate.standard_uncertainty)
    notes.append(f"{words} (assumed)")
    dimension = dimension_of("J") if key == "site_energy_fwhm" else DIMENSIONLESS
    return measured(assumed, spread, dimension, source=f"{series.source}.{key}")


def _ratios(
    series: Series, options: DesignOptions, native: str, temperatures: Sequence[float], notes: list[str]
) -> tuple[dict[str, Estimate], float]:
    """D over D_bulk of every candidate, and the temperature [K] at which they hold."""
    rows = [row for row in series.inputs.get("diffusion_ratio", ()) if row.estimate.status == "determined"]
    measured_ions = dict.fromkeys(row.item.split(" ")[0].rstrip(",") for row in rows if row.item)
    wanted: Mapping[str, StatedIon] = options.ions or {
        ion: StatedIon(ion) for ion in (measured_ions or ASSUMED_RATIOS) if ion != native
    }
    other = [ion for ion in wanted if parse_ion(ion).charge != parse_ion(native).charge]
    if other:
        raise InputError(f"a design is for ions of one charge, {other[0]} and {native} have two: "
                         "replacement.simulate describes them")  # fmt: skip
    if native in wanted:
        raise InputError(f"{native} is the native ion: a foreign one has to replace it")
    found: dict[str, Estimate] = {}
    for ion, stated in wanted.items():
        own = [row for row in rows if row.item.split(" ")[0].rstrip(",") == ion]
        own = own or [row for row in rows if not row.item and len(wanted) == 1]
        if stated.ratio is not None:
            found[ion] = estimate_of(stated.ratio, f"{series.source}.ions.{ion}.ratio")
        elif own:
            found[ion] = min((row.estimate for row in own), key=lambda e: e.standard_uncertainty)
        elif ion in ASSUMED_RATIOS:
            value = ASSUMED_RATIOS[ion]
            found[ion] = measured(value, ASSUMED_RATIO_SPREAD * value, scale="log",
                                  source=f"{series.source}.ions.{ion}.ratio")  # fmt: skip
            notes.append(f"D of {ion} {value:.2g} of D_bulk, as in a lithium borate glass (assumed, within a "
                         "factor 1.6)")  # fmt: skip
        else:
            raise InputError(f"D of {ion} is not known: state 'ions: {{{ion}: 1e-4}}' (D over D_bulk), or "
                             "give diffusion_ratio from a fit of its profile")  # fmt: skip
    return found, _reference(rows, temperatures)


def _reference(rows: Sequence[Row], temperatures: Sequence[float]) -> float:
    known = [row.temperature.value for row in rows if row.temperature is not None]
    return known[0] if known else temperatures[0]


def _log_covariance(estimates: Sequence[Estimate]) -> FloatArray:
    scale = np.array([1.0 if e.scale == "log" else 1 / e.value for e in estimates])
    return np.asarray(covariance(estimates) * np.outer(scale, scale))
