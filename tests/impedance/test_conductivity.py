"""Conductivities: geometry errors shared, totals whose errors cancel, refusals with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.core.estimate import correlation, covariance, exact, joint, measured
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample, geometry
from ionscape.impedance.conductivity import (
    conductivity,
    conductivity_or_reason,
    geometry_of,
    specific_boundary_conductivity,
    total_resistance,
)

OHM, METRE, AREA = (named_dimension(n) for n in ("resistance", "length", "area"))
FARAD = named_dimension("capacitance")


def test_published_conductivity_of_s04147() -> None:
    # R1 = 1.462e5 ohm, 0.21 cm, diameter 0.8 cm -> 2.857e-6 S/cm (EISFitpython report, 413 K)
    sample = geometry("s04147", thickness=2.1e-3, diameter=8e-3)
    assert sample.thickness is not None
    assert sample.area is not None
    sigma = conductivity(exact(1.46223e5, OHM), sample.thickness, sample.area)
    assert sigma.to("S/cm")[0] == pytest.approx(2.857e-6, rel=3e-4)


def test_thickness_error_is_shared_by_all_temperatures() -> None:
    sample = geometry("a", thickness=(1e-3, 1e-4), area=1e-4)
    g = geometry_of(sample)
    hot, cold = (conductivity_or_reason(measured(r, 1e-3 * r, OHM, source=f"R{r}"), g) for r in (1e3, 1e6))
    assert hot.spread == pytest.approx(math.hypot(0.1, 1e-3))
    assert correlation(hot, cold) == pytest.approx(0.1**2 / (0.1**2 + 1e-6))
    assert (hot / cold).spread == pytest.approx(math.sqrt(2) * 1e-3)  # the thickness cancels in a ratio


def test_total_is_known_better_than_its_parts() -> None:
    # two arcs that trade resistance: only the sum is fixed
    parts = [1e4, 1e5]
    shift = np.array([1e3, -1e3 + 10.0]) / np.array(parts)
    estimates = joint("fit", parts, np.outer(shift, shift), scales=["log", "log"], dimensions=[OHM, OHM])
    total = total_resistance(estimates)
    assert total.value == pytest.approx(1.1e5)
    assert total.spread * total.value == pytest.approx(10.0, rel=1e-6)
    gradient = np.array(parts) / 1.1e5
    assert total.spread**2 == pytest.approx(float(gradient @ covariance(estimates) @ gradient), rel=1e-6)


def test_a_total_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        total_resistance([])


def test_no_geometry_no_conductivity() -> None:
    found = conductivity_or_reason(exact(1e3, OHM), geometry_of(Sample("pellet")))
    assert found.status == "refused"
    assert "thickness and electrode area of sample pellet are not given" in found.note


def test_both_thicknesses_are_used() -> None:
    sample = Sample("p", thickness_before=exact(1.2e-3, METRE), thickness_after=exact(1.0e-3, METRE),
                    area=exact(1e-4, AREA))  # fmt: skip
    g = geometry_of(sample)
    assert g.thickness is sample.thickness_after
    assert [name for name, _ in g.others] == ["thickness_before", "thickness_after"]
    assert "after the measurement" in g.statement
    assert "-17 %" in g.statement


def test_the_samples_own_thickness_is_the_main_one() -> None:
    sample = Sample("p", thickness=exact(1.1e-3, METRE), thickness_before=exact(1.2e-3, METRE),
                    thickness_after=exact(1.0e-3, METRE), area=exact(1e-4, AREA))  # fmt: skip
    assert geometry_of(sample).thickness is sample.thickness


def test_specific_boundary_conductivity_is_the_brick_layer() -> None:
    """Bricks of side d, boundaries of width w, equal permittivity: R and C of both by geometry."""
    d, w, pellet, area, eps, s_b, s_gb = 1e-5, 1e-8, 1e-3, 1e-4, 2e-10, 1e-2, 1e-6
    layers = pellet / d
    r_gb = layers * w / (s_gb * area)
    c_b, c_gb = eps * area / pellet, eps * area / (layers * w)
    assert r_gb > pellet / (s_b * area)
    apparent = conductivity(exact(r_gb, OHM), exact(pellet, METRE), exact(area, AREA))
    specific = specific_boundary_conductivity(apparent, exact(c_b, FARAD), exact(c_gb, FARAD))
    assert specific.value == pytest.approx(s_gb)
