"""The analysis ``tracer.fit``: one exchange profile per item in, named diffusion coefficients out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.channel import channel_of
from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate, measured
from ionscape.core.measurement import POSITION, SPUTTER_TIME, Sweep
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.position_scale import PositionScale, depth_scale, increasing
from ionscape.core.quantity import Quantity
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.tracer.counting import fraction_of_sweep
from ionscape.tracer.fit_options import FitOptions
from ionscape.tracer.fit_words import fit_findings, fit_tables
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.profile_figures import profiles
from ionscape.tracer.profile_fit import ProfileFit, fit_profile
from ionscape.tracer.profile_models import DIFFUSION, FLUX, LAYER, PRODUCT, SPACING

Pair = float | tuple[float, float]

CITATIONS = ("crank1975",)
_CITED = {"fast boundaries": ("whipple1954", "leclaire1963"), "in slab": ("weideman2006",)}
SHARED = "shared within the study"  # stands for the study and sample until the items come together
_UNITS = {FLUX: "cm/s", PRODUCT: "cm^3/s", LAYER: "um", "surface_position": "um"}


def fit_one(item: Item, sample: Sample, options: Any) -> ProfileFit:
    """Fit one profile.

    Raises
    ------
    InputError
        If the sweep is no usable profile, or the study does not say how the tracer got in.
    AnalysisError
        If no model applies.
    """
    assert isinstance(options, FitOptions)
    fields = _fields(item)
    scale = position_of_sweep(item.sweep, fields)
    surface = options.surface_position
    assert fields.exchange_time is not None
    boundaries = options.fast_boundaries
    if boundaries is None:
        boundaries = sample.morphology not in ("glass", "single crystal")
    fit = fit_profile(
        scale.position, fraction_of_sweep(item.sweep, fields), exchange_time=_pair(fields.exchange_time),
        model=options.model, candidates=options.candidates,
        initial_fraction=_perhaps(fields.initial_fraction),
        source_fraction=_perhaps(fields.source_fraction),
        surface_position=surface if isinstance(surface, str) else _pair(surface),
        surface_motion=None if options.surface_motion is None else options.surface_motion.value,
        resolution=_perhaps(fields.depth_resolution),
        sample_length=None if fields.sample_length is None else fields.sample_length.value,
        position_uncertainty=scale.relative_uncertainty,
        fast_boundaries=boundaries,
        source=f"{item.source}#fit", shared_source=SHARED,
    )  # fmt: skip
    return replace(fit, warnings=(*scale.warnings, *fit.warnings))


def position_of_sweep(sweep: Sweep, fields: TracerMeasurement | None) -> PositionScale:
    """Positions [m] of a profile: as measured, or from the sputter time.

    Raises
    ------
    InputError
        If it is an image, has no positions, or they do not increase.
    """
    if any(np.ndim(column) > 1 for column in sweep.columns.values()):
        raise InputError("this is an image, not a profile: use tracer.boundaries or tracer.image_fit")
    if POSITION in sweep.columns:
        return PositionScale(increasing(sweep.columns[POSITION], "position"))
    if SPUTTER_TIME not in sweep.columns:
        raise InputError(f"no positions: give a column {POSITION!r} or {SPUTTER_TIME!r}")
    return depth_scale(
        sweep.columns[SPUTTER_TIME],
        sputter_rate=_perhaps(fields.sputter_rate) if fields is not None else None,
        crater_depth=_perhaps(fields.crater_depth) if fields is not None else None,
    )


def _fields(item: Item) -> TracerMeasurement:
    """What the study says of the exchange, complete enough for a fit."""
    fields = item.fields
    if not isinstance(fields, TracerMeasurement) or fields.exchange_time is None:
        raise InputError("how long was the sample in contact with the tracer? State exchange_time in the "
                         "measurement, e.g. exchange_time: 59 h")  # fmt: skip
    if fields.storage:
        raise InputError("the profile was taken after storage or annealing, which no exchange model "
                         "describes: use "
                         "tracer.propagate with the profile from before")  # fmt: skip
    return fields


def _pair(quantity: Quantity) -> Pair:
    return (quantity.value, quantity.uncertainty) if quantity.uncertainty else quantity.value


def _perhaps(quantity: Quantity | None) -> Pair | None:
    return None if quantity is None else _pair(quantity)


def profiles_of_study(series: Series, options: Any) -> Outcome:
    """Combine the fits of all profiles of a measurement.

    Raises
    ------
    AnalysisError
        If no profile could be fitted.
    """
    assert isinstance(options, FitOptions)
    failures = tuple(piece for piece in series.pieces if isinstance(piece, Failure))
    fits = {i: _with_shared(piece, series, i) for i, piece in enumerate(series.pieces)
            if isinstance(piece, ProfileFit)}  # fmt: skip
    if not fits:
        raise AnalysisError(f"no profile could be fitted: {failures[0].reason}" if failures
                            else "there is no profile to fit")  # fmt: skip
    channels = {i: _channel(fit, series.sample, options) for i, fit in fits.items()}
    temperatures = {i: exchange_temperature(series, i) for i in fits}
    labels = {i: series.labels[i] for i in fits}
    return Outcome(
        rows=tuple(row for i, fit in fits.items()
                   for row in _rows(fit, temperatures[i], labels[i], channels[i][0])),
        findings=fit_findings(fits, channels, temperatures, labels, several=len(series.labels) > 1),
        warnings=_warnings(fits, channels, labels, options),
        failures=failures,
        figures=(profiles([(labels[i], fit) for i, fit in fits.items()]),),
        tables=fit_tables(fits, labels),
        arrays=_arrays(fits, labels),
        citations=_citations(fits.values()),
    )  # fmt: skip


def exchange_temperature(series: Series, i: int) -> Estimate | None:
    """[K]: as stated for the exchange, else the measurement's."""
    fields = series.fields[i] if i < len(series.fields) else None
    stated = getattr(fields, "exchange_temperature", None)
    if stated is None:
        return series.temperatures[i]
    source = shared_name(series, "exchange temperature", stated.text)
    return measured(stated.value, stated.uncertainty or 0.0, stated.dimension, source=source)


