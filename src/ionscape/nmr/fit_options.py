"""The fields a study may set for `nmr.fit`; errors are found when the study is loaded."""

from __future__ import annotations

from ionscape.core.field_types import FieldModel


class NmrMeasurement(FieldModel):
    """An echo decay: nucleus, gradient pulses and delays where the file does not state them."""


class FitOptions(FieldModel):
    """Of `nmr.fit`."""
