"""The analysis ``impedance.global_fit``: one fit of all temperatures, and its gap to separate fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate, refused, undetermined
from ionscape.core.number_format import format_quantity
from ionscape.core.outcome import Outcome, Row, Table
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Series
from ionscape.impedance.arc_naming import ArcName
from ionscape.impedance.arc_quantities import is_ionic, name_series
from ionscape.impedance.arrhenius_lines import Lines, fit_lines, log_resistances
from ionscape.impedance.circuit_fit import CircuitFit
from ionscape.impedance.conductivity import conductivity_or_reason, geometry_of, total_resistance
from ionscape.impedance.fit_analysis import failures_of, join_pieces, plain_temperatures, spectra_of
from ionscape.impedance.fit_words import temperature_text
from ionscape.impedance.global_estimates import (
    estimates_of,
    line_energy,
    own_temperature_variance,
)
from ionscape.impedance.global_fit import GlobalFit, fit_globally
from ionscape.impedance.options import GlobalOptions
from ionscape.impedance.temperature_series import SeriesFit

FloatArray = NDArray[np.float64]
CITATIONS = ("macdonald1987", "irvine1990", "schwarz1978", "lindstrom1990", "mandel1970", "hausman1978")
LEAST_TEMPERATURES = 3
NOTABLE_GAP = 2.0  # standard deviations from which the gap between methods is an uncertainty of its own
STRAINED = 1.5  # variance from which the tied model does not describe the data


@dataclass(frozen=True)
class _Used:
    """The part of a series that is fitted globally: spectra with all arcs, at known temperatures."""

    indices: tuple[int, ...]
    fits: tuple[CircuitFit, ...]
    temperatures: tuple[Estimate, ...]
    labels: Mapping[str, str]  # slug of an ionic arc to the label of its resistance
    total_doubt: str = ""  # why the sum of these arcs may not be all that holds the ions back

    @property
    def kelvin(self) -> FloatArray:
        return np.array([t.value for t in self.temperatures])


@dataclass(frozen=True)
class Gap:
    """One quantity by separate fits and by the global fit.

    Attributes
    ----------
    quantity : str
    where : str
        Temperature, or empty.
    separate, separate_sd, joint, joint_sd : float
        E [eV], or ln R.
    """

    quantity: str
    where: str
    separate: float
    separate_sd: float
    joint: float
    joint_sd: float

    @property
    def difference(self) -> float:
        """Separate minus global."""
        return self.separate - self.joint

    @property
    def in_deviations(self) -> float:
        """The difference over the deviation it should have, were both methods right (Hausman 1978)."""
        return self.difference / self._expected if self._expected > 0 else 0.0

    @property
    def _expected(self) -> float:
        variance = self.separate_sd**2 - self.joint_sd**2
        return float(np.sqrt(variance if variance > 0 else self.separate_sd**2))

    @property
    def method(self) -> float:
        """The part of the difference that chance does not explain, signed: the method's own uncertainty."""
        if abs(self.in_deviations) <= NOTABLE_GAP:
            return 0.0
        return float(np.copysign(np.sqrt(self.difference**2 - self._expected**2), self.difference))


def fit_study_globally(series: Series, options: Any) -> Outcome:
    """Fit all spectra of a measurement together and compare with the separate fits.

    Raises
    ------
    AnalysisError
        Fewer than three temperatures with all arcs, no arc to tie, or no convergence.
    InputError
        A shared parameter or named arc that does not exist.
    """
    assert isinstance(options, GlobalOptions)
    if not series.pieces:
        raise AnalysisError("there is no spectrum to fit")
    temperatures = plain_temperatures(series.temperatures)
    fits = join_pieces(series.pieces, temperatures, options)
    names = name_series(fits, series.sample, geometry_of(series.sample), options.arcs, temperatures)
    used = _usable(fits, names, series)
    used = replace(used, total_doubt=_total_doubt(used, fits, names, series))
    log_r, covariances = log_resistances(used.fits, list(used.labels.values()))
    known = _temperature_covariance(fit_lines(log_r, covariances, used.kelvin).energies, used)
    together = fit_lines(log_r, covariances, used.kelvin, known)
    deviations = known + together.scatter**2 * np.eye(len(used.labels))
    result = fit_globally(
        used.fits,
        used.kelvin.tolist(),
        tied=list(used.labels.values()) if options.tied else (),
        shared=options.shared,
        deviations=deviations if options.tied else None,
        noise=options.noise,
    )
    alone = [fit_lines(log_r[:, [k]], covariances[:, [k]][:, :, [k]], used.kelvin, known[:, [k]][:, :, [k]])
             for k in range(len(used.labels))]  # fmt: skip
    return _outcome(result, used, alone, together, log_r, covariances, fits, series)


