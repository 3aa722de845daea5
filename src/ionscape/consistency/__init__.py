"""What needs two techniques at once: conductivity and diffusion, charge and number of carriers.

``from ionscape import consistency; consistency.haven_ratio(...)``. Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionscape.core.lazy import lazy_names

if TYPE_CHECKING:
    from ionscape.consistency.coefficients import Coefficient, coefficients_of
    from ionscape.consistency.course import Course
    from ionscape.consistency.effective import agreement, predictions
    from ionscape.consistency.grain_sizes import grain_size_of
    from ionscape.consistency.judgement import Verdict, verdict
    from ionscape.consistency.published import (
        check_carrier_density,
        check_permeability_unit,
        check_published,
        check_series_limit,
        check_temperatures,
    )
    from ionscape.consistency.ratios import JointLines, joint_lines, ratio_on_lines, ratios_at_points
    from ionscape.consistency.series_model import (
        boundary_product,
        brick_layer_diffusion,
        maxwell_garnett_diffusion,
        series_diffusion,
        series_length,
    )
    from ionscape.core.nernst_einstein import (
        apparent_carrier_density,
        diffusion_coefficient,
        haven_ratio,
        mobility,
    )

_WHERE = {
    "Coefficient": "coefficients",
    "Course": "course",
    "JointLines": "ratios",
    "Verdict": "judgement",
    "agreement": "effective",
    "apparent_carrier_density": "ionscape.core.nernst_einstein",
    "boundary_product": "series_model",
    "brick_layer_diffusion": "series_model",
    "check_carrier_density": "published",
    "check_permeability_unit": "published",
    "check_published": "published",
    "check_series_limit": "published",
    "check_temperatures": "published",
    "coefficients_of": "coefficients",
    "diffusion_coefficient": "ionscape.core.nernst_einstein",
    "grain_size_of": "grain_sizes",
    "haven_ratio": "ionscape.core.nernst_einstein",
    "joint_lines": "ratios",
    "maxwell_garnett_diffusion": "series_model",
    "mobility": "ionscape.core.nernst_einstein",
    "predictions": "effective",
    "ratio_on_lines": "ratios",
    "ratios_at_points": "ratios",
    "series_diffusion": "series_model",
    "series_length": "series_model",
    "verdict": "judgement",
}

__all__ = [
    "Coefficient",
    "Course",
    "JointLines",
    "Verdict",
    "agreement",
    "apparent_carrier_density",
    "boundary_product",
    "brick_layer_diffusion",
    "check_carrier_density",
    "check_permeability_unit",
    "check_published",
    "check_series_limit",
    "check_temperatures",
    "coefficients_of",
    "diffusion_coefficient",
    "grain_size_of",
    "haven_ratio",
    "joint_lines",
    "maxwell_garnett_diffusion",
    "mobility",
    "predictions",
    "ratio_on_lines",
    "ratios_at_points",
    "series_diffusion",
    "series_length",
    "verdict",
]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
