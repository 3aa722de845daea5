"""Which figures a series of fits needs."""

from __future__ import annotations

from collections.abc import Mapping

from ionscape.core.estimate import Estimate
from ionscape.core.outcome import Figure
from ionscape.core.registry import Series
from ionscape.impedance.arc_quantities import Quantities, Spectrum
from ionscape.impedance.figures import Curve, bode, capacitances, nyquist, residuals


def fit_figures(
    spectra: Mapping[int, Spectrum], quantities: Mapping[int, Quantities], series: Series
) -> tuple[Figure, ...]:
    """Nyquist, Bode and residual plots; capacitances over temperature where there is one."""
    order = sorted(spectra, key=lambda i: t.value if (t := series.temperatures[i]) is not None else i)
    curves = [_curve(spectra[i], quantities[i], series, i) for i in order]
    figures = [nyquist(curves), bode(curves), residuals(curves)]
    tracks: dict[str, list[tuple[float, Estimate]]] = {}
    for i in order:
        temperature = series.temperatures[i]
        if temperature is None:
            continue
        for name, estimate in quantities[i].items():
            if name.startswith("capacitance_") and estimate.status == "determined":
                tracks.setdefault(name.removeprefix("capacitance_"), []).append((temperature.value, estimate))
    if any(len(points) > 1 for points in tracks.values()):
        figures.append(capacitances(tracks))
    return tuple(figures)


def _curve(spectrum: Spectrum, quantities: Quantities, series: Series, i: int) -> Curve:
    fit, temperature = spectrum.fit, series.temperatures[i]
    total = quantities["resistance_total"]
    return Curve(
        series.labels[i],
        None if temperature is None else temperature.value,
        fit.frequency,
        fit.impedance,
        fit.model,
        total.value if total.status == "determined" else None,
        fit.residuals,
    )
