"""The fields a study may set for `tracer.plan`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ionscape.core.field_types import FieldModel, Fraction, Length, Temperature, Time, positive
from ionscape.core.quantity import Quantity


class PlanOptions(FieldModel):
    """Of `tracer.plan`.

    The inputs for the acquisition: ``bulk_diffusion`` at several temperatures, which limits an image that
    resolves the grains; ``diffusion`` at one temperature with ``activation_energy``, or at several, which
    limits a coarser one. For the exchange: ``bulk_diffusion`` and ``boundary_permeability`` (guesses do).
    """

    resolution: Length | None = Field(None, description="lateral resolution of the image; 1 um if not given")
    resolution_share: Annotated[Quantity, positive("fraction")] | None = Field(
        None,
        description="diffusion length during the acquisition that is tolerated, as a share of the "
        "resolution; 0.3 if not given, which widens an edge by 4 %",
    )
    acquisition_time: Time | None = Field(
        None,
        description="planned time, e.g. '5 h'; the largest temperature follows. 5 h if neither time nor "
        "temperature is given",
    )
    acquisition_temperature: Temperature | None = Field(
        None, description="planned temperature, e.g. '-110 degC'; the longest time follows"
    )
    diffusion_temperature: Temperature | None = Field(
        None, description="of a diffusion coefficient that is stated without one"
    )
    grain_size: Length | None = Field(None, description="the sample's if not given")
    image_length: Length | None = Field(
        None, description="of the image along the diffusion; 500 um if not given"
    )
    image_width: Length | None = Field(
        None, description="of the image across the diffusion; 200 um if not given"
    )
    pixel: Length | None = Field(None, description="1 um if not given")
    counts_per_pixel: float = Field(200.0, gt=0, description="of both isotopes together, per image")
    source_fraction: Fraction | None = Field(
        None, description="isotope fraction of the source; 0.95 if not given"
    )
    initial_fraction: Fraction | None = Field(
        None, description="isotope fraction before the exchange; 0.0759 (natural 6Li) if not given"
    )
    sample_length: Length | None = Field(
        None, description="along the diffusion, where the tracer may cross all of it"
    )
    boundary_spread: float = Field(
        0.5, ge=0, description="standard deviation of ln(D_gb/δ) among the boundaries"
    )
    goal: Literal["bulk", "boundary", "both", "effective"] = Field(
        "both",
        description="what is to be determined best: D of the grains, D_gb/δ, both, or the D over many "
                    "grains",
    )
    second_image: bool = Field(
        False, description="whether a second image after storage is planned: finds the best storage time "
                           "too"
    )
