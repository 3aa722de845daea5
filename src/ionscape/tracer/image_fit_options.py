"""The fields a study may set for `tracer.image_fit`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ionscape.core.field_types import FieldModel, Length, positive
from ionscape.core.quantity import Quantity

Energy = Annotated[Quantity, positive("energy")]


class ImageFitOptions(FieldModel):
    """Of `tracer.image_fit`.

    The input ``bulk_diffusion`` is D of the grains from elsewhere (NMR), kept with its error; free if not
    given. Fractions of source and start that the measurement states are taken as they are; free if not.
    """

    permeability: Literal["auto", "one", "each"] = Field(
        "auto",
        description="one D_gb/δ for all boundaries, or one for each with a log-normal spread; auto: one, "
        "and each "
        "where one leaves residuals beyond the counting noise",
    )
    resolution: Length | None = Field(
        None, description="1 standard deviation of the instrument's lateral blur; none if not given"
    )
    excluded_pixels: int = Field(
        1, ge=0, le=5, description="pixels nearer than this to another grain are not compared"
    )
    far_edge: Literal["open", "closed"] = Field(
        "open",
        description="open: behind the edge opposite to the source the sample goes on (to sample_length, or "
        "ten times "
        "the image); closed: the image ends with the sample",
    )
    edge_in_storage: Literal["closed", "held"] = Field(
        "closed",
        description="during storage no tracer passes the source edge; held: a large immersed part keeps it "
        "at the "
        "source's fraction",
    )
    activation_energy_bulk: Energy | None = Field(
        None, description="of D in the grains, needed where storage and exchange have different temperatures"
    )
    activation_energy_boundary: Energy | None = Field(
        None, description="of D_gb/δ, needed where storage and exchange have different temperatures"
    )
