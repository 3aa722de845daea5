"""The fields a study may set for `tracer.plan`; errors are found when the study is loaded."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class PlanOptions(FieldModel):
    """Of `tracer.plan`."""
