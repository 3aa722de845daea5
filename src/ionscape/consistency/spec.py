"""What a study can ask across techniques."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from ionscape.core.registry import Analysis, Technique, deferred


class NernstEinsteinOptions(BaseModel):
    """Of `consistency.nernst_einstein`: it has none; carrier density and charge belong to the sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")


TECHNIQUE = Technique(
    name="consistency",
    summary="What needs two techniques at once: conductivity and diffusion, charge and number of carriers.",
    analyses=(
        Analysis(
            name="consistency.nernst_einstein",
            summary="Diffusion coefficient that a conductivity stands for, from the sample's carriers.",
            options=NernstEinsteinOptions,
            combine=deferred("ionscape.consistency.analyses:nernst_einstein_outcome"),
            inputs=("conductivity",),
            input_dimensions={"conductivity": "S/m"},
            outputs={"diffusion_coefficient_conductivity": "m^2/s"},
        ),
    ),
    package="ionscape.consistency",
)
