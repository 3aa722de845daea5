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
            "Diffusion coefficient, or several, or a distribution; whether it depends on gradient or diffusion time",
            FitOptions,
            deferred("ionscape.nmr.fit_analysis:decays_of_study"),
            deferred("ionscape.nmr.fit_analysis:fit_one"),
            outputs={"diffusion_coefficient": "m^2/s"},
        ),
    ),
)
