"""A finished study made by hand, for those who test a report, a store or an export: no fit stands behind it.

Two arcs with Arrhenius behaviour (bulk 0.30 eV, grain boundary 0.45 eV), 1 % uncertainty per resistance and
a thickness error that all conductivities share. The numbers follow from these by closed forms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.estimate import Estimate, joint, measured, undetermined, upper_bound
from ionscape.core.figure import PALETTE, axis, layout, ordered_colours, symbol, trace
from ionscape.core.outcome import Failure, Figure, Outcome, Row, Table
from ionscape.core.propagation import logarithm
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample, disc_area
from ionscape.study.model import Study
from ionscape.study.result import AnalysisRecord, InputFile, StudyResult

ENERGY_BULK, ENERGY_BOUNDARY = 0.30, 0.45  # eV
_TEXT = "study: Two arcs made by hand\nsamples:\n  llto: {thickness: 0.210 ± 0.002 cm}\n"


def example_result(
    title: str = "Lithium across the grain boundaries of LLTO", *, items: int = 7, figures: int = 3,
    path: Path = Path("/study/llto.yaml"),
) -> StudyResult:  # fmt: skip
    """A study of ``items`` spectra at evenly spaced temperatures, three broken ones, and one failed analysis.

    Parameters
    ----------
    title : str
    items : int
        Spectra with a result; three more fail.
    figures : int
        Number of figures in the analysis ``arcs``.
    path : Path
        Of the study file that it claims to come from.
    """
    sample = example_sample()
    temperatures = np.linspace(233.15, 413.15, items)
    rows = [row for i, t in enumerate(temperatures) for row in _arcs(sample, i, float(t))]
    broken = (Failure("llto_150C.mpt", "the run was aborted after 4 of 61 points: measure it again"),
              Failure("llto_160C.mpt", "the run was aborted after 4 of 61 points: measure it again"),
              Failure("blank.csv", "it has no frequency column: name one 'frequency_hertz'"))  # fmt: skip
    arcs = Outcome(
        tuple(rows),
        findings=("Bulk conductivity at 25 °C is near 10⁻³ S/cm; the grain boundaries limit the pellet.",),
        warnings=("Above 120 °C the bulk arc lies beyond the highest frequency: its resistance is a bound.",),
        failures=broken,
        figures=tuple(
            _nyquist(temperatures, k) if k % 3 == 0 else _arrhenius(rows, k) for k in range(figures)
        ),
        tables=(Table("circuits", "Circuits compared", ("Circuit", "ΔBIC", "Parameters"),
                      (("(R1,Q1)-(R2,Q2)-Q3", "0.0", "8"), ("(R1,Q1)-Q3", "41.7", "5")),
                      "Differences above 10 are decisive."),),
        arrays={f"llto_{i:04d}/frequency_hertz": np.logspace(6, 1, 61) for i in range(items)},
        citations=("boukamp1995", "brug1984"),
    )  # fmt: skip
    energies = Outcome(
        _energies(rows),
        findings=("Ions cross the grain boundaries over a barrier of 0.45 eV, half as high again as in the "
                  "bulk (0.30 eV).",),
        citations=("irvine1990",),
    )  # fmt: skip
    analyses = (
        _record("arcs", "impedance.fit", arcs, {"circuit": None, "weights": "modulus"}),
        _record("Ea", "temperature.arrhenius", energies, {"form": "ln sigma T"}),
        AnalysisRecord("haven", "consistency.haven_ratio", "consistency", "llto", {}, "failed",
                       "the tracer coefficient it refers to was refused: no profile could be read", Outcome(),
                       0.0, False),
    )  # fmt: skip
    inputs = tuple(
        InputFile(path.parent / "data" / f"llto_{i:04d}.mpt", hashlib.sha256(b"%d" % i).hexdigest(),
                  10240 + i, "biologic-mpt", ("spectra",))
        for i in range(items)
    )  # fmt: skip
    study = Study(title, path, _TEXT, {"llto": sample}, {}, {})
    return StudyResult(
        study, analyses, inputs, ("No carrier density is given: diffusion coefficients are left out.",),
        {"python": "3.11", "ionscape": "0.1.0", "numpy": "2.0"}, datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        datetime(2026, 1, 2, 3, 5, tzinfo=UTC), 7, "0" * 64,
    )  # fmt: skip


def example_sample() -> Sample:
    """A pellet 0.210 ± 0.002 cm thick and 0.80 ± 0.01 cm wide."""
    length = named_dimension("length")
    return Sample(
        "llto", formula="Li0.29La0.57TiO3", carrier="Li+",
        thickness=measured(2.10e-3, 2e-5, length, source="llto.thickness"),
        area=disc_area(measured(8.0e-3, 1e-4, length, source="llto.diameter")),
        extra={"grain_size": measured(1.6e-5, 1.1e-5, length, source="llto.grain_size")},
    )  # fmt: skip


def _resistance(energy: float, temperature: float, room: float) -> float:
    """Ohm; ln(R/T) rises with E/kT, ``room`` at 298.15 K."""
    inverse = elementary_charge * energy / Boltzmann * (1 / temperature - 1 / 298.15)
    return float(room * temperature / 298.15 * np.exp(inverse))


def _arcs(sample: Sample, i: int, t: float) -> list[Row]:
    label = f"llto_{i:04d}.mpt"
    ohm, siemens = named_dimension("resistance"), named_dimension("conductivity")
    temperature = measured(t, 0.5, named_dimension("temperature"), source="spectra.temperature")
    values = [_resistance(ENERGY_BULK, t, 420.0), _resistance(ENERGY_BOUNDARY, t, 5.2e4)]
    names = ("bulk", "grain_boundary")
    spread = np.array([[1e-4, -4e-5], [-4e-5, 1e-4]])
    fit = joint(f"arcs/{label}", values, spread, scales=("log", "log"), dimensions=(ohm, ohm),
                degrees_of_freedom=110)  # fmt: skip
    assert sample.thickness is not None
    assert sample.area is not None
    cut = t > 273.15 + 120
    if cut:
        fit[0] = upper_bound(3 * values[0], ohm, "the bulk arc lies beyond the highest frequency")
    rows = []
    for name, resistance in zip(names, fit, strict=True):
        rows.append(Row(f"resistance_{name}", resistance, temperature, label))
        rows.append(Row(f"conductivity_{name}", sample.thickness / (resistance * sample.area), temperature,
                        label))  # fmt: skip
    total = sample.thickness / ((fit[0] + fit[1]) * sample.area) if not cut else undetermined(
        siemens, "the bulk arc is cut: only the sum with the series resistance is seen")  # fmt: skip
    return [*rows, Row("conductivity_total", total, temperature, label)]


def _energies(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Straight lines through ln(sigma T), by the closed form, with the weights of every point kept."""
    found = []
    for name in ("bulk", "grain_boundary"):
        points = _determined(rows, f"conductivity_{name}")
        inverse = np.array([1 / (Boltzmann * r.temperature.value) for r in points if r.temperature])
        slope = -(inverse - inverse.mean()) / float(np.sum((inverse - inverse.mean()) ** 2))
        energy: Estimate | float = 0.0
        for weight, point in zip(slope, points, strict=True):
            assert point.temperature is not None
            product = point.estimate * Estimate(point.temperature.value, point.temperature.dimension, "log")
            energy = logarithm(product) * float(weight) + energy
        assert isinstance(energy, Estimate)
        joules = Estimate(energy.value, named_dimension("energy"), "linear", energy.weights, energy.shape)
        found.append(Row(f"activation_energy_{name}", joules))
    return tuple(found)


