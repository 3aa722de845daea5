"""The analysis `replacement.simulate`: a programme done to the conductor that the study knows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, exact
from ionscape.core.outcome import Figure, Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.replacement import simulate_figures as figures
from ionscape.replacement import simulate_words as words
from ionscape.replacement.populations import native_populations, static_and_mixed
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.sequential import (
    Distance,
    Scan,
    Spectrometer,
    counted_reach,
    scanned,
    told_apart,
)
from ionscape.replacement.simulate_options import SimulateOptions
from ionscape.replacement.simulated_glass import VACANCIES, Glass, glass_of
from ionscape.replacement.simulated_outputs import (
    Key,
    Prediction,
    Readings,
    coarse_run,
    estimates,
    predicted,
    readings,
    run,
    shares_behind,
    stage_ends,
)
from ionscape.replacement.simulation import Description
from ionscape.replacement.site_energy_figures import site_energy_figure, stacked_figure

SIMULATED = "Simulated, not measured."


def simulation_of_study(series: Series, options: Any) -> Outcome:
    """The simulated profiles, what is read off them with its errors, and whether intermixing can be seen.

    Raises
    ------
    InputError
        If something the simulation needs is missing or undetermined.
    """
    assert isinstance(options, SimulateOptions)
    glass = glass_of(series, options)
    kind: Description = (
        "Nernst-Planck-Poisson" if options.description == "Nernst-Planck-Poisson" else "electroneutral"
    )
    first, *others = options.intermixing_time
    predictions = [predicted(glass, first, kind)]
    faces = predictions[0].coarse.faces
    predictions += [predicted(glass, mixing, kind, both_ways=False, faces=faces) for mixing in others]
    read = [readings(glass, one) for one in predictions]
    propagated = [estimates(glass, one) for one in read]
    found = [estimate for estimate, _ in propagated]
    bent = tuple(key for _, keys in propagated for key in keys)
    full = run(glass, glass.best, predictions[0].mixing.seconds, "Nernst-Planck-Poisson") if (
        options.description == "both"
    ) else None  # fmt: skip
    apart, scan = _told_apart(glass, predictions) if len(predictions) > 1 else ([], None)
    results = [one.result for one in predictions] + ([] if full is None else [full])
    return Outcome(
        rows=(*_rows(glass, predictions, found), *_shifts(glass, predictions, read)),
        findings=tuple(
            _findings(glass, predictions, found, apart, scan, full)
            + words.quality_findings(glass, results, bent, _uncertain(glass))
        ),
        warnings=tuple(dict.fromkeys((
            *(_sentence(doubt) for doubt in glass.doubts),
            *words.mesh_warnings(read[0], options.cells),
            *(warning for result in results for warning in result.warnings),
        ))),
        figures=_figures(glass, predictions, scan, full),
        tables=(words.outputs_table(glass, predictions, found),),
        arrays=_arrays(glass, predictions),
        citations=("gunawan2024", "scharfetter1969"),
    )  # fmt: skip


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _uncertain(glass: Glass) -> list[str]:
    return [name for name, estimate in glass.parameters.items() if estimate.spread > 0]


def _findings(
    glass: Glass, predictions: Sequence[Prediction], found: Sequence[Mapping[Key, Estimate]],
    apart: Sequence[tuple[str, str, Distance]], scan: Scan | None, full: Replacement | None,
) -> list[str]:  # fmt: skip
    said = words.apart_findings(glass, apart, scan)
    if len(predictions) > 1:
        said += words.left_findings(glass, predictions, found)
    said += words.stage_findings(glass, found[0], predictions[0].mixing.text if len(predictions) > 1 else "")
    said += words.pushed_findings(glass, predictions)
    if full is not None:
        said += words.description_findings(glass, predictions[0].result, full)
    return said


# ---- rows ---------------------------------------------------------------------------------------------
def _rows(
    glass: Glass, predictions: Sequence[Prediction], found: Sequence[Mapping[Key, Estimate]]
) -> list[Row]:
    kelvin = exact(glass.reference, dimension_of("K"))
    rows = []
    for prediction, estimate in zip(predictions, found, strict=True):
        mixed = f", {figures.mixing_words(prediction.mixing.text)}" if len(predictions) > 1 else ""
        rows += [
            Row(quantity, value, kelvin, f"{item}{mixed}") for (quantity, item), value in estimate.items()
        ]
    return rows


def _shifts(glass: Glass, predictions: Sequence[Prediction], read: Sequence[Readings]) -> list[Row]:
    """Shares left behind the last front, with an intermixing time less with the first one."""
    last = [end for end in stage_ends(glass) if end.ion][-1]
    rows = []
    for prediction, one in zip(predictions[1:], read[1:], strict=True):
        shifts, _ = estimates(glass, one.less(read[0], "plateau_fraction", "intermixing_shift"))
        said = f"{prediction.mixing.text} less {predictions[0].mixing.text}"
        rows += [
            Row(quantity, value, None, f"{item}, {said}")
            for (quantity, item), value in shifts.items()
            if item.split(":")[0] == last.name
        ]
    return rows


# ---- sequential ---------------------------------------------------------------------------------------
def _told_apart(
    glass: Glass, predictions: Sequence[Prediction]
) -> tuple[list[tuple[str, str, Distance]], Scan | None]:
    """Distances of the final profiles from the first prediction's, and the scan over intermixing times."""
    reference = predictions[0]
    at_once = next((p.coarse for p in predictions if p.mixing.seconds == 0.0), None)
    if at_once is None:
        at_once = coarse_run(glass, glass.best, 0.0, reference.coarse.faces)
    reach = counted_reach([*(p.coarse for p in predictions), at_once], glass.ions[0])
    spectrometer = Spectrometer(glass.options.counting, glass.ions, reach)
    end = stage_ends(glass)[-1].time
    shared = spectrometer.shared_errors(reference, end)
    apart = [
        (reference.mixing.text, p.mixing.text,
         told_apart(spectrometer, reference.coarse, p.coarse, shared, end))
        for p in predictions[1:]
    ]  # fmt: skip
    never = next((p for p in predictions if p.mixing.seconds == math.inf), None)
    if never is None:
        return apart, None
    return apart, scanned(
        glass, never, at_once, spectrometer,
        lambda time: coarse_run(glass, glass.best, time, reference.coarse.faces),
    )  # fmt: skip