def _temperature_covariance(energies: FloatArray, used: _Used) -> FloatArray:
    """Covariance (n, k, k) of ln R about the lines, because every temperature has an error of its own.

    It moves all arcs of a spectrum together.
    """
    slope = 1 / used.kelvin[:, None] - energies / (Boltzmann * used.kelvin[:, None] ** 2)
    return np.asarray(
        own_temperature_variance(used.temperatures)[:, None, None] * slope[:, :, None] * slope[:, None, :]
    )


def _usable(fits: SeriesFit, names: Sequence[ArcName], series: Series) -> _Used:
    """Raises AnalysisError where there is nothing to tie."""
    indices = [
        i for i, fit in enumerate(fits.fits)
        if fit is not None and fit.circuit.text == fits.circuit and series.temperatures[i] is not None
    ]  # fmt: skip
    labels: dict[str, str] = {}
    for name, track in zip(names, fits.tracks, strict=True):
        members = {track.members[i] for i in indices}
        if not is_ionic(name) or None in members:
            continue
        if len(members) > 1:
            raise AnalysisError(f"{name.label} ({name.name}) changes places with another arc over the "
                                f"series: "
                                "a global fit would tie the wrong ones; fit the temperatures "
                                "separately")  # fmt: skip
        labels[name.slug] = str(members.pop())
    if not labels:
        raise AnalysisError("no bulk or boundary arc is seen at all temperatures, so there is nothing to tie")
    places = [next(x.offset for x in fits.fits[i].circuit.leaves if x.labels[0] == label)  # type: ignore[union-attr]
              for i in indices[:1] for label in labels.values()]  # fmt: skip
    kept = [i for i in indices if _determined(fits.fits[i], places)]
    temperatures = tuple(t for i in kept if (t := series.temperatures[i]) is not None)
    if len({t.value for t in temperatures}) < LEAST_TEMPERATURES:
        raise AnalysisError(
            f"a global fit needs at least {LEAST_TEMPERATURES} temperatures at which all arcs are seen, "
            f"but there are {len({t.value for t in temperatures})}"
        )
    return _Used(tuple(kept), tuple(f for i in kept if (f := fits.fits[i]) is not None), temperatures, labels)


def _total_doubt(used: _Used, fits: SeriesFit, names: Sequence[ArcName], series: Series) -> str:
    """Why a separate fit's total is no number, or is another sum than that of the tied arcs."""
    spectra = spectra_of(fits, names, series, [f"{source}#fit" for source in series.item_sources])
    for i in used.indices:
        total = spectra[i].total
        found = total.estimate(spectra[i].fit, "")
        where = f"{temperature_text(series.temperatures[i])}: "
        if found.status != "determined":
            return where + (found.note or "the total is not determined")
        if set(total.labels) != set(used.labels.values()):
            return f"{where}the total is the sum of {', '.join(total.labels)}, which are not all tied"
    return ""


def _determined(fit: CircuitFit | None, places: Sequence[int]) -> bool:
    return fit is not None and bool(np.all(np.isfinite(np.diag(fit.covariance)[places])))


