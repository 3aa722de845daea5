"""The fields a study may set for `tracer.image_fit`; errors are found when the study is loaded."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class ImageFitOptions(FieldModel):
    """Of `tracer.image_fit`."""
