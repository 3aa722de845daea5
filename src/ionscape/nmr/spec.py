"""NMR with pulsed field gradients as a technique of ionscape."""

from __future__ import annotations

from ionscape.core.registry import Analysis, Technique, deferred
from ionscape.nmr.fit_options import FitOptions, NmrMeasurement

TECHNIQUE = Technique(
    name="nmr",
    summary="Echo decays with pulsed field gradients to self-diffusion coefficients",
    package="ionscape.nmr",
    measurement=NmrMeasurement,
    analyses=(
        Analysis(
            "nmr.fit",
            "Diffusion coefficient, several, or a distribution; whether it depends on gradient or diffusion "
            "time",
            FitOptions,
            deferred("ionscape.nmr.fit_analysis:decays_of_study"),
            deferred("ionscape.nmr.fit_analysis:fit_one"),
            outputs={
                "diffusion_coefficient": "m^2/s",
                "diffusion_coefficient_mean": "m^2/s",
                "diffusion_coefficient_long_time": "m^2/s",
                "diffusion_coefficient_short_time": "m^2/s",
                "diffusion_coefficient_along": "m^2/s",
                "diffusion_coefficient_across": "m^2/s",
                "diffusion_coefficient_1": "m^2/s",
                "diffusion_coefficient_2": "m^2/s",
                "diffusion_coefficient_3": "m^2/s",
                "fraction_*": "1",
                "relative_spread": "1",
                "barrier_distance": "m",
            },
        ),
    ),
)
