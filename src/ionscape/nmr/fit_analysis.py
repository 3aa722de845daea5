"""The analysis ``nmr.fit``: echo decays to diffusion coefficients, and whether there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.outcome import Failure, Outcome
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.nmr.echo_record import EchoRecord, record_of
from ionscape.nmr.fit_figures import fit_figures
from ionscape.nmr.fit_options import FitOptions, NmrMeasurement
from ionscape.nmr.fit_words import fit_findings, fit_tables, fit_warnings
from ionscape.nmr.temperature_set import TemperatureSet, temperature_set

CITATIONS = ("stejskal1965", "price1997", "pang2021")
FOR_DELAYS = ("mitra1993", "tanner1978")
OF_MODELS = {
    "powder": "callaghan1991",
    "powder of channels": "callaghan1991",
    "powder of layers": "callaghan1991",
    "log-normal": "callaghan1985",
    "gamma": "roding2012",
}
SAME_TEMPERATURE = 0.1  # K


def fit_one(item: Item, sample: Sample, options: Any) -> EchoRecord:  # noqa: ARG001 - the registry's signature
    """Check one file; the fits need all files of a temperature.

    Raises
    ------
    InputError
        If it is no usable echo decay.
    """
    return record_of(item, sample)


def decays_of_study(series: Series, options: Any) -> Outcome:
    """Fit and judge the decays, temperature by temperature.

    Raises
    ------
    AnalysisError
        If no decay could be used.
    """
    assert isinstance(options, FitOptions)
    failures = [piece for piece in series.pieces if isinstance(piece, Failure)]
    sets: list[TemperatureSet] = []
    for members in _by_temperature(series):
        try:
            sets.append(_set(members, series, options))
        except AnalysisError as error:
            failures.append(Failure(_label(members, series), str(error)))
    if not sets:
        raise AnalysisError(f"no decay could be used: {failures[0].reason if failures else 'there is none'}")
    used = tuple(dict.fromkeys(OF_MODELS[s.fit.model] for s in sets if s.fit.model in OF_MODELS))
    delays = FOR_DELAYS if any(s.verdict.long_time is not None for s in sets) else ()
    return Outcome(
        rows=tuple(row for s in sets for row in s.rows),
        findings=fit_findings(sets),
        warnings=fit_warnings(sets),
        failures=tuple(failures),
        figures=fit_figures(sets),
        tables=fit_tables(sets),
        arrays=_arrays(sets),
        citations=CITATIONS + used + delays,
    )


def _by_temperature(series: Series) -> list[list[int]]:
    """Indices of the items of each temperature and nucleus, in order."""
    sets: dict[tuple[str, float | None], list[int]] = {}
    for i, piece in enumerate(series.pieces):
        if not isinstance(piece, EchoRecord):
            continue
        t = series.temperatures[i]
        value = None if t is None or t.status != "determined" else t.value
        for (nucleus, other), members in sets.items():
            same = other is value or (other is not None and value is not None
                                      and abs(other - value) < SAME_TEMPERATURE)  # fmt: skip
            if same and nucleus == piece.nucleus:
                members.append(i)
                break
        else:
            sets[piece.nucleus, value] = [i]
    return list(sets.values())


def _label(members: Sequence[int], series: Series) -> str:
    first = series.labels[members[0]]
    if len(members) == 1:
        return first
    return (
        f"{first} + {series.labels[members[1]]}"
        if len(members) == 2
        else f"{first} + {len(members) - 1} more"
    )


def _set(members: Sequence[int], series: Series, options: FitOptions) -> TemperatureSet:
    stated = series.fields[members[0]] if series.fields else None
    fields = stated if isinstance(stated, NmrMeasurement) else NmrMeasurement()
    label = _label(members, series)
    study = series.source.rsplit("/", 1)[0]
    return temperature_set(
        [series.pieces[i] for i in members], label, series.temperatures[members[0]], fields, series.sample,
        options, f"{series.source}/{label}#echoes", f"{study}/gradient calibration {fields.spectrometer}",
    )  # fmt: skip


def _arrays(sets: Sequence[TemperatureSet]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for s in sets:
        group = s.label.replace("/", "_")
        columns = {
            "b_value_second_per_square_metre": s.decay.b, "gradient_tesla_per_metre": s.decay.gradient,
            "gradient_pulse_second": s.decay.pulse, "diffusion_time_second": s.decay.delay,
            "relative_intensity": s.decay.intensity, "model": s.fit.fitted, "group": s.decay.group,
        }  # fmt: skip
        arrays |= {f"{group}/{name}": np.ascontiguousarray(values) for name, values in columns.items()}
    return arrays
