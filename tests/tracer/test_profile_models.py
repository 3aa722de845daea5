"""What all models of a profile have in common."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.tracer.fit_options import FitOptions
from ionscape.tracer.profile_models import DIFFUSION, DIMENSIONS, EXCHANGE, MODELS, with_free_source


@pytest.mark.parametrize("name", list(MODELS))
def test_every_model_can_be_asked_for(name: str) -> None:
    assert FitOptions.model_validate({"model": name}).model == name
    assert MODELS[name].parameters[0] == DIFFUSION
    assert all(parameter in DIMENSIONS for parameter in MODELS[name].parameters)


def test_flux_is_exchange_times_excess() -> None:
    x = np.linspace(0, 3e-5, 9)[None]
    values = {DIFFUSION: np.array([[1e-14]]), EXCHANGE: np.array([[2e-9]])}
    plain = MODELS["surface exchange"]
    free = with_free_source(plain)
    g, per_k = (model.response(x, 3600.0, values, None) for model in (plain, free))
    assert free.fraction(per_k, 0.1, 2e-9 * (0.9 - 0.1)) == pytest.approx(plain.fraction(g, 0.1, 0.9))
