"""What a study may say about a profile after a replacement of ions."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class ReplacementMeasurement(FieldModel):
    """A depth profile and the experiment that made it."""
