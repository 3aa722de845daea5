"""Replacement of ions: charge-attachment induced transport, field-assisted exchange, poling."""

from __future__ import annotations

from ionscape.core.lazy import lazy_names

_WHERE: dict[str, str] = {
    "ConstantDiffusion": "diffusion_law",
    "DiffusionLaw": "diffusion_law",
    "Programme": "programme",
    "Stage": "programme",
    "Trace": "programme",
    "Replacement": "replacement_result",
    "simulate": "simulation",
    "Conductor": "system",
    "Ion": "system",
}
__all__ = sorted(_WHERE)
__getattr__, __dir__ = lazy_names(__name__, _WHERE)
