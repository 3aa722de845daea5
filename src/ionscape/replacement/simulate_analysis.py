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
from ionscape.replacement.populations import static_and_mixed
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
    estimates,
    predicted,
    readings,
    run,
    saved_index,
    stage_ends,
)
from ionscape.replacement.simulation import Description

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
    predictions = [
        predicted(glass, mixing, kind, both_ways=k == 0) for k, mixing in enumerate(options.intermixing_time)
    ]
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
    several = len(predictions) > 1
    said: list[str] = []
    for prediction, estimate in zip(predictions, found, strict=True):
        head = f"{figures.mixing_words(prediction.mixing.text).capitalize()}: " if several else ""
        said += [f"{head}{text}" for text in words.stage_findings(glass, estimate)]
    answers = words.apart_findings(glass, apart, scan)
    said += words.pushed_findings(glass, predictions)
    if full is not None:
        said += words.description_findings(glass, predictions[0].result, full)
    return answers + said


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
        at_once = run(glass, glass.best, 0.0, coarse=True)
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
        glass, never, at_once, spectrometer, lambda time: run(glass, glass.best, time, coarse=True)
    )


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
    return (*drawn, *_population_figures(glass, predictions))


def _population_figures(glass: Glass, predictions: Sequence[Prediction]) -> tuple[Figure, ...]:
    """Site energies with what lies behind the last front; nothing where D is constant."""
    distribution = glass.distribution(glass.ions[0], glass.best)
    if distribution is None:
        return ()
    return ()


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