def shared_name(series: Series, cause: str, text: str) -> str:
    """Name of the latent of something stated for the sample: the same text is the same unknown."""
    title = series.source.rpartition("/")[0]
    return f"{title}/{series.sample.name}#{cause} {text}".rstrip()


def _with_shared(fit: ProfileFit, series: Series, i: int) -> ProfileFit:
    """The fit with the names of latents that items, and other analyses of the sample, have in common."""
    fields = series.fields[i] if i < len(series.fields) else None
    names = {f"{SHARED}#{cause}": shared_name(series, cause, text) for cause, text in _texts(fields).items()}
    renamed = {
        name: replace(estimate, weights={names.get(k, k): w for k, w in estimate.weights.items()})
        for name, estimate in fit.parameters.items()
    }
    return replace(fit, parameters=renamed)


def _texts(fields: TracerMeasurement | None) -> dict[str, str]:
    """Causes that a measurement states, as they are written."""
    if fields is None:
        return {}
    stated = {"exchange time": fields.exchange_time, "initial fraction": fields.initial_fraction,
              "source fraction": fields.source_fraction, "resolution": fields.depth_resolution,
              "mass discrimination": fields.mass_discrimination,
              "position scale": fields.sputter_rate or fields.crater_depth}  # fmt: skip
    stated |= {f"background {name}": quantity for name, quantity in fields.background.items()}
    return {cause: quantity.text for cause, quantity in stated.items() if quantity is not None}


def _channel(fit: ProfileFit, sample: Sample, options: FitOptions) -> tuple[str, str]:
    if options.channel is None and fit.model == "fast boundaries":
        return "bulk", "the boundaries were fitted beside the grains"
    length = fit.diffusion_length
    return channel_of(sample, length.value if length.status == "determined" else None, options.channel or "")


def _rows(fit: ProfileFit, temperature: Estimate | None, label: str, channel: str) -> list[Row]:
    return [
        Row(name, estimate, temperature, label, _UNITS.get(name, ""),
            kind="D*" if name == DIFFUSION else "", channel=channel if name == DIFFUSION else "")
        for name, estimate in fit.parameters.items()
        if name != SPACING
    ]  # fmt: skip


def _warnings(
    fits: Mapping[int, ProfileFit], channels: Mapping[int, tuple[str, str]], labels: Mapping[int, str],
    options: FitOptions,
) -> tuple[str, ...]:  # fmt: skip
    """Each once, with the profiles that it holds for."""
    where: dict[str, list[str]] = {}
    for i, fit in fits.items():
        told = [*fit.warnings]
        if not channels[i][0] and options.channel is None:
            told.append(f"whether D* is of the grains or effective cannot be told: {channels[i][1]}")
        for text in told:
            where.setdefault(text, []).append(labels[i])
    return tuple(text if len(names) == len(fits) else f"{', '.join(names)}: {text}"
                 for text, names in where.items())  # fmt: skip


def _arrays(fits: Mapping[int, ProfileFit], labels: Mapping[int, str]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for i, fit in fits.items():
        group = labels[i].replace("/", "_")
        arrays |= {
            f"{group}/position_metre": fit.position,
            f"{group}/isotope_fraction": fit.fraction,
            f"{group}/isotope_fraction_uncertainty": fit.deviation,
            f"{group}/fitted_fraction": fit.fitted,
            f"{group}/curve_position_metre": fit.curve_position,
            f"{group}/curve_fraction": fit.curve,
        }
    return arrays


def _citations(fits: Sequence[ProfileFit] | Any) -> tuple[str, ...]:
    used = " ".join(fit.model for fit in fits)
    return CITATIONS + tuple(key for word, keys in _CITED.items() if word in used for key in keys)