def _nyquist(temperatures: np.ndarray[tuple[int], np.dtype[np.float64]], k: int) -> Figure:
    frequency = np.logspace(6, 0, 61)
    traces = []
    shown = temperatures[:7]
    for j, (t, colour) in enumerate(zip(shown, ordered_colours(len(shown)), strict=True)):
        bulk, boundary = _resistance(ENERGY_BULK, t, 420.0), _resistance(ENERGY_BOUNDARY, t, 5.2e4)
        z = bulk / (1 + (2j * np.pi * frequency * bulk * 3e-11) ** 0.95) + boundary / (
            1 + (2j * np.pi * frequency * boundary * 4e-9) ** 0.85
        )
        traces.append(trace(z.real / bulk, -z.imag / bulk, f"{t - 273.15:.0f} °C", mode="markers+lines",
                            colour=colour, marker=symbol(j), size=5, width=1))  # fmt: skip
    plot = {"data": traces, "layout": layout(axis("Z′ / R<sub>bulk</sub>"), axis("−Z″ / R<sub>bulk</sub>"),
                                             equal_axes=True, height=460)}  # fmt: skip
    return Figure(f"nyquist-{k}", "Impedance spectra", "Each spectrum divided by its bulk resistance. "
                  "Lines join the points; they are not a fit.", plot)  # fmt: skip


def _arrhenius(rows: Sequence[Row], k: int) -> Figure:
    traces = []
    for j, name in enumerate(("bulk", "grain_boundary")):
        points = _determined(rows, f"conductivity_{name}")
        x = [1000 / r.temperature.value for r in points if r.temperature]
        y = np.array([r.estimate.value / 100 for r in points])
        low, high = np.array([r.estimate.interval() for r in points]).T / 100
        traces.append(trace(x, y, name.replace("_", " "), colour=PALETTE[j], marker=symbol(j),
                            error_y=(high - y, y - low)))  # fmt: skip
    plot = {"data": traces, "layout": layout(axis("1000 K / T"), axis("σ / (S/cm)", log=True))}
    return Figure(f"arrhenius-{k}", "Conductivity against temperature", "Bars hold the truth with 95 % "
                  "probability; the thickness error is common to all points.", plot)  # fmt: skip


def _determined(rows: Sequence[Row], quantity: str) -> list[Row]:
    return [row for row in rows if row.quantity == quantity and row.estimate.status == "determined"]


def _record(name: str, use: str, outcome: Outcome, options: dict[str, object]) -> AnalysisRecord:
    return AnalysisRecord(name, use, use.partition(".")[0], "llto", options, "done", "", outcome, 1.5, False)
