"""Impedance as a technique of ionscape: its analyses and the quantities they give."""

from __future__ import annotations

from ionscape.core.registry import Analysis, Technique, deferred
from ionscape.impedance.options import FitOptions, GlobalOptions, Options, RelaxationOptions, ValidityOptions

FIT_OUTPUTS = {
    "resistance_*": "ohm",
    "relaxation_time_*": "s",
    "capacitance_*": "F",
    "permittivity_*": "1",
    "conductivity_bulk": "S/m",
    "conductivity_grain_boundary": "S/m",
    "conductivity_total": "S/m",
    "conductivity_*": "S/m",
}

GLOBAL_OUTPUTS = {
    "activation_energy_*": "J",
    "resistance_*": "ohm",
    "conductivity_bulk": "S/m",
    "conductivity_grain_boundary": "S/m",
    "conductivity_total": "S/m",
    "conductivity_*": "S/m",
}


class ImpedanceMeasurement(Options):
    """An impedance measurement has no fields of its own beyond those of every measurement."""


TECHNIQUE = Technique(
    name="impedance",
    summary="Impedance spectra to resistances, capacitances, conductivities and activation energies",
    package="ionscape.impedance",
    measurement=ImpedanceMeasurement,
    analyses=(
        Analysis(
            "impedance.validity",
            "Kramers-Kronig test of every spectrum: verdict, noise, drift, and the window that holds",
            ValidityOptions,
            deferred("ionscape.impedance.validity_analysis:verdicts_of_study"),
            deferred("ionscape.impedance.validity_analysis:test_one"),
            outputs={"noise": "1", "drift": "1"},
        ),
        Analysis(
            "impedance.relaxation_times",
            "Distribution of relaxation times of every spectrum, its peaks followed over the series",
            RelaxationOptions,
            deferred("ionscape.impedance.relaxation_analysis:relaxation_times_of_study"),
            deferred("ionscape.impedance.relaxation_analysis:invert_one"),
            outputs={"relaxation_time_*": "s", "resistance_peak_*": "ohm"},
        ),
        Analysis(
            "impedance.fit",
            "Fit one circuit to all spectra, name the arcs, give bulk, boundary and total conductivity",
            FitOptions,
            deferred("ionscape.impedance.fit_analysis:fit_series_of_study"),
            deferred("ionscape.impedance.fit_each:fit_one"),
            outputs=FIT_OUTPUTS,
        ),
        Analysis(
            "impedance.global_fit",
            "Fit all temperatures at once with Arrhenius-tied resistances; compare with the separate fits",
            GlobalOptions,
            deferred("ionscape.impedance.global_analysis:fit_study_globally"),
            deferred("ionscape.impedance.fit_each:fit_one"),
            outputs=GLOBAL_OUTPUTS,
        ),
    ),
)
