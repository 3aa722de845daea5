"""Tracers as a technique of ionscape: its analyses and the quantities they give."""

from __future__ import annotations

from ionscape.core.registry import Analysis, Technique, deferred
from ionscape.tracer.boundaries_options import BoundariesOptions
from ionscape.tracer.fit_options import FitOptions
from ionscape.tracer.image_fit_options import ImageFitOptions
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.plan_options import PlanOptions
from ionscape.tracer.propagate_options import PropagateOptions

TECHNIQUE = Technique(
    name="tracer",
    summary="Isotope profiles and images to diffusion coefficients of bulk, grain boundaries and the whole",
    package="ionscape.tracer",
    measurement=TracerMeasurement,
    analyses=(
        Analysis(
            "tracer.fit",
            "Fit every exchange profile: constant source, surface exchange, thin film, fast boundaries; the "
            "model is chosen with reasons unless given",
            FitOptions,
            deferred("ionscape.tracer.fit_analysis:profiles_of_study"),
            deferred("ionscape.tracer.fit_analysis:fit_one"),
            outputs={
                "diffusion_coefficient": "m^2/s",
                "surface_exchange_coefficient": "m/s",
                "surface_flux": "m/s",
                "amount": "m",
                "layer_thickness": "m",
                "boundary_product": "m^3/s",
                "source_fraction": "1",
                "initial_fraction": "1",
                "surface_position": "m",
            },
        ),
        Analysis(
            "tracer.propagate",
            "Propagate a measured profile through storage or annealing and fit D, or D0 and the activation "
            "energy, to one or several later profiles",
            PropagateOptions,
            deferred("ionscape.tracer.propagate_analysis:storage_of_study"),
            deferred("ionscape.tracer.propagate_analysis:fractions_of_one"),
            outputs={
                "diffusion_coefficient": "m^2/s",
                "activation_energy": "J",
                "pre_exponential_factor": "m^2/s",
            },
        ),
        Analysis(
            "tracer.boundaries",
            "Find the grain boundaries of an isotope image; gradient, step and D_gb/δ of each",
            BoundariesOptions,
            deferred("ionscape.tracer.boundaries_analysis:boundaries_of_study"),
            optional_inputs=("bulk_diffusion",),
            measures=True,
            input_dimensions={"bulk_diffusion": "m^2/s"},
            outputs={
                "boundary_permeability": "m/s",
                "boundary_permeability_spread": "1",
                "boundary_diffusion_coefficient": "m^2/s",
                "grain_size": "m",
            },
        ),
        Analysis(
            "tracer.image_fit",
            "Fit the whole image: two-dimensional diffusion with resistive grain boundaries",
            ImageFitOptions,
            deferred("ionscape.tracer.image_fit_analysis:images_of_study"),
            optional_inputs=("bulk_diffusion",),
            measures=True,
            input_dimensions={"bulk_diffusion": "m^2/s"},
            outputs={
                "diffusion_coefficient": "m^2/s",
                "boundary_permeability": "m/s",
                "boundary_permeability_spread": "1",
                "boundary_diffusion_coefficient": "m^2/s",
                "diffusion_coefficient_effective": "m^2/s",
            },
        ),
        Analysis(
            "tracer.plan",
            "How cold and how long an acquisition may be; which exchange time fixes D_bulk and D_gb best",
            PlanOptions,
            deferred("ionscape.tracer.plan_analysis:plan_of_study"),
            optional_inputs=("diffusion", "activation_energy", "bulk_diffusion", "boundary_permeability"),
            measures=False,
            input_dimensions={
                "diffusion": "m^2/s",
                "activation_energy": "J",
                "bulk_diffusion": "m^2/s",
                "boundary_permeability": "m/s",
            },
            outputs={
                "acquisition_temperature": "K",
                "acquisition_time": "s",
                "exchange_time": "s",
                "diffusion_length": "m",
            },
        ),
    ),
)
