"""The fields a study may set for `replacement.fit`; errors are found when the study is loaded."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class FitOptions(FieldModel):
    """Of `replacement.fit`."""
