"""A series as a study hands it to `replacement.simulate`: the assumed set of the lithium borate glass."""

from __future__ import annotations

from typing import Any

from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.sample import Sample
from ionscape.replacement.simulate_analysis import simulation_of_study
from ionscape.replacement.simulate_options import SimulateOptions
from ionscape.testing.lithium_borate import TRUTH

MEV = 1.602176634e-22
KELVIN = exact(TRUTH.temperature, dimension_of("K"))


def glass(**more: Any) -> Sample:
    """The sample, everything exact."""
    fields: dict[str, Any] = {
        "thickness": exact(TRUTH.thickness, dimension_of("m")), "carrier": "Li+", "carrier_charge": 1,
        "carrier_density": exact(TRUTH.carrier_density, dimension_of("m^-3")),
        "extra": {"permittivity": exact(TRUTH.permittivity)},
    }  # fmt: skip
    return Sample("glass", **(fields | more))


def row(quantity: str, estimate: Estimate, **more: Any) -> Row:
    return Row(quantity, estimate, **more)


def series(sample: Sample | None = None, **inputs: list[Row]) -> Series:
    """Inputs without errors; others, or with errors, by keyword."""
    known = {
        "bulk_diffusion": [row("diffusion_coefficient", exact(TRUTH.bulk_diffusion, dimension_of("m^2/s")),
                               temperature=KELVIN, kind="D_sigma")],
        "site_energy_fwhm": [row("site_energy_fwhm", exact(250 * MEV, dimension_of("J")))],
        "vacancy_fraction": [row("vacancy_fraction", exact(0.10))],
    }  # fmt: skip
    return Series(sample or glass(), "test", inputs=known | inputs)


def uncertain(value: float, spread: float, unit: str, source: str) -> Estimate:
    return measured(value, spread, dimension_of(unit), source=source)


def simulated(of: Series | None = None, **options: Any) -> Outcome:
    """The outcome of `replacement.simulate`; the K+ experiment on a coarse mesh unless told otherwise."""
    fields: dict[str, Any] = {"programme": "K+ 222.25 nA/cm^2 for 24 h at 70 degC", "cells": 240}
    if "programme" not in options:
        fields["ions"] = {"K+": TRUTH.diffusion_ratio["K+"]}
    return simulation_of_study(of or series(), SimulateOptions.model_validate(fields | options))


def estimate_of(outcome: Outcome, quantity: str, item: str) -> Estimate:
    return next(r.estimate for r in outcome.rows if (r.quantity, r.item) == (quantity, item))
