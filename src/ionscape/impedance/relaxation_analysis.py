"""The analysis ``impedance.relaxation_times``: distributions and their arcs over a series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, joint, undetermined
from ionscape.core.number_format import format_estimate, format_number
from ionscape.core.outcome import Failure, Outcome, Row, Table
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.impedance.arc_tracks import follow_arcs
from ionscape.impedance.circuit_fit import Arc
from ionscape.impedance.drt_peaks import Peak
from ionscape.impedance.figures import Curve
from ionscape.impedance.figures import relaxation_times as relaxation_figure
from ionscape.impedance.fit_each import spectrum_of
from ionscape.impedance.fit_words import temperature_text
from ionscape.impedance.options import RelaxationOptions
from ionscape.impedance.relaxation_time_distribution import RelaxationTimes, Tail, relaxation_times
from ionscape.impedance.temperature_series import series_order

for _stored in (RelaxationTimes, Tail, Peak):
    storable(_stored)

CITATIONS = ("wan2015", "schwarz1978")
OHM, SECOND = named_dimension("resistance"), named_dimension("time")


def invert_one(item: Item, sample: Sample, options: Any) -> RelaxationTimes:  # noqa: ARG001 - the registry's signature
    """Invert one spectrum.

    Raises
    ------
    InputError
        If the sweep is no usable spectrum.
    AnalysisError
        If there are too few points.
    """
    assert isinstance(options, RelaxationOptions)
    return relaxation_times(*spectrum_of(item.sweep, options))


def relaxation_times_of_study(series: Series, options: Any) -> Outcome:  # noqa: ARG001
    """Peaks of every spectrum, followed over the series.

    Raises
    ------
    AnalysisError
        If no spectrum could be inverted.
    """
    found = {i: piece for i, piece in enumerate(series.pieces) if isinstance(piece, RelaxationTimes)}
    failures = tuple(piece for piece in series.pieces if isinstance(piece, Failure))
    if not found:
        reason = failures[0].reason if failures else "there is no spectrum"
        raise AnalysisError(f"no spectrum could be inverted: {reason}")
    numbers = _followed(found, series)
    rows = _rows(found, numbers, series)
    return Outcome(
        rows=tuple(rows),
        findings=_findings(found, numbers),
        warnings=_warnings(found, series),
        failures=failures,
        figures=(relaxation_figure(*_drawn(found, series)),),
        tables=(_table(rows, found, series),),
        arrays=_arrays(found, series.labels),
        citations=CITATIONS,
    )  # fmt: skip


def _followed(found: Mapping[int, RelaxationTimes], series: Series) -> dict[tuple[int, int], int]:
    """Number over the series, from 1, of every (spectrum, peak)."""
    temperatures = [t.value if t is not None else None for t in series.temperatures]
    kept: list[Any] = [found.get(i) for i in range(len(series.pieces))]
    order = series_order(kept, temperatures)
    arcs = [[_as_arc(j, peak) for j, peak in enumerate(found[i].peaks)] for i in order]
    tracks = follow_arcs(arcs, [temperatures[i] for i in order])
    return {
        (i, int(member)): k
        for k, members in enumerate(tracks, start=1)
        for i, member in zip(order, members, strict=True)
        if member is not None
    }


def _as_arc(j: int, peak: Peak) -> Arc:
    alpha = max(peak.alpha_estimate, 1e-3)
    r, tau = peak.resistance, peak.tau
    return Arc(
        str(j), r, tau, alpha, 1 / (2 * math.pi * tau), tau**alpha / r, tau / r, "complete", "determined"
    )


def _rows(
    found: Mapping[int, RelaxationTimes], numbers: Mapping[tuple[int, int], int], series: Series
) -> list[Row]:
    rows = []
    for i, result in found.items():
        count, where = len(result.peaks), (series.temperatures[i], series.labels[i])
        values = [p.resistance for p in result.peaks] + [p.tau for p in result.peaks]
        estimates = joint(
            f"{series.item_sources[i]}#peaks", values, result.peak_covariance,
            scales=["log"] * (2 * count), dimensions=[OHM] * count + [SECOND] * count,
        )  # fmt: skip
        for j, peak in enumerate(result.peaks):
            k = numbers[i, j]
            tau = _open_or(estimates[count + j], peak.log_tau_sd)
            resistance = _open_or(estimates[j], peak.resistance_sd)
            rows += [
                Row(f"relaxation_time_{k}", tau, *where),
                Row(f"resistance_peak_{k}", resistance, *where),
            ]
    return rows


def _open_or(estimate: Estimate, sd: float) -> Estimate:
    if not 0 < sd < math.inf:
        return undetermined(estimate.dimension, "the spectrum does not fix this peak")
    return estimate


def _findings(
    found: Mapping[int, RelaxationTimes], numbers: Mapping[tuple[int, int], int]
) -> tuple[str, ...]:
    counts = [len(result.peaks) for result in found.values()]
    span = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    tails = sum(result.tail is not None for result in found.values())
    texts = [f"{span} peaks per spectrum, {max(numbers.values(), default=0)} different ones over the series."]
    if tails:
        texts.append(
            f"{tails} of {len(found)} spectra end in a blocking tail, fitted beside the distribution."
        )
    return tuple(texts)


def _warnings(found: Mapping[int, RelaxationTimes], series: Series) -> tuple[str, ...]:
    edge = [
        temperature_text(series.temperatures[i]) or series.labels[i]
        for i, result in found.items()
        if any(peak.kind != "resolved" for peak in result.peaks)
    ]
    if not edge:
        return ()
    return (f"A peak lies at the edge of the window, where R and tau rest on extrapolation "
            f"[{', '.join(edge[:6])}"
            + (f" and {len(edge) - 6} more]" if len(edge) > 6 else "]"),)  # fmt: skip


def _drawn(
    found: Mapping[int, RelaxationTimes], series: Series
) -> tuple[list[tuple[Curve, NDArray[np.float64], NDArray[np.float64]]], list[list[tuple[float, float]]]]:
    order = sorted(found, key=lambda i: t.value if (t := series.temperatures[i]) is not None else i)
    spectra, peaks = [], []
    for i in order:
        result, t = found[i], series.temperatures[i]
        curve = Curve(series.labels[i], None if t is None else t.value, result.frequency, result.model)
        spectra.append((curve, result.tau, result.gamma))
        peaks.append([(peak.tau, peak.height) for peak in result.peaks])
    return spectra, peaks


def _table(rows: Sequence[Row], found: Mapping[int, RelaxationTimes], series: Series) -> Table:
    cells = []
    values = {(row.item, row.quantity): row.estimate for row in rows}
    for i, result in found.items():
        label = series.labels[i]
        numbers = sorted(
            int(q.rsplit("_", 1)[1]) for item, q in values if item == label and q.startswith("relax")
        )
        for k, peak in zip(numbers, sorted(result.peaks, key=lambda p: p.tau), strict=True):
            cells.append((
                label, temperature_text(series.temperatures[i]), str(k),
                format_estimate(values[label, f"relaxation_time_{k}"], "s"),
                format_estimate(values[label, f"resistance_peak_{k}"], "ohm"),
                f"{peak.alpha_estimate:.2f}", format_number(peak.tau / peak.resistance, 2),
                format_number(peak.resistance_between_minima, 4), peak.kind,
            ))  # fmt: skip
    head = (
        "Spectrum",
        "Temperature",
        "Peak",
        "τ [s]",
        "R [ohm]",
        "Exponent",
        "τ/R [F]",
        "R by area [ohm]",
        "Kind",
    )
    return Table("peaks", "Peaks of the distributions", head, tuple(cells),
                 "R and τ of the arcs behind the peaks, fitted to the spectrum itself, 1 SD each; R by area "
                 "is the integral between minima, a check.")  # fmt: skip


def _arrays(found: Mapping[int, RelaxationTimes], labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for i, result in found.items():
        group = labels[i].replace("/", "_")
        arrays[f"{group}/tau_second"] = result.tau
        for name in ("gamma", "gamma_low", "gamma_high"):
            arrays[f"{group}/{name}_ohm"] = getattr(result, name)
    return arrays
