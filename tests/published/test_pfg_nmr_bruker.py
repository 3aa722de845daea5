"""A public Bruker data set (1H-encoded XSTE of a protein, 298 K): D of its README, 1.62(7)e-10 m²/s."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionscape.core.measurement import (
    DIFFUSION_TIME,
    GRADIENT,
    GRADIENT_PULSE,
    INTENSITY,
    INTENSITY_UNCERTAINTY,
)
from ionscape.nmr import fit_decay


def test_amide_region_without_corrections_of_the_delays(shared_data: Path) -> None:
    pytest.importorskip("nmrglue")
    from ionscape.read.bruker_diffusion import integrated

    found = integrated(shared_data / "diffusion" / "pfg_nmr_bruker_xste" / "ser", (7.7, 8.6))
    columns = found.sweeps[0].columns
    assert found.metadata["nucleus"] == "1H"
    fit = fit_decay(
        columns[INTENSITY], columns[INTENSITY_UNCERTAINTY], gradient=columns[GRADIENT],
        pulse=columns[GRADIENT_PULSE], delay=columns[DIFFUSION_TIME], nucleus="1H",
        shape=float(found.metadata["gradient_shape_factor"]), model="one",
    )  # fmt: skip
    assert fit.diffusion_coefficient.value == pytest.approx(1.62e-10, abs=0.02e-10)
    assert fit.diffusion_coefficient.standard_uncertainty == pytest.approx(0.07e-10, abs=0.02e-10)
