"""What a sample went through: stages of constant or linearly changing temperature."""

from __future__ import annotations

from dataclasses import dataclass

from ionscape.core.serial import storable


@storable
@dataclass(frozen=True)
class Stage:
    """One stage: ``duration`` [s] while the temperature goes linearly from ``start`` to ``end`` [K]."""

    duration: float
    start: float
    end: float
