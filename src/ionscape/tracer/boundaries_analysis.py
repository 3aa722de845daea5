"""The analysis ``tracer.boundaries``: ion images in, a table of grain boundaries with D_gb/delta out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError, IonscapeError
from ionscape.core.estimate import Estimate, exact, undetermined
from ionscape.core.measurement import BOUNDARY_MASK, GRAIN_LABELS, Sweep
from ionscape.core.number_format import format_quantity
from ionscape.core.outcome import Failure, Figure, Outcome, Row
from ionscape.core.quantity import dimension_of, named_dimension
from ionscape.core.registry import Series
from ionscape.tracer.boundaries_options import BoundariesOptions
from ionscape.tracer.boundary_figures import boundary_map
from ionscape.tracer.boundary_permeability import step_ratio
from ionscape.tracer.boundary_words import (
    MEDIAN,
    RATIO_UNIT,
    SPREAD,
    ImageBoundaries,
    doubts_about,
    findings_of,
    noted,
    tables_of,
    values_of,
)
from ionscape.tracer.bulk_input import bulk_at
from ionscape.tracer.grain_intercepts import grain_size
from ionscape.tracer.grain_segmentation import grains_from_fraction
from ionscape.tracer.image_history import source_edge_of
from ionscape.tracer.image_pieces import images_and_maps
from ionscape.tracer.image_registration import Registration, registered, stretched
from ionscape.tracer.label_maps import grains_from_labels, grains_from_mask
from ionscape.tracer.map_view import MapView
from ionscape.tracer.measured_image import IonImage, ion_image, with_label
from ionscape.tracer.measurement_fields import TracerMeasurement
from ionscape.tracer.permeability_distribution import BoundaryDistribution, boundary_distribution
from ionscape.tracer.permeability_figure import permeability_histogram, plain
from ionscape.tracer.step_fit import BoundarySteps, boundary_steps
from ionscape.tracer.strip_figure import strip_profile

IntArray = NDArray[np.int_]

CITATIONS = ("hasegawa2024", "fieller1954", "dersimonian1986")
PERMEABILITY, DIFFUSION, LENGTH = (
    dimension_of("m/s"),
    named_dimension("diffusion coefficient"),
    named_dimension("length"),
)


def boundaries_of_study(series: Series, options: Any) -> Outcome:
    """Boundaries of every image of a study.

    Raises
    ------
    InputError
        If there is no image, or images and maps of grains do not fit one another.
    AnalysisError
        If no image could be used.
    """
    assert isinstance(options, BoundariesOptions)
    sorted_pieces = images_and_maps(series)
    series, pictures, maps = sorted_pieces.series, sorted_pieces.images, sorted_pieces.maps
    if not pictures:
        raise InputError(
            "there is no isotope image: 'on' must name a measurement with counts or isotope_fraction"
        )
    found: list[ImageBoundaries] = []
    failures = list(sorted_pieces.failures)
    for label, members in pictures.items():
        try:
            found.append(_measured(label, members, maps, series, options))
        except IonscapeError as error:
            if len(pictures) == 1:
                raise
            failures.append(Failure(label, str(error)))
    if not found:
        raise AnalysisError(f"no image could be used: {failures[0].item}: {failures[0].reason}")
    several = len(found) > 1
    return Outcome(
        rows=tuple(row for one in found for row in _rows(one, series, options, several)),
        findings=tuple(text for one in found for text in findings_of(one, several)),
        warnings=tuple(dict.fromkeys(text for one in found for text in one.warnings)),
        failures=tuple(failures),
        figures=tuple(figure for one in found for figure in _figures(one, several)),
        tables=tuple(table for one in found for table in tables_of(one, several)),
        arrays={name: array for one in found for name, array in _arrays(one).items()},
        citations=CITATIONS,
    )


def image_and_grains(
    label: str, members: Sequence[int], maps: Mapping[str, Sweep], series: Series, options: BoundariesOptions
) -> tuple[IonImage, IntArray, str, tuple[str, ...]]:
    """One image of a study with its grains: found in the image, or from the map that the study gives.

    Returns
    -------
    image, labels, origin, warnings
        ``origin`` says in words where the grains come from.

    Raises
    ------
    InputError
        If image and map do not fit one another.
    """
    sweeps = [series.pieces[k] for k in members]
    fields = series.fields[members[0]] if series.fields else None
    image = with_label(ion_image(sweeps, fields, label=label), label)
    own = next((s for s in sweeps if {GRAIN_LABELS, BOUNDARY_MASK} & s.columns.keys()), None)
    given = {**maps} if own is None else {label: own, **maps}
    if len(given) > 1:
        raise InputError(f"there is more than one map of grains ({', '.join(given)}): leave one in 'on'")
    if not given:
        labels = grains_from_fraction(image)
        if labels.max() < 1:
            raise AnalysisError(
                "no boundary shows in the image: no step of the fraction stands out of the noise; count "
                "longer, or give a map of grains (EBSD or a mask) in 'on'"
            )
        return image, labels, "from the steps of the fraction", ()
    ((name, sweep),) = given.items()
    labels, told = _given_grains(name, sweep, image, options)
    return image, labels, "from the map of grains", told


def _given_grains(
    name: str, sweep: Sweep, image: IonImage, options: BoundariesOptions
) -> tuple[IntArray, tuple[str, ...]]:
    as_mask = GRAIN_LABELS not in sweep.columns
    values = np.asarray(sweep.columns[BOUNDARY_MASK if as_mask else GRAIN_LABELS])
    labels = grains_from_mask(values) if as_mask else grains_from_labels(values)
    shape = (image.fraction.shape[0], image.fraction.shape[1])
    if options.registration == "none":
        if labels.shape != shape:
            (ny, nx), (my, mx), kind = shape, labels.shape, "mask" if as_mask else "map of grains"
            raise InputError(
                f"the image {image.label} has {nx} x {ny} pixels, the {kind} {mx} x {my} ({name}): give both "
                "on the same pixels, or say 'registration: scale', 'points' or 'automatic'"
            )
        return labels, ()
    placed = _registration(labels, image, options)
    moved = placed.apply(labels, shape, labels=True).astype(int)
    outside = float(np.mean(moved < 0))
    told = []
    if math.isfinite(placed.residual):
        told.append(
            f"the map of grains was registered to the image; {placed.residual:.1f} pixels of misfit remain"
        )
    elif options.registration == "points":
        told.append("the control points fix the registration exactly: nothing tests it; give more")
    if outside > 0.01:
        told.append(f"the map of grains covers {100 * (1 - outside):.0f} % of the image")
    return moved, tuple(told)


def _registration(labels: IntArray, image: IonImage, options: BoundariesOptions) -> Registration:
    if options.registration == "scale":
        return stretched(labels.shape, image.fraction.shape)
    model: Literal["similarity", "affine"] = "affine" if options.shear else "similarity"
    if options.registration == "points":
        return registered(labels.astype(float), image.fraction, points=options.control_points, model=model)
    from scipy.ndimage import gaussian_gradient_magnitude

    edges = np.zeros(labels.shape)
    edges[:, :-1] += labels[:, :-1] != labels[:, 1:]
    edges[:-1] += labels[:-1] != labels[1:]
    filled = np.where(np.isfinite(image.fraction), image.fraction, np.nanmedian(image.fraction))
    return registered(edges, gaussian_gradient_magnitude(filled, 1.5), model=model)


def _measured(
    label: str, members: Sequence[int], maps: Mapping[str, Sweep], series: Series, options: BoundariesOptions
) -> ImageBoundaries:
    image, labels, origin, told = image_and_grains(label, members, maps, series, options)
    lengths = {
        name: None if (q := getattr(options, name)) is None else q.value
        for name in ("resolution", "strip_width", "minimum_length")
    }
    steps = boundary_steps(image, labels, **lengths)
    source = f"{series.source}#{label}"
    ratios = tuple(
        step_ratio(g, d, c, f"{source}#boundary {k}")
        for k, g, d, c in zip(steps.measured, steps.gradient, steps.step, steps.covariance, strict=True)
    )
    temperature = _temperature(members[0], series)
    bulk, doubts = bulk_at(series, temperature)
    size = grain_size(labels, image.spacing, f"{source}#grain_size")
    uneven = (size.warning,) if size.warning else ()
    warnings = (*image.warnings, *told, *doubts, *doubts_about(image, origin, steps), *uneven)
    return ImageBoundaries(
        image,
        labels,
        origin,
        steps,
        ratios,
        _distribution(steps, f"{source}#boundaries"),
        size,
        temperature,
        bulk,
        warnings,
        _view(image, series.fields[members[0]] if series.fields else None),
    )


def _view(image: IonImage, fields: Any) -> MapView:
    """The source at the left, where the study says or the fractions show where it was."""
    shape = (image.fraction.shape[0], image.fraction.shape[1])
    try:
        return MapView(source_edge_of(image.fraction, fields or TracerMeasurement()), shape, image.spacing)
    except InputError:
        return MapView("left", shape, image.spacing, known=False)


def _distribution(steps: BoundarySteps, source: str) -> BoundaryDistribution:
    try:
        return boundary_distribution(steps, source)
    except AnalysisError as error:
        nothing = undetermined(dimension_of("1/m"), str(error))
        return BoundaryDistribution(
            nothing, replace(nothing, dimension=dimension_of("1")), nothing, len(steps.measured)
        )


def _temperature(k: int, series: Series) -> Estimate | None:
    """At which the fluxes of the image ran last: that of the last stage of storage, else of the exchange."""
    fields = series.fields[k] if series.fields else None
    if fields is not None and fields.storage:
        return exact(fields.storage[-1].end, named_dimension("temperature"))
    if fields is not None and fields.exchange_temperature is not None:
        return exact(fields.exchange_temperature.value, named_dimension("temperature"))
    return series.temperatures[k] if series.temperatures else None


# ---- what is reported -----------------------------------------------------------------------------------
def _item(one: ImageBoundaries, several: bool) -> str:
    return one.image.label if several else ""


def _rows(one: ImageBoundaries, series: Series, options: BoundariesOptions, several: bool) -> list[Row]:
    item, t, found = _item(one, several), one.temperature, one.distribution
    median = noted(one.bulk * found.median, MEDIAN)
    rows = [
        Row("boundary_permeability", median, t, item, channel="boundary"),
        Row("boundary_permeability_spread", noted(found.spread, SPREAD), t, item, channel="boundary"),
    ]
    thickness = series.sample.extra.get("grain_boundary_thickness")
    if thickness is not None:
        inside = noted(median * thickness * (options.depletion or 1.0), MEDIAN)
        rows.append(Row("boundary_diffusion_coefficient", inside, t, item, kind="D*", channel="boundary"))
    return [*rows, Row("grain_size", one.size.intercept, None, item)]


def _figures(one: ImageBoundaries, several: bool) -> list[Figure]:
    values, unit, symbol = values_of(one)
    tail = f"_{one.image.label}" if several else ""
    title = f" ({one.image.label})" if several else ""
    scaled = one.distribution.median if unit == RATIO_UNIT else one.bulk * one.distribution.median
    figures = [
        boundary_map(
            one.image, one.steps, values, unit, symbol, f"map{tail}", f"Grain boundaries{title}", one.view
        ),
        permeability_histogram(
            values,
            scaled,
            one.distribution.spread,
            unit,
            symbol,
            f"distribution{tail}",
            f"Distribution over boundaries{title}",
        ),
    ]
    straight = [one.steps.lines[k].straightness > 0.95 for k in one.steps.measured]
    spreads = [
        r.spread if r.status == "determined" and r.weights and flat else math.inf
        for r, flat in zip(one.ratios, straight, strict=True)
    ]
    if spreads and math.isfinite(min(spreads)):
        k = int(np.argmin(spreads))
        text = f"{plain(symbol)} = {format_quantity(values[k], unit)}"
        figures.append(
            strip_profile(
                one.image,
                one.labels,
                one.steps,
                k,
                text,
                f"profile{tail}",
                f"Across boundary {one.steps.measured[k] + 1}{title}",
            )
        )
    return figures


def _arrays(one: ImageBoundaries) -> dict[str, NDArray[Any]]:
    steps, group = one.steps, (one.image.label or "image").replace("/", "_")
    lines = [steps.lines[k] for k in steps.measured]
    low_high = np.array([ratio.interval() for ratio in one.ratios]).reshape(-1, 2)
    columns: dict[str, NDArray[Any]] = {
        "boundary": steps.measured + 1,
        "grains": np.array([line.grains for line in lines]),
        "centre_metre": np.array([line.centre for line in lines]),
        "normal": np.array([line.normal for line in lines]),
        "length_metre": np.array([line.length for line in lines]),
        "gradient_per_metre": steps.gradient,
        "step": steps.step,
        "covariance_gradient_step": steps.covariance,
        "gradients_either_side_per_metre": steps.gradients,
        "ratio_per_metre": np.array([ratio.value for ratio in one.ratios]),
        "ratio_interval_95_per_metre": low_high,
    }
    found = {f"{group}/boundaries/{name}": values for name, values in columns.items()}
    found[f"{group}/isotope_fraction"] = one.image.fraction
    found[f"{group}/isotope_fraction_uncertainty"] = np.sqrt(one.image.variance)
    found[f"{group}/{GRAIN_LABELS}"] = one.labels
    return found
