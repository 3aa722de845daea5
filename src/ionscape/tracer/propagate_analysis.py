"""The analysis ``tracer.propagate``: profiles before and after storage in, diffusion coefficients out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import zero_Celsius

from ionscape.core.channel import channel_of
from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import named_dimension
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.tracer.counting import fraction_of_sweep
from ionscape.tracer.fit_analysis import position_of_sweep, shared_name
from ionscape.tracer.history import SAME_TEMPERATURE, Stage, beyond, joined
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.propagate_options import PropagateOptions
from ionscape.tracer.smoothing import checked_profile
from ionscape.tracer.storage_checks import contents, disagreements, displaced, line_test, tests_line
from ionscape.tracer.storage_estimates import (
    StorageEstimates,
    estimates_of,
    moves_of_energy,
    moves_of_fraction,
    moves_of_position,
    moves_of_temperature,
)
from ionscape.tracer.storage_figures import storage_profiles
from ionscape.tracer.storage_fit import Setting, StorageFit, fit_profiles
from ionscape.tracer.storage_likelihood import MeasuredProfile
from ionscape.tracer.storage_words import StorageReport, storage_findings, storage_tables, storage_warnings

CITATIONS = ("crank1975", "solin2020", "hasegawa2024")


@storable
@dataclass(frozen=True)
class FractionProfile:
    """One profile, ready to be propagated.

    Attributes
    ----------
    profile : MeasuredProfile
    known_noise : bool
        Whether the variance is known, from counts or as stated.
    systematic : mapping of str to (N,) array
        As `IsotopeFraction.systematic`.
    position_uncertainty : float
        Relative, of the common scale of all positions.
    warnings : tuple of str
    """

    profile: MeasuredProfile
    known_noise: bool
    systematic: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    position_uncertainty: float = 0.0
    warnings: tuple[str, ...] = ()


def fractions_of_one(item: Item, sample: Sample, options: Any) -> FractionProfile:  # noqa: ARG001
    """Position, isotope fraction and variance of one profile.

    Raises
    ------
    InputError
        If the sweep is no usable profile.
    """
    scale = position_of_sweep(item.sweep, item.fields)
    found = fraction_of_sweep(item.sweep, item.fields)
    known = bool(np.any(np.isfinite(found.variance)))
    usable = np.isfinite(found.fraction) & (np.isfinite(found.variance) | (not known))
    variance = found.variance[usable] if known else None
    position, fraction, weights = checked_profile(scale.position[usable], found.fraction[usable], variance,
                                                  "the profile")  # fmt: skip
    total = None if found.total is None else found.total[usable]
    return FractionProfile(
        MeasuredProfile(position, fraction, weights, total), known,
        {cause: np.asarray(shift)[usable] for cause, shift in found.systematic.items()},
        scale.relative_uncertainty, (*scale.warnings, *found.warnings),
    )  # fmt: skip


def storage_of_study(series: Series, options: Any) -> Outcome:
    """D, or D0 and the activation energy, from all profiles of one sample.

    Raises
    ------
    AnalysisError
        If fewer than two profiles can be used, or their histories do not follow from one another.
    """
    assert isinstance(options, PropagateOptions)
    records = {i: p for i, p in enumerate(series.pieces) if isinstance(p, FractionProfile)}
    failures = tuple(piece for piece in series.pieces if isinstance(piece, Failure))
    order, histories = _histories(records, series)
    if len({records[i].known_noise for i in order}) > 1:
        raise AnalysisError("some profiles have counts or uncertainties and others have none: give them "
                            "for all")
    profiles = [records[i].profile for i in order]
    setting, known = _setting(order, series, options), records[order[0]].known_noise
    fit = fit_profiles(profiles[0], profiles[1:], histories, setting, known_noise=known)
    thermometers = _thermometers(fit, order, histories, series)
    line = None
    if tests_line(fit):
        each = fit_profiles(profiles[0], profiles[1:], histories, replace(setting, law="free"),
                            known_noise=known)  # fmt: skip
        line = line_test(fit, each, _latents(thermometers))
        fit = each if line is not None and line.rejected and options.law == "auto" else fit
    moves = {
        **moves_of_temperature(fit, _latents(thermometers)),
        **_stated_energy(fit, series, options),
        **moves_of_position(fit, _scales(order, records, series)),
        **moves_of_fraction(fit, _shifts(order, records, series)),
    }
    estimates = estimates_of(fit, f"{series.source}#storage", moves)
    length = float(np.sqrt(fit.theta.max()))
    channel = channel_of(series.sample, length, options.channel or "")
    report = StorageReport(
        fit, estimates, [series.labels[i] for i in order], channel, contents(fit), disagreements(fit),
        displaced(fit), stated_length=_length(order, series) is not None, line=line,
        notes=tuple(dict.fromkeys(w for i in order for w in records[i].warnings)),
    )  # fmt: skip
    return Outcome(
        rows=_rows(fit, estimates, thermometers, channel[0], wanted=options.law == "arrhenius"),
        findings=storage_findings(report),
        warnings=storage_warnings(report),
        failures=failures,
        figures=(storage_profiles(fit, report.labels),),
        tables=storage_tables(report),
        arrays=_arrays(fit, report.labels),
        citations=CITATIONS,
    )  # fmt: skip


def _histories(
    records: Mapping[int, FractionProfile], series: Series
) -> tuple[list[int], list[tuple[Stage, ...]]]:
    """Items from the first profile on, and what each later one went through since the first."""
    if len(records) < 2:
        reasons = [f"{p.item}: {p.reason}" for p in series.pieces if isinstance(p, Failure)]
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise AnalysisError("storage needs one profile before and at least one after it, of one sample: "
                            f"{len(records)} can be used{why}")  # fmt: skip
    storage = {i: joined(_storage(series, i)) for i in records}
    order = sorted(records, key=lambda i: sum(stage.duration for stage in storage[i]))
    start, histories = order[0], []
    _same_exchange(order, series)
    for i in order[1:]:
        try:
            history = beyond(storage[i], storage[start])
        except InputError as error:
            raise AnalysisError(f"{series.labels[i]} and {series.labels[start]}: {error}") from error
        if not history:
            raise AnalysisError(f"{series.labels[i]} and {series.labels[start]} were stored for the same "
                                f"time: "
                                "state 'storage' of the later one, and use one profile as the "
                                "first")  # fmt: skip
        histories.append(history)
    return order, histories


def _storage(series: Series, i: int) -> tuple[Stage, ...]:
    fields = series.fields[i] if i < len(series.fields) else None
    return fields.storage if isinstance(fields, TracerMeasurement) else ()


def _same_exchange(order: Sequence[int], series: Series) -> None:
    times = {}
    for i in order:
        fields = series.fields[i] if i < len(series.fields) else None
        if isinstance(fields, TracerMeasurement) and fields.exchange_time is not None:
            times[round(fields.exchange_time.value)] = (series.labels[i], fields.exchange_time.text)
    if len(times) > 1:
        told = ", ".join(f"{label} for {text}" for label, text in times.values())
        raise AnalysisError(f"the profiles were exchanged differently ({told}): storage compares one "
                            f"sample with "
                            "itself")  # fmt: skip


def _setting(order: Sequence[int], series: Series, options: PropagateOptions) -> Setting:
    length = _length(order, series)
    first = series.pieces[order[0]].profile.position[0]
    edges = None if length is None else (min(0.0, float(first)), length)
    energy = options.activation_energy
    law = "free" if options.law == "each temperature" else options.law
    return Setting(options.near_edge, options.far_edge, edges, law, None if energy is None else energy.value,
                   options.displacement_sd)  # fmt: skip


def _length(order: Sequence[int], series: Series) -> float | None:
    stated = [getattr(series.fields[i], "sample_length", None) for i in order if i < len(series.fields)]
    return next((quantity.value for quantity in stated if quantity is not None), None)


def _thermometers(
    fit: StorageFit, order: Sequence[int], histories: Sequence[tuple[Stage, ...]], series: Series
) -> dict[float, Estimate]:
    """Every temperature of a stage as an estimate: with the uncertainty that the stage states, one unknown
    for each stated temperature; else its thermometer is that of the first profile after it.
    """
    kelvin, found = named_dimension("temperature"), dict[float, Estimate]()
    for stage in sorted((s for history in histories for s in history), key=lambda s: -s.uncertainty):
        for t in (stage.start, stage.end) if stage.uncertainty else ():
            if any(abs(t - known) < SAME_TEMPERATURE for known in found):
                continue
            text = f"{round(stage.start - zero_Celsius, 4):g} ± {stage.uncertainty:g} degC"
            latent = shared_name(series, "storage temperature", text)
            found[t] = Estimate(t, kelvin, "log", {latent: stage.uncertainty / t})
    for i, history in zip(order[1:], histories, strict=True):
        for t in (t for stage in history for t in (stage.start, stage.end)):
            if any(abs(t - known) < SAME_TEMPERATURE for known in found):
                continue
            stated = series.temperatures[i]
            if stated is None or stated.status != "determined" or not stated.spread:
                found[t] = exact(t, kelvin)
                continue
            absolute = stated.value if stated.scale == "log" else 1.0
            found[t] = Estimate(t, kelvin, "log", {k: w * absolute / t for k, w in stated.weights.items()})
    for t in fit.temperatures:
        found.setdefault(t, exact(t, kelvin))
    return found


def _latents(thermometers: Mapping[float, Estimate]) -> list[tuple[str, dict[float, float]]]:
    names = dict.fromkeys(name for estimate in thermometers.values() for name in estimate.weights)
    return [(name, {t: e.weights.get(name, 0.0) * t for t, e in thermometers.items()}) for name in names]


def _stated_energy(fit: StorageFit, series: Series, options: PropagateOptions) -> Mapping[str, Any]:
    energy = options.activation_energy
    if energy is None or not energy.uncertainty:
        return {}
    return moves_of_energy(fit, shared_name(series, "activation energy", energy.text), energy.uncertainty)


def _scales(
    order: Sequence[int], records: Mapping[int, FractionProfile], series: Series
) -> dict[str, NDArray[np.float64]]:
    """Latent of every stated position scale to its share in each profile."""
    found: dict[str, NDArray[np.float64]] = {}
    for k, i in enumerate(order):
        relative = records[i].position_uncertainty
        fields = series.fields[i] if i < len(series.fields) else None
        stated = getattr(fields, "sputter_rate", None) or getattr(fields, "crater_depth", None)
        if relative and stated is not None:
            latent = shared_name(series, "position scale", stated.text)
            found.setdefault(latent, np.zeros(len(order)))[k] = relative
    return found


def _shifts(
    order: Sequence[int], records: Mapping[int, FractionProfile], series: Series
) -> dict[str, list[NDArray[np.float64] | None]]:
    """Latent of every cause that shifts fractions to its shift of each profile."""
    found: dict[str, list[NDArray[np.float64] | None]] = {}
    for k, i in enumerate(order):
        for cause, shift in records[i].systematic.items():
            fields = series.fields[i]
            isotope = cause.removeprefix("background ")
            stated = fields.mass_discrimination if cause == isotope else fields.background[isotope]
            latent = shared_name(series, cause, stated.text)
            found.setdefault(latent, [None] * len(order))[k] = shift
    return found


def _rows(
    fit: StorageFit, estimates: StorageEstimates, thermometers: Mapping[float, Estimate], channel: str, *,
    wanted: bool,
) -> tuple[Row, ...]:  # fmt: skip
    """An activation energy only where it was asked for, or storage was at several temperatures."""
    rows = [
        Row("diffusion_coefficient", estimate, thermometers[t], kind="D*", channel=channel)
        for t, estimate in zip(fit.temperatures, estimates.diffusion, strict=True)
    ]
    if fit.activation_energy is not None or wanted or fit.law.kind == "free":
        rows.append(Row("activation_energy", estimates.activation_energy, channel=channel))
    if fit.activation_energy is not None:
        rows.append(Row("pre_exponential_factor", estimates.prefactor, unit="cm^2/s", channel=channel))
    return tuple(rows)


def _arrays(fit: StorageFit, labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for k, (label, profile) in enumerate(zip(labels, fit.profiles, strict=True)):
        group = label.replace("/", "_")
        curve, spread = fit.curve(k, profile.position)
        arrays |= {
            f"{group}/position_metre": profile.position,
            f"{group}/isotope_fraction": profile.fraction,
            f"{group}/isotope_fraction_uncertainty": np.sqrt(profile.variance),
            f"{group}/propagated_fraction": curve,
            f"{group}/propagated_fraction_uncertainty": spread,
        }
    return arrays
