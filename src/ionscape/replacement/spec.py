"""Replacement of ions as a technique of ionscape: its analyses and the quantities they give."""

from __future__ import annotations

from ionscape.core.registry import Analysis, Technique, deferred
from ionscape.replacement.design_options import DesignOptions
from ionscape.replacement.fit_options import FitOptions
from ionscape.replacement.measurement_fields import ReplacementMeasurement
from ionscape.replacement.simulate_options import SimulateOptions

_BULK = {"conductivity": "S/m", "bulk_diffusion": "m^2/s"}
_INVERSE = {**_BULK, "haven_ratio": "1", "activation_energy": "J"}
_FORWARD = {**_BULK, "site_energy_fwhm": "J", "vacancy_fraction": "1", "diffusion_ratio": "1"}
_DEFAULTS = {"conductivity": ("impedance.fit", "conductivity_bulk")}
_ALTERNATIVES = (("conductivity", "bulk_diffusion"),)

TECHNIQUE = Technique(
    name="replacement",
    summary="Profiles of ions that replaced others (CAIT, field-assisted exchange) to D(n) and site energies",
    package="ionscape.replacement",
    measurement=ReplacementMeasurement,
    analyses=(
        Analysis(
            "replacement.fit",
            "Fit one site energy distribution of the native ion to all profiles together; which parameters "
            "the data fix is computed and said first",
            FitOptions,
            deferred("ionscape.replacement.fit_analysis:replacements_of_study"),
            deferred("ionscape.replacement.fit_analysis:measured_one"),
            optional_inputs=tuple(_INVERSE),
            measures=True,
            default_inputs=_DEFAULTS,
            alternatives=_ALTERNATIVES,
            input_dimensions=_INVERSE,
            outputs={
                "site_energy_fwhm": "J",
                "site_energy_mean": "J",
                "vacancy_fraction": "1",
                "immobile_fraction": "1",
                "diffusion_ratio": "1",
                "diffusion_coefficient": "m^2/s",
                "diffusion_coefficient_foreign": "m^2/s",
                "plateau_fraction": "1",
                "front_depth": "m",
                "front_width": "m",
            },
        ),
        Analysis(
            "replacement.simulate",
            "Simulate a programme of currents, voltages and rests with one or several foreign ions",
            SimulateOptions,
            deferred("ionscape.replacement.simulate_analysis:simulation_of_study"),
            optional_inputs=tuple(_FORWARD),
            measures=False,
            one_sample=True,
            default_inputs=_DEFAULTS,
            alternatives=_ALTERNATIVES,
            input_dimensions=_FORWARD,
            outputs={
                "plateau_fraction": "1",
                "front_depth": "m",
                "front_width": "m",
                "attached_charge": "C/m^2",
                "film_voltage": "V",
                "bulk_voltage": "V",
                "excess_charge": "1",
                "intermixing_shift": "1",
            },
        ),
        Analysis(
            "replacement.design",
            "Charge, current, time and temperature for a front at the wanted depth; which foreign ion "
            "determines the site energies best",
            DesignOptions,
            deferred("ionscape.replacement.design_analysis:design_of_study"),
            optional_inputs=tuple(_FORWARD),
            measures=False,
            one_sample=True,
            default_inputs=_DEFAULTS,
            alternatives=_ALTERNATIVES,
            input_dimensions=_FORWARD,
            outputs={
                "attached_charge": "C/m^2",
                "current_density": "A/m^2",
                "replacement_time": "s",
                "replacement_temperature": "K",
                "plateau_fraction": "1",
                "front_depth": "m",
                "site_energy_fwhm_expected_uncertainty": "J",
            },
        ),
    ),
)  # fmt: skip