def _outcome(
    result: GlobalFit, used: _Used, alone: Sequence[Lines], together: Lines, log_r: FloatArray,
    covariances: FloatArray, fits: SeriesFit, series: Series,
) -> Outcome:  # fmt: skip
    source = f"{series.source}#global"
    freedom = float(together.degrees_of_freedom) if together.scatter > 0 else None
    found = estimates_of(result, used.temperatures, source, scatter_freedom=freedom)

    def line(slug: str, values: Sequence[Estimate]) -> Estimate:
        latent = f"{source}#scatter {slug}"
        return line_energy(values, used.temperatures, scatter=together.scatter, source=latent)

    energies: dict[str, Estimate] = {
        slug: found.energies[label] if label in found.energies else line(slug, found.resistances[label])
        for slug, label in used.labels.items()
    }
    resistances = {slug: list(found.resistances[label]) for slug, label in used.labels.items()}
    gaps: list[Gap] = []
    for k, slug in enumerate(used.labels):
        energy_gap, resistance_gaps = _gaps(slug, alone[k], energies[slug], log_r[:, k], covariances[:, k, k],
                                            resistances[slug], used, series)  # fmt: skip
        gaps += [energy_gap, *resistance_gaps]
        latent = f"{source}#method {slug}"
        energies[slug] = _widened(energies[slug], latent, energy_gap.method * elementary_charge)
        resistances[slug] = [_widened(r, latent, gap.method)
                             for r, gap in zip(resistances[slug], resistance_gaps, strict=True)]  # fmt: skip
    if used.total_doubt:
        energies["total"] = undetermined(named_dimension("energy"), used.total_doubt)
        resistances["total"] = [undetermined(named_dimension("resistance"), used.total_doubt)] * len(
            used.indices
        )
    else:
        totals = [
            total_resistance([resistances[slug][i] for slug in used.labels]) for i in range(len(used.indices))
        ]
        energies["total"], resistances["total"] = line("total", totals), totals
    return Outcome(
        rows=tuple(_rows(energies, resistances, used, series)),
        findings=tuple(_findings(result, energies, gaps, together)),
        warnings=tuple(_warnings(result, used, fits, series)),
        failures=failures_of(fits, series),
        tables=(_gap_table(gaps), _parameter_table(result, used)),
        arrays=_arrays(result, used),
        citations=CITATIONS,
    )  # fmt: skip


def _widened(estimate: Estimate, latent: str, weight: float) -> Estimate:
    return replace(estimate, weights={**estimate.weights, latent: weight}) if weight else estimate


def _gaps(
    slug: str, line: Lines, energy: Estimate, log_r: FloatArray, variance: FloatArray,
    resistances: Sequence[Estimate], used: _Used, series: Series,
) -> tuple[Gap, list[Gap]]:  # fmt: skip
    ev = elementary_charge
    alone, alone_sd = line.energies[0] / ev, np.sqrt(line.covariance[0, 0]) / ev
    quantity = f"activation_energy_{slug}"
    first = Gap(quantity, "", float(alone), float(alone_sd), energy.value / ev, energy.spread / ev)
    rest = [
        Gap(f"ln resistance_{slug}", temperature_text(t) or series.labels[i], float(y), float(np.sqrt(v)),
            float(np.log(r.value)), r.spread)
        for i, t, y, v, r in zip(used.indices, used.temperatures, log_r, variance, resistances, strict=True)
    ]  # fmt: skip
    return first, rest


def _rows(
    energies: Mapping[str, Estimate],
    resistances: Mapping[str, Sequence[Estimate]],
    used: _Used,
    series: Series,
) -> list[Row]:
    geometry = geometry_of(series.sample)
    rows = [Row(f"activation_energy_{slug}", energy) for slug, energy in energies.items()]
    if "bulk" not in energies:
        reason = "no bulk arc is seen at all temperatures"
        rows.append(Row("activation_energy_bulk", refused(named_dimension("energy"), reason)))
    for at, i in enumerate(used.indices):
        for slug, values in resistances.items():
            rows.append(Row(f"resistance_{slug}", values[at], used.temperatures[at], series.labels[i]))
        for slug, values in resistances.items():
            sigma = conductivity_or_reason(values[at], geometry)
            rows.append(Row(f"conductivity_{slug}", sigma, used.temperatures[at], series.labels[i]))
    return rows


