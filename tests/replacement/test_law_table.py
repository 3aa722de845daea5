"""Tables of diffusion laws against the laws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import DiffusionLaw
from ionscape.replacement.electroneutral_flux import table_value
from ionscape.replacement.law_table import law_tables, temperature_nodes

from .replacement_cases import TEMPERATURE, GaussianSites


def test_close_to_the_law_with_its_slope() -> None:
    law = GaussianSites()
    table = law_tables([law], np.array([TEMPERATURE]))[0, 0]
    filling = np.linspace(0.01, 1, 777)
    found = np.array([table_value(table, at) for at in filling])
    exact = law.log_diffusion(filling, TEMPERATURE)
    assert np.max(np.abs(found[:, 0] - exact)) < 2e-5
    inner = slice(5, -5)
    slope = (
        law.log_diffusion(filling + 1e-6, TEMPERATURE) - law.log_diffusion(filling - 1e-6, TEMPERATURE)
    ) / 2e-6
    assert found[inner, 1] == pytest.approx(slope[inner], rel=5e-3)


def test_finite_where_the_law_ends() -> None:
    table = law_tables([GaussianSites()], np.array([TEMPERATURE]))[0, 0]
    values = np.array([table_value(table, at)[0] for at in (-0.1, 0.0, 1e-6, 1e-4)])
    assert np.all(np.isfinite(values))
    assert np.all(np.diff(values) >= 0)


def test_temperatures() -> None:
    assert temperature_nodes(300.0, 300.0) == pytest.approx([300.0])
    nodes = temperature_nodes(300.0, 350.0)
    assert nodes[0] == pytest.approx(300)
    assert nodes[-1] == pytest.approx(350)
    assert np.all(np.diff(nodes) > 0)


def test_no_number() -> None:
    class Nothing(DiffusionLaw):
        def log_diffusion(self, filling: ArrayLike, temperature: float) -> NDArray[np.float64]:  # noqa: ARG002
            return np.full(np.shape(filling), np.nan)

    with pytest.raises(InputError, match="not a finite number"):
        law_tables([Nothing()], np.array([300.0]))
