"""The analysis `replacement.design`: charge, current, time, temperature and ion for a good profile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.outcome import Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Series
from ionscape.core.wording import listed, sentence
from ionscape.replacement import design_figures as figures
from ionscape.replacement import design_words as words
from ionscape.replacement.design_choice import (
    Candidate,
    best_candidates,
    candidate,
    propagated,
    sets_of,
    together,
    windows,
)
from ionscape.replacement.design_inputs import DesignInputs, design_inputs
from ionscape.replacement.design_options import DesignOptions

FloatArray = NDArray[np.float64]
DEPTHS = (0.3, 0.6, 1.0, 1.7, 3.0)
"""Of the wanted depth: for the figure."""


def design_of_study(series: Series, options: Any) -> Outcome:
    """The best experiment of every foreign ion, and which of them tells most.

    Raises
    ------
    InputError
        If something that is needed is missing or undetermined.
    AnalysisError
        If no experiment is possible.
    """
    assert isinstance(options, DesignOptions)
    inputs = design_inputs(series, options)
    possible = windows(inputs, options)
    candidates, lost = best_candidates(inputs, options, possible)
    if not candidates:
        raise AnalysisError("; ".join(lost))
    rows = {one.planned.ion: propagated(inputs, one, options) for one in candidates}
    sets = _sets(inputs, candidates)
    best = min(candidates, key=lambda one: one.sd)
    further = _further(inputs, best, options)
    curves = {one.planned.ion: _against_depth(inputs, one, options) for one in candidates}
    currents = [one.planned.current_density(inputs.glass(inputs.best)) for one in candidates]
    return Outcome(
        rows=(*_rows(candidates, rows), *_set_rows(sets)),
        findings=tuple(words.findings(inputs, candidates, sets, rows, further, lost)),
        warnings=(*(sentence(doubt) for doubt in inputs.doubts), *_warnings(candidates, options)),
        figures=(
            figures.profiles_figure(candidates, inputs.spectrometer),
            figures.uncertainty_figure(curves, options.front_depth.value),
            figures.window_figure(possible, candidates, currents),
        ),
        tables=(words.candidates_table(candidates, rows), words.windows_table(possible)),
        arrays=_arrays(candidates, curves),
        citations=("gunawan2024",),
    )


def _sets(inputs: DesignInputs, candidates: Sequence[Candidate]) -> dict[tuple[str, ...], float]:
    """1 SD of the FWHM [J] of sets of ions."""
    glass = inputs.glass(inputs.best)
    found = {}
    for chosen in sets_of(candidates):
        known = together(inputs, glass, [one.planned for one in chosen], [one.derivatives for one in chosen])
        found[tuple(one.planned.ion for one in chosen)] = float(known.sd[0] * glass.fwhm)
    return found


def _further(inputs: DesignInputs, best: Candidate, options: DesignOptions) -> dict[str, float]:
    """1 SD of the FWHM [J] with the best ion and one measurement more."""
    glass, planned = inputs.glass(inputs.best), best.planned
    found = {label: sd * glass.fwhm for label, sd in best.known.extra.items()}
    others = [("a second profile with a front half as deep", planned.temperature, 0.5)]
    others += [(f"a second profile at {t - 273.15:.3g} °C", t, 1.0)
               for t in inputs.temperatures if t != planned.temperature]  # fmt: skip
    for label, kelvin, share in others:
        try:
            second = candidate(inputs, planned.ion, kelvin, options, planned.duration,
                               depth=share * options.front_depth.value)  # fmt: skip
        except AnalysisError:
            continue
        known = together(inputs, glass, [planned, second.planned], [best.derivatives, second.derivatives])
        found[label] = float(known.sd[0] * glass.fwhm)
    return found


def _against_depth(
    inputs: DesignInputs, one: Candidate, options: DesignOptions
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Depth [m], 1 SD [J] with what is known and were all else exact, at the candidate's current density."""
    current = one.planned.current_density(inputs.glass(inputs.best))
    depths = np.array(DEPTHS) * options.front_depth.value
    known, alone = np.full(depths.size, math.nan), np.full(depths.size, math.nan)
    for k, depth in enumerate(depths):
        try:
            found = one if DEPTHS[k] == 1 else candidate(
                inputs, one.planned.ion, one.planned.temperature, options, current_density=current,
                depth=float(depth),
            )  # fmt: skip
        except AnalysisError:
            continue
        known[k], alone[k] = found.sd, found.counting
    return depths, known, alone


# ---- rows ---------------------------------------------------------------------------------------------
def _rows(candidates: Sequence[Candidate], rows: Mapping[str, Mapping[str, Estimate]]) -> list[Row]:
    found = []
    for one in candidates:
        ion, kelvin = one.planned.ion, exact(one.planned.temperature, dimension_of("K"))
        found.append(Row("replacement_temperature", kelvin, None, ion))
        found += [Row(name, estimate, kelvin, ion) for name, estimate in rows[ion].items()]
    return found


def _set_rows(sets: Mapping[tuple[str, ...], float]) -> list[Row]:
    return [
        Row(words.WIDTH, exact(sd, dimension_of("J")), None, listed(ions))
        for ions, sd in sets.items() if len(ions) > 1
    ]  # fmt: skip


def _warnings(candidates: Sequence[Candidate], options: DesignOptions) -> list[str]:
    found = []
    for one in candidates:
        planned, most = one.planned, options.highest_voltage
        if most is not None and planned.voltage > most.value:
            found.append(f"{planned.ion}: {planned.voltage:.3g} V at the end, above the {most.text} allowed.")
        if planned.front_width > 0.6 * planned.front_depth:
            found.append(f"{planned.ion}: the front is {planned.front_width * 1e9:.2g} nm wide, so that no "
                         "plateau forms; a larger current or another ion would make it sharper.")  # fmt: skip
    return found


def _arrays(
    candidates: Sequence[Candidate], curves: Mapping[str, tuple[FloatArray, FloatArray, FloatArray]]
) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for one in candidates:
        ion = one.planned.ion
        arrays[f"{ion}/face_depth_metre"] = one.planned.faces
        arrays[f"{ion}/native_fraction"] = one.planned.native
        arrays[f"{ion}/front_depth_metre"], arrays[f"{ion}/expected_sd_joule"], _ = curves[ion]
    return arrays
