"""s04147: the published separate and global fits, without any starting value.

The published numbers are outputs of EISFitpython (MIT), for one arc cut at 1 MHz; agreement within their
stated errors is what can be asked, to the printed digits what happens where the same model is fitted.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import exact
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.core.outcome import Outcome
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import geometry
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.fit_analysis import fit_series_of_study
from ionscape.impedance.fit_each import fit_one
from ionscape.impedance.global_analysis import fit_study_globally
from ionscape.impedance.global_fit import GlobalFit, fit_globally
from ionscape.impedance.options import FitOptions, GlobalOptions
from ionscape.impedance.spectrum_fit import fit
from ionscape.impedance.temperature_series import fit_series

CIRCUIT = "(R1,Q1)-(R2,Q2)-Q3"
KELVIN = np.array([413.0, 423.0, 433.0, 443.0, 453.0, 463.0, 473.0])  # as the publication rounds them
# separate_Batch_EISfit_Report.txt
SEPARATE_R1 = (1.462e5, 1.123e5, 7.949e4, 5.605e4, 3.984e4, 2.743e4, 2.246e4)
SEPARATE_R1_SD = (1.250e4, 8.431e3, 4.697e3, 2.603e3, 2.062e3, 1.697e3, 2.180e3)
SEPARATE_R2 = (2.012e6, 1.139e6, 6.673e5, 3.980e5, 2.430e5, 1.526e5, 9.502e4)
SEPARATE_R2_SD = (1.658e4, 9.970e3, 5.248e3, 2.811e3, 2.174e3, 1.762e3, 2.221e3)
# global_Single-chi_Report.txt
GLOBAL_R1 = (1.338e5, 9.075e4, 6.324e4, 4.593e4, 3.443e4, 2.578e4, 2.007e4)
GLOBAL_R1_PERCENT = (2.383, 2.506, 2.707, 2.991, 3.315, 3.649, 3.902)
GLOBAL_R2 = (2.032e6, 1.165e6, 6.852e5, 4.087e5, 2.486e5, 1.542e5, 9.738e4)
GLOBAL_R2_PERCENT = (0.256, 0.279, 0.326, 0.412, 0.537, 0.693, 0.894)
# *_Arrhenius_Analysis_Report.txt [eV]
SEPARATE_E = {"bulk": (0.5869, 0.0163), "grain_boundary": (0.8919, 0.0025), "total": (0.8555, 0.0006)}
GLOBAL_E = {"bulk": (0.5694, 0.0080), "grain_boundary": (0.8907, 0.0031), "total": (0.8566, 0.0007)}


@lru_cache(maxsize=1)
def _spectra(folder: Path) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    found = []
    for path in sorted((folder / "eis" / "adediwura_s04147").glob("s04147-*deg.txt")):
        f, real, imaginary = np.loadtxt(path, skiprows=3, unpack=True)
        found.append((f, real + 1j * imaginary))
    return tuple(found)


@lru_cache(maxsize=1)
def _separate(folder: Path) -> tuple[CircuitFit, ...]:
    return tuple(fit(f, z, CIRCUIT) for f, z in _spectra(folder))


@lru_cache(maxsize=1)
def _single_chi(folder: Path) -> GlobalFit:
    return fit_globally(_separate(folder), KELVIN.tolist(), shared=("Q1", "Q1.alpha"), noise="common")


def _line(resistances: np.ndarray) -> float:
    """E [eV] by an unweighted line of ln(R/T) against 1/kT."""
    x = elementary_charge / (Boltzmann * KELVIN)
    return float(np.polyfit(x, np.log(resistances / KELVIN), 1)[0])


@lru_cache(maxsize=4)
def _study(folder: Path, kind: str) -> Outcome:
    sample = geometry("s04147", thickness=(2.1e-3, 2e-5), diameter=(8e-3, 5e-5))
    kelvin = named_dimension("temperature")
    items = [
        Item(f"{t:g} K", Sweep({FREQUENCY: f, REAL_IMPEDANCE: z.real, IMAGINARY_IMPEDANCE: z.imag}),
             exact(float(t), kelvin), f"s04147/{t:g}")
        for (f, z), t in zip(_spectra(folder), KELVIN, strict=True)
    ]  # fmt: skip
    options: FitOptions = (
        FitOptions() if kind == "fit" else GlobalOptions(shared=("Q1", "Q1.alpha"), circuit=CIRCUIT)
    )
    pieces = [fit_one(item, sample, options) for item in items]
    series = Series(sample, "s04147", [i.label for i in items], [i.temperature for i in items],
                    [i.source for i in items], pieces)  # fmt: skip
    return fit_series_of_study(series, options) if kind == "fit" else fit_study_globally(series, options)


def test_separate_resistances_to_all_digits(shared_data: Path) -> None:
    for fitted, r1, r2, s1, s2 in zip(
        _separate(shared_data), SEPARATE_R1, SEPARATE_R2, SEPARATE_R1_SD, SEPARATE_R2_SD, strict=True
    ):
        assert fitted.value("R1") == pytest.approx(r1, rel=5e-4)
        assert fitted.value("R2") == pytest.approx(r2, rel=5e-4)
        sd = fitted.standard_uncertainty
        assert sd[fitted.names.index("R1")] == pytest.approx(s1, rel=2e-2)
        assert sd[fitted.names.index("R2")] == pytest.approx(s2, rel=2e-2)


def test_separate_energies_within_their_errors(shared_data: Path) -> None:
    r = {"bulk": np.array([f.value("R1") for f in _separate(shared_data)]),
         "grain_boundary": np.array([f.value("R2") for f in _separate(shared_data)])}  # fmt: skip
    r["total"] = r["bulk"] + r["grain_boundary"]
    for name, (energy, sd) in SEPARATE_E.items():
        assert abs(_line(r[name]) - energy) < sd


def test_single_chi_to_all_digits(shared_data: Path) -> None:
    whole = _single_chi(shared_data)
    assert whole.chi_square * whole.noise[0] ** 2 == pytest.approx(2.332765e-2, rel=1e-4)
    assert whole.degrees_of_freedom == 534
    values = whole.circuit.values(whole.theta)
    np.testing.assert_allclose(values[:, 0], GLOBAL_R1, rtol=5e-4)
    np.testing.assert_allclose(values[:, 3], GLOBAL_R2, rtol=5e-4)
    assert values[0, 1] == pytest.approx(7.162e-11, rel=1e-3)
    assert values[0, 2] == pytest.approx(0.8373, abs=1e-4)
    _, common, own = whole.roots()
    spread = 100 * np.sqrt((common**2).sum(axis=2) + (own**2).sum(axis=2))
    np.testing.assert_allclose(spread[:, 0], GLOBAL_R1_PERCENT, rtol=1e-2)
    np.testing.assert_allclose(spread[:, 1], GLOBAL_R2_PERCENT, rtol=1e-2)


def test_single_chi_energies_within_their_errors(shared_data: Path) -> None:
    values = _single_chi(shared_data).circuit.values(_single_chi(shared_data).theta)
    r = {"bulk": values[:, 0], "grain_boundary": values[:, 3], "total": values[:, 0] + values[:, 3]}
    for name, (energy, sd) in GLOBAL_E.items():
        assert abs(_line(r[name]) - energy) < sd


def test_the_published_circuit_is_chosen_from_the_data(shared_data: Path) -> None:
    f, z = zip(*_spectra(shared_data), strict=True)
    found = fit_series(f, z, KELVIN.tolist())
    assert found.circuit == CIRCUIT
    for fitted, r1, sd in zip(found.fits, SEPARATE_R1, SEPARATE_R1_SD, strict=True):
        assert fitted is not None
        assert abs(fitted.value("R1") - r1) < sd


def test_the_study_names_the_arcs_and_gives_the_published_conductivities(shared_data: Path) -> None:
    outcome = _study(shared_data, "fit")
    epsilon = [row.estimate.value for row in outcome.rows if row.quantity == "permittivity_bulk"]
    assert 25 < min(epsilon) < max(epsilon) < 36  # published C at 413 K: 7.0 pF, which is 33
    assert any("the bulk arc is cut at 1×10⁶ Hz" in text.replace("The", "the") for text in outcome.warnings)
    first = {row.quantity: row.estimate for row in outcome.rows if row.item == "473 K"}
    assert first["resistance_total"].spread < 0.1 * first["resistance_grain_boundary"].spread
    published = {  # S/cm at 413 and 473 K, separate fits
        "conductivity_bulk": (2.857e-6, 1.860e-5), "conductivity_grain_boundary": (2.076e-7, 4.397e-6)
    }  # fmt: skip
    for quantity, ends in published.items():
        rows = [row for row in outcome.rows if row.quantity == quantity]
        for row, expected in zip((rows[0], rows[-1]), ends, strict=True):
            value, sd = row.estimate.to("S/cm")
            assert row.estimate.status == "determined"
            assert abs(value - expected) < sd


def test_the_tied_fit_agrees_with_both_publications_within_joint_errors(shared_data: Path) -> None:
    rows = {row.quantity: row.estimate for row in _study(shared_data, "global").rows if not row.item}
    for name in ("bulk", "grain_boundary", "total"):
        value, sd = rows[f"activation_energy_{name}"].to("eV")
        for energy, published_sd in (SEPARATE_E[name], GLOBAL_E[name]):
            assert abs(value - energy) < 2 * np.hypot(sd, published_sd) + 5e-4  # printed digits
    gap = next(table for table in _study(shared_data, "global").tables if table.name == "method_gap")
    assert {row[0] for row in gap.rows} >= {"activation_energy_bulk", "activation_energy_grain_boundary"}