# ---- figures and arrays -------------------------------------------------------------------------------
def _figures(
    glass: Glass, predictions: Sequence[Prediction], scan: Scan | None, full: Replacement | None
) -> tuple[Figure, ...]:
    first = predictions[0]
    shown = [(first.result.description, first.result)]
    if full is not None:
        shown.append((full.description, full))
    drawn = [
        figures.profiles_figure(glass, predictions),
        figures.course_figure(glass, first),
        figures.charge_figure(glass, shown),
        figures.potential_figure(glass, first),
        figures.current_voltage_figure(glass, first),
        figures.diffusion_figure(glass),
    ]
    if scan is not None:
        drawn.append(figures.distinguish_figure(scan))
    return (*drawn, *_population_figures(glass, first))


def _population_figures(glass: Glass, prediction: Prediction) -> tuple[Figure, ...]:
    """Site energies behind the first front, and those behind the last one, unmixed and mixed.

    Nothing where D is constant.
    """
    distribution = glass.distribution(glass.ions[0], glass.best)
    if distribution is None:
        return ()
    vacancies = glass.best[VACANCIES]
    kelvin = glass.reference if glass.options.filling == "Fermi-Dirac" else 0.0
    driven = [end for end in stage_ends(glass) if end.ion]
    shares = [shares_behind(prediction.result, glass, end) for end in (driven[0], driven[-1])]
    drawn = []
    if shares[0] is not None:
        native = native_populations(
            distribution, float(shares[0][0]), vacancy_fraction=vacancies, temperature=kelvin
        )
        drawn.append(site_energy_figure([(driven[0].name, native)], native_ion=glass.ions[0], note=SIMULATED))
    if len(glass.ions) > 2 and shares[1] is not None:
        static, mixed = static_and_mixed(
            distribution, shares[1], vacancy_fraction=vacancies, temperature=kelvin
        )
        panels = [("unmixed", static), ("mixed", mixed)]
        note = f"Mean shares behind the front after {driven[-1].name}. {SIMULATED}"
        drawn.append(stacked_figure(panels, glass.ions, note=note))
    return tuple(drawn)


def _arrays(glass: Glass, predictions: Sequence[Prediction]) -> dict[str, NDArray[np.float64]]:
    found: dict[str, NDArray[np.float64]] = {}
    for prediction in predictions:
        root = figures.mixing_words(prediction.mixing.text).replace(" ", "_")
        result = prediction.result
        found |= {
            f"{root}/time_second": result.time, f"{root}/face_metre": result.faces,
            f"{root}/potential_volt": result.potential, f"{root}/field_volt_per_metre": result.field,
            f"{root}/excess_charge": result.excess_charge, f"{root}/trace_time_second": result.trace_time,
            f"{root}/current_density_ampere_per_square_metre": result.current_density,
            f"{root}/film_voltage_volt": result.film_voltage,
            f"{root}/bulk_voltage_volt": result.bulk_voltage,
        }  # fmt: skip
        found |= {f"{root}/fraction_{ion.rstrip('+-')}": result.fractions[ion] for ion in glass.ions}
    return found
