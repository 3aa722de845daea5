"""A made-up LLTO ceramic for the tests: coefficients by plain formulas from the paper's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample

K_EV = Boltzmann / elementary_charge
S, K, N, D, P, M, OHM = (dimension_of(u) for u in ("S/m", "K", "m^-3", "m^2/s", "m/s", "m", "ohm"))
CARRIERS = measured(5.0e27, 1e26, N, source="n")
GRAIN = measured(16e-6, 11e-6, M, source="l")
SIGMA_AT = (253.0, 273.0, 295.15, 323.0, 348.0, 373.0, 398.0)
TRACER_AT = (295.15, 323.0, 348.0, 373.0)


def bulk(kelvin: float) -> float:
    """D_bulk [m^2/s], of single ions and of charge: H_R = 1."""
    return 2.6e-12 * math.exp(-0.30 / K_EV * (1 / kelvin - 1 / 295.15))


def edge(kelvin: float, factor: float = 0.048e-4) -> float:
    """(l/δ) D_gb [m^2/s] by the paper's pre-factors, 0.048 and 0.20 cm²/s, and 0.43 eV."""
    return factor * math.exp(-0.43 / (K_EV * kelvin))


def in_series(a: float, b: float) -> float:
    return 1 / (1 / a + 1 / b)


def sample(**more: object) -> Sample:
    fields: dict[str, object] = {
        "carrier": "Li+",
        "carrier_charge": 1,
        "carrier_density": CARRIERS,
        "extra": {"grain_size": GRAIN, "grain_boundary_thickness": exact(0.5e-9, M)},
    }
    return Sample("llto", **(fields | more))  # type: ignore[arg-type]


def conductivities(
    names: Sequence[str] = ("bulk", "grain_boundary", "total"), noise: float = 0.01
) -> list[Row]:
    """Arc conductivities at seven temperatures that share a thickness."""
    rng = np.random.default_rng(1)
    thickness = measured(1.0, 0.01, source="thickness", scale="log")
    rows = []
    for kelvin in SIGMA_AT:
        b, x = bulk(kelvin), edge(kelvin, 0.20e-4)
        for name, d in (("bulk", b), ("grain_boundary", x), ("total", in_series(b, x))):
            sigma = (
                d
                * 5e27
                * elementary_charge**2
                / (Boltzmann * kelvin)
                * math.exp(noise * rng.standard_normal())
            )
            own = measured(sigma, noise * sigma, S, source=f"{name} {kelvin}")
            if name in names:
                rows.append(Row(f"conductivity_{name}", own * thickness, exact(kelvin, K), f"{kelvin:g} K"))
    return rows


def diffusion(kind: str, channel: str, noise: float = 0.05, at: Sequence[float] = TRACER_AT) -> list[Row]:
    """Coefficients of single ions."""
    rng = np.random.default_rng(2)
    rows = []
    for kelvin in at:
        value = bulk(kelvin) if channel == "bulk" else in_series(bulk(kelvin), edge(kelvin))
        value *= math.exp(noise * rng.standard_normal())
        own = measured(value, noise * value, D, source=f"{kind} {channel} {kelvin}")
        rows.append(Row("diffusion_coefficient", own, exact(kelvin, K), f"{kelvin:g} K", "", kind, channel))
    return rows


def stated(name: str, value: float, sd: float, unit: str, kelvin: float | None = None) -> Row:
    """A value as a study states it: the row bears the input's name."""
    dimension = dimension_of(unit)
    estimate: Estimate = (
        measured(value, sd, dimension, source=f"stated {name}") if sd else exact(value, dimension)
    )
    return Row(name, estimate, None if kelvin is None else exact(kelvin, K))


def series(inputs: dict[str, list[Row]], of: Sample | None = None) -> Series:
    return Series(of or sample(), "study.analysis", inputs=inputs)


def of(outcome: Outcome, quantity: str, item: str = "") -> list[Row]:
    return [row for row in outcome.rows if row.quantity == quantity and row.item.startswith(item)]
