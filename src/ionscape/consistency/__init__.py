"""What needs two techniques at once: conductivity and diffusion, charge and number of carriers.

Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.consistency.nernst_einstein import (
        apparent_carrier_density,
        diffusion_coefficient,
        haven_ratio,
    )

__all__ = ["apparent_carrier_density", "diffusion_coefficient", "haven_ratio"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ionscape.consistency import nernst_einstein

    return getattr(nernst_einstein, name)


def __dir__() -> list[str]:
    return sorted(__all__)
