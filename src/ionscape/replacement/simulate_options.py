"""The fields a study may set for `replacement.simulate`; errors are found when the study is loaded."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class SimulateOptions(FieldModel):
    """Of `replacement.simulate`."""
