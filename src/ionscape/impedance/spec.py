"""Impedance as a technique of ionscape: its analyses and the quantities they give."""

from __future__ import annotations

from ionscape.core.registry import Analysis, Technique
from ionscape.impedance.fit_analysis import fit_series_of_study
from ionscape.impedance.fit_each import fit_one
from ionscape.impedance.global_analysis import fit_study_globally
from ionscape.impedance.options import FitOptions, GlobalOptions, Options, RelaxationOptions, ValidityOptions
from ionscape.impedance.relaxation_analysis import invert_one, relaxation_times_of_study
from ionscape.impedance.validity_analysis import test_one, verdicts_of_study

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
            verdicts_of_study,
            test_one,
            outputs={"noise": "1", "drift": "1"},
        ),
        Analysis(
            "impedance.relaxation_times",
            "Distribution of relaxation times of every spectrum, its peaks followed over the series",
            RelaxationOptions,
            relaxation_times_of_study,
            invert_one,
            outputs={"relaxation_time_*": "s", "resistance_peak_*": "ohm"},
        ),
        Analysis(
            "impedance.fit",
            "Fit one circuit to all spectra, name the arcs, give bulk, boundary and total conductivity",
            FitOptions,
            fit_series_of_study,
            fit_one,
            outputs=FIT_OUTPUTS,
        ),
        Analysis(
            "impedance.global_fit",
            "Fit all temperatures at once with Arrhenius-tied resistances; compare with the separate fits",
            GlobalOptions,
            fit_study_globally,
            fit_one,
            outputs=GLOBAL_OUTPUTS,
        ),
    ),
)
