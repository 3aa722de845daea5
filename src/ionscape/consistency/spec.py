"""What a study can ask across techniques."""

from __future__ import annotations

from ionscape.consistency.options import (
    EFFECTIVE_INPUTS,
    TABLE_INPUTS,
    EffectiveDiffusionOptions,
    HavenRatioOptions,
    NernstEinsteinOptions,
    TableOptions,
)
from ionscape.core.registry import Analysis, Technique, deferred

_RATIOS = {
    "haven_ratio": "1",
    "apparent_carrier_density": "m^-3",
    "activation_energy_difference": "J",
}
_GRAINS = {"grain_size": "m"}

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
        Analysis(
            name="consistency.haven_ratio",
            summary=(
                "H_R = D*/D_σ of bulk, boundaries or the whole, its temperature dependence, and whether "
                "Nernst-Einstein may be used."
            ),
            options=HavenRatioOptions,
            combine=deferred("ionscape.consistency.haven_analysis:haven_ratio_outcome"),
            one_sample=True,
            inputs=("tracer", "conductivity"),
            optional_inputs=("grain_size",),
            input_dimensions=_GRAINS,
            outputs=_RATIOS,
        ),
        Analysis(
            name="consistency.effective_diffusion",
            summary=(
                "D over many grains predicted from bulk and boundaries, against the measured one; boundaries "
                "from D_eff and D_bulk; inconsistent numbers caught."
            ),
            options=EffectiveDiffusionOptions,
            combine=deferred("ionscape.consistency.effective_analysis:effective_outcome"),
            one_sample=True,
            inputs=EFFECTIVE_INPUTS[:1],
            optional_inputs=(*EFFECTIVE_INPUTS[1:], "grain_size"),
            input_dimensions=_GRAINS,
            outputs={
                "diffusion_coefficient_effective_predicted": "m^2/s",
                "diffusion_coefficient": "m^2/s",
                "boundary_permeability": "m/s",
                "boundary_diffusion_coefficient": "m^2/s",
            },
        ),
        Analysis(
            name="consistency.table",
            summary=(
                "All diffusion coefficients of a sample named by what they are, their ratios, one Arrhenius "
                "figure, and the verdict on Nernst-Einstein."
            ),
            options=TableOptions,
            combine=deferred("ionscape.consistency.table_analysis:table_outcome"),
            one_sample=True,
            inputs=TABLE_INPUTS[:1],
            optional_inputs=(*TABLE_INPUTS[1:], "grain_size"),
            input_dimensions=_GRAINS,
            outputs={
                "diffusion_coefficient_bulk": "m^2/s",
                "diffusion_coefficient_boundary": "m^2/s",
                "diffusion_coefficient_effective": "m^2/s",
                "mobility": "m^2/V/s",
                **_RATIOS,
            },
        ),
    ),
    package="ionscape.consistency",
)