def _findings(
    result: GlobalFit, energies: Mapping[str, Estimate], gaps: Sequence[Gap], together: Lines
) -> list[str]:
    mean = " (mean over the series: a sum of arcs follows no single Arrhenius law)"
    texts = [
        f"Activation energy of σT, {slug.replace('_', ' ')}: {format_quantity(energy, 'eV')}"
        f"{mean if slug == 'total' and energy.status == 'determined' else ''}."
        for slug, energy in energies.items()
    ]
    for gap in gaps:
        if not gap.where:
            meaning = "within" if gap.method == 0 else "beyond"
            texts.append(
                f"{gap.quantity.replace('_', ' ')}: separate fits give {gap.separate:.4f} ± "
                f"{gap.separate_sd:.4f} eV, "
                f"the global fit {gap.joint:.4f} ± {gap.joint_sd:.4f} eV; the gap of {gap.difference:+.4f} "
                f"eV is "
                f"{meaning} what chance explains ({abs(gap.in_deviations):.1f} SD)"
                + ("." if gap.method == 0 else ", so its excess was added as the method's own uncertainty.")
            )
    if result.tied and together.scatter > 0:
        texts.append(f"The resistances scatter about their Arrhenius lines by {100 * together.scatter:.2g} "
                     f"% more than "
                     "their errors; the tie allows for it.")  # fmt: skip
    shared = f", {', '.join(result.shared)} shared by all temperatures" if result.shared else ""
    texts.append(f"One fit of {len(result.temperatures)} spectra with {result.circuit.text}{shared}; misfit "
                 f"over noise "
                 f"{np.sqrt(result.variance):.2f}.")  # fmt: skip
    return texts


def _warnings(result: GlobalFit, used: _Used, fits: SeriesFit, series: Series) -> list[str]:
    texts = []
    fitted = [i for i, fit in enumerate(fits.fits) if fit is not None]
    left = [series.labels[i] for i in fitted if i not in used.indices]
    if left:
        texts.append(f"{len(left)} spectra are not in the global fit, because an arc is missing or not "
                     f"determined "
                     f"there or the temperature is not known: {', '.join(left[:6])}")  # fmt: skip
    if result.variance > STRAINED:
        texts.append(f"what is shared or tied does not hold: the misfit is {np.sqrt(result.variance):.2f} "
                     f"times that "
                     "of the separate fits")  # fmt: skip
    return [f"{text[:1].upper()}{text[1:]}" for text in texts]


def _gap_table(gaps: Sequence[Gap]) -> Table:
    rows = tuple(
        (gap.quantity, gap.where, f"{gap.separate:.4f} ± {gap.separate_sd:.2g}", f"{gap.joint:.4f} ± "
                                                                                 f"{gap.joint_sd:.2g}",
         f"{gap.in_deviations:+.1f}", f"{abs(gap.method):.2g}" if gap.method else "-")
        for gap in gaps
    )  # fmt: skip
    head = ("Quantity", "Temperature", "Separate fits", "Global fit", "Difference in SD", "Added as method")
    return Table("method_gap", "Separate fits against the global fit", head, rows,
                 "E in eV; resistances as ln(R/ohm). The difference is given in the standard deviation that "
                 "it should "
                 "have if both methods were right; beyond 2, its excess is added to the "
                 "uncertainty.")  # fmt: skip


def _parameter_table(result: GlobalFit, used: _Used) -> Table:
    values = result.circuit.values(result.theta)
    head = (
        "Temperature",
        *(f"{n} [{u}]" if u else n for n, u in zip(result.circuit.names, result.circuit.units, strict=True)),
    )
    rows = tuple((temperature_text(t), *(f"{v:.4g}" for v in row))
                 for t, row in zip(used.temperatures, values, strict=True))  # fmt: skip
    return Table("parameters", "Parameters of the global fit", head, rows)


def _arrays(result: GlobalFit, used: _Used) -> dict[str, NDArray[Any]]:
    values = result.circuit.values(result.theta)
    arrays: dict[str, NDArray[Any]] = {"temperature_kelvin": result.temperatures}
    for j, name in enumerate(result.circuit.names):
        arrays[f"parameters/{name}"] = np.ascontiguousarray(values[:, j])
    return arrays | {"relative_noise": result.noise, "fitted": np.array(used.indices)}
