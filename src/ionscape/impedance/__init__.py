"""Impedance: from spectra to resistances, capacitances, conductivities and what they belong to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.impedance.kramers_kronig import validity as validity
    from ionscape.impedance.relaxation_time_distribution import relaxation_times as relaxation_times
    from ionscape.impedance.spectrum_fit import fit as fit
    from ionscape.impedance.temperature_series import fit_series as fit_series

_WHERE = {
    "fit": "spectrum_fit",
    "fit_series": "temperature_series",
    "relaxation_times": "relaxation_time_distribution",
    "validity": "kramers_kronig",
}
__all__ = ["fit", "fit_series", "relaxation_times", "validity"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"ionscape.impedance.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
