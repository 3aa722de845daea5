"""The analysis ``impedance.fit``: one series of fitted spectra in, named conductivities out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.registry import Series
from ionscape.impedance.arc_naming import ArcName
from ionscape.impedance.arc_quantities import Quantities, Spectrum, has_grains, name_series
from ionscape.impedance.conductivity import geometry_of
from ionscape.impedance.fit_figures import fit_figures
from ionscape.impedance.fit_record import FittedSpectrum
from ionscape.impedance.fit_words import fit_findings, fit_tables, fit_warnings
from ionscape.impedance.options import FitOptions
from ionscape.impedance.series_evidence import surroundings
from ionscape.impedance.temperature_series import SeriesFit, join_series

CITATIONS = ("macdonald1987", "irvine1990", "schwarz1978", "venzon1988", "brug1984", "haile1998")
TESTED = ("boukamp1995", "schonleber2014")


def join_pieces(
    pieces: Sequence[Any], temperatures: Sequence[float | None], options: FitOptions
) -> SeriesFit:
    """The series of what `fit_one` made of every item.

    Raises
    ------
    AnalysisError
        If no spectrum could be fitted.
    """
    fits = [piece.fit() if isinstance(piece, FittedSpectrum) else None for piece in pieces]
    reasons = [piece.reason if isinstance(piece, Failure) else "" for piece in pieces]
    return join_series(fits, reasons, temperatures, given=options.circuit is not None, robust=options.robust)


def plain_temperatures(temperatures: Sequence[Estimate | None]) -> list[float | None]:
    """Best values [K]."""
    return [None if t is None or t.status != "determined" else t.value for t in temperatures]


def spectra_of(
    fits: SeriesFit, names: Sequence[ArcName], series: Series, sources: Sequence[str]
) -> dict[int, Spectrum]:
    """The fitted spectra with their arcs named, by index."""
    geometry = geometry_of(series.sample)
    temperatures = plain_temperatures(series.temperatures)
    found = {}
    for i, fit in enumerate(fits.fits):
        if fit is not None:
            arcs = tuple((n, fits.arc(track, i)) for n, track in zip(names, fits.tracks, strict=True))
            around = surroundings(fits, temperatures, i, grainless=has_grains(series.sample) is False)
            found[i] = Spectrum(fit, arcs, geometry, sources[i], around)
    return found


def fit_series_of_study(series: Series, options: Any) -> Outcome:
    """Combine the fits of all items of a measurement.

    Raises
    ------
    AnalysisError
        If no spectrum could be fitted.
    InputError
        If an arc named by the study does not exist.
    """
    assert isinstance(options, FitOptions)
    if not series.pieces:
        raise AnalysisError("there is no spectrum to fit")
    temperatures = plain_temperatures(series.temperatures)
    fits = join_pieces(series.pieces, temperatures, options)
    geometry = geometry_of(series.sample)
    names = name_series(fits, series.sample, geometry, options.arcs, temperatures)
    spectra = spectra_of(fits, names, series, [f"{source}#fit" for source in series.item_sources])
    quantities = {i: spectrum.quantities() for i, spectrum in spectra.items()}
    records = {i: p for i, p in enumerate(series.pieces) if isinstance(p, FittedSpectrum)}
    tested = any(record.verdict != "not tested" for record in records.values())
    return Outcome(
        rows=rows_of(quantities, series),
        findings=_distrust(records, series) + fit_findings(fits, names, spectra, quantities, series),
        warnings=fit_warnings(fits, names, spectra, records, series),
        failures=failures_of(fits, series),
        figures=fit_figures(spectra, quantities, series),
        tables=fit_tables(fits, names, spectra, records, quantities, series),
        arrays=arrays_of(fits, series.labels),
        citations=CITATIONS + (TESTED if tested else ()),
    )  # fmt: skip


def _distrust(records: Mapping[int, FittedSpectrum], series: Series) -> tuple[str, ...]:
    """What comes before any number: fitted spectra that do not pass the Kramers-Kronig test."""
    failing = [series.labels[i] for i, record in records.items() if record.verdict in ("drifting", "invalid")]
    if not failing:
        return ()
    shown = ", ".join(failing[:3]) + (", ..." if len(failing) > 3 else "")
    return (
        f"{len(failing)} of {len(records)} fitted spectra do not pass the Kramers-Kronig test ({shown}): "
        "their values rest on the part that does.",
    )


def failures_of(fits: SeriesFit, series: Series) -> tuple[Failure, ...]:
    """Items that could not be fitted, with the reasons."""
    pairs = zip(series.labels, fits.reasons, strict=True)
    return tuple(Failure(label, reason) for label, reason in pairs if reason)


def rows_of(quantities: Mapping[int, Quantities], series: Series) -> tuple[Row, ...]:
    """One row per quantity and spectrum, spectra in the order of the items."""
    return tuple(
        Row(name, estimate, series.temperatures[i], series.labels[i])
        for i, found in quantities.items()
        for name, estimate in found.items()
    )


def arrays_of(fits: SeriesFit, labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Data, model and residuals of every spectrum, one group each."""
    arrays: dict[str, NDArray[np.float64] | NDArray[np.complex128]] = {}
    for label, fit in zip(labels, fits.fits, strict=True):
        if fit is None:
            continue
        group = label.replace("/", "_")
        arrays[f"{group}/frequency_hertz"] = fit.frequency
        for name, values in (("impedance_ohm", fit.impedance), ("model_ohm", fit.model),
                             ("relative_residual", fit.residuals)):  # fmt: skip
            arrays[f"{group}/{name}_real"] = np.ascontiguousarray(values.real)
            arrays[f"{group}/{name}_imaginary"] = np.ascontiguousarray(values.imag)
    return arrays
