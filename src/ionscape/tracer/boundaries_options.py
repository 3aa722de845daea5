"""The fields a study may set for `tracer.boundaries`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, Length


class BoundariesOptions(FieldModel):
    """Of `tracer.boundaries`.

    A boundary mask or a label map (EBSD) is one more measurement in ``on``, whose files hold
    ``boundary_mask`` or ``grain_labels``; without one the grains are found in the image.
    """

    resolution: Length | None = Field(
        None,
        description="lateral resolution (full width at half maximum) of the instrument; else one pixel",
    )
    strip_width: Length | None = Field(
        None, description="furthest distance from a boundary that is used; its length if not given"
    )
    minimum_length: Length | None = Field(
        None, description="shorter boundaries are not measured; five pixels if not given"
    )
    registration: Literal["none", "scale", "points", "automatic"] = Field(
        "none",
        description="how the map of grains comes onto the image: same pixels; same area, other pixels; by "
        "'control_points'; by itself, from the boundaries in both",
    )
    control_points: tuple[tuple[float, float, float, float], ...] = Field(
        (), description="for 'registration: points', in pixels: [x, y, x in the map of grains, y in it]"
    )
    shear: bool = Field(False, description="whether registration allows shear and two scales")
    depletion: float | None = Field(
        None,
        gt=0,
        description="n_b/n_gb: carrier density in the grains over that in the boundary, for D_gb = P δ; "
        "1 if not given",
    )

    @model_validator(mode="after")
    def _points_given(self) -> BoundariesOptions:
        if (self.registration == "points") != bool(self.control_points):
            raise InputError(
                "'registration: points' and 'control_points' belong together: give both or neither"
            )
        return self
