"""The analysis `tracer.image_fit`: one or several isotope images of one area, fitted as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.estimate import Estimate
from ionscape.core.field_types import estimate_of
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import Quantity
from ionscape.core.registry import Series
from ionscape.tracer.boundaries_analysis import image_and_grains
from ionscape.tracer.boundaries_options import BoundariesOptions
from ionscape.tracer.boundary_words import MEDIAN, noted
from ionscape.tracer.bulk_input import bulk_at
from ionscape.tracer.diffusion_2d import Edge, Stage2D
from ionscape.tracer.image_fit_figures import fit_figures
from ionscape.tracer.image_fit_options import ImageFitOptions
from ionscape.tracer.image_fit_words import boundary_table, findings_of, warnings_of
from ionscape.tracer.image_history import source_edge_of, stages_of
from ionscape.tracer.image_inverse import ImageFit, fit_image
from ionscape.tracer.image_pieces import images_and_maps
from ionscape.tracer.measured_image import IonImage, ion_image, with_label
from ionscape.tracer.measurement_fields import TracerMeasurement

CITATIONS = ("hasegawa2024",)
ONE = "one value for all boundaries: between their geometric mean (median) and their mean"
ROBUST, OPEN = ("liang1986",), 10.0  # of the image's length: how far an open sample goes on


@dataclass(frozen=True)
class Area:
    """All that is known of one area: images in order of their storage, the map, and how it was treated."""

    images: tuple[IonImage, ...]
    labels: NDArray[np.int64]
    origin: str
    remarks: tuple[str, ...]
    stages: tuple[tuple[Stage2D, ...], ...]
    source_edge: Edge
    beyond: float
    fields: TracerMeasurement
    temperature: Estimate | None


def images_of_study(series: Series, options: Any) -> Outcome:
    """Fit all images of a study's measurements together.

    Raises
    ------
    AnalysisError
        If there is no image.
    InputError
        If map and image do not belong together or a stage is not stated.
    """
    assert isinstance(options, ImageFitOptions)
    area = _area(series, options)
    bulk, doubts = _bulk_prior(series, _temperature(area, series.source))
    fit = fit_image(
        area.images, area.labels, area.images[0].spacing, area.stages, source_edge=area.source_edge,
        bulk="free" if bulk is None else bulk, permeability=options.permeability,
        source_fraction=_stated(area.fields.source_fraction, f"{series.source}#source fraction"),
        initial_fraction=_stated(area.fields.initial_fraction, f"{series.source}#initial fraction"),
        resolution=0.0 if options.resolution is None else options.resolution.value, beyond=area.beyond,
        excluded=options.excluded_pixels, source=f"{series.source}#image",
    )  # fmt: skip
    return Outcome(
        rows=_rows(fit, series, area),
        findings=findings_of(fit, bulk, len(area.images)),
        warnings=_remarks(area)
        + doubts
        + warnings_of(fit, options, area.origin, area.fields.sample_length is not None),
        failures=tuple(piece for piece in series.pieces if isinstance(piece, Failure)),
        figures=fit_figures(fit, [image.label for image in area.images]),
        tables=boundary_table(fit),
        arrays=_arrays(fit),
        citations=CITATIONS + (ROBUST if fit.robust else ()),
    )  # fmt: skip


def _remarks(area: Area) -> tuple[str, ...]:
    """What was noted where the images were made."""
    return area.remarks + tuple(remark for image in area.images for remark in image.warnings)


# ---- what is given ----------------------------------------------------------------------------------
def _area(series: Series, options: ImageFitOptions) -> Area:
    found = images_and_maps(series)
    series, maps, members = found.series, found.maps, found.images
    if not members:
        raise AnalysisError(
            "there is no isotope image among the measurements: a map of grains alone cannot be fitted"
        )
    histories = {
        label: stages_of(series.fields[own[0]], _kelvin(series, own[0]), options)
        for label, own in members.items()
    }
    order = sorted(members, key=lambda label: len(histories[label]))
    first = members[order[0]][0]
    image, labels, origin, remarks = image_and_grains(
        order[0], members[order[0]], maps, series, BoundariesOptions()
    )
    later = [_image(series, label, members[label]) for label in order[1:]]
    edge = source_edge_of(image.fraction, series.fields[first])
    return Area(
        (image, *later), np.asarray(labels, dtype=np.int64), origin, remarks,
        tuple(histories[label] for label in order), edge,
        _beyond(image, edge, series.fields[first], options), series.fields[first], series.temperatures[first],
    )  # fmt: skip


def _image(series: Series, label: str, members: Sequence[int]) -> IonImage:
    sweeps = [series.pieces[k] for k in members]
    return with_label(ion_image(sweeps, series.fields[members[0]], label=label), label)


def _kelvin(series: Series, i: int) -> float | None:
    stated = series.fields[i].exchange_temperature
    measured = series.temperatures[i]
    if stated is not None:
        return float(stated.value)
    return None if measured is None else measured.value


def _beyond(image: IonImage, edge: Edge, fields: TracerMeasurement, options: ImageFitOptions) -> float:
    axis = 0 if edge in ("top", "bottom") else 1
    length = image.fraction.shape[axis] * image.spacing[axis]
    if options.far_edge == "closed":
        return 0.0
    if fields.sample_length is not None:
        return float(max(fields.sample_length.value - length, 0.0))
    return float(OPEN * length)


def _bulk_prior(series: Series, temperature: Estimate | None) -> tuple[Estimate | None, tuple[str, ...]]:
    """D of the grains from elsewhere, if it is given, and doubts about it."""
    if not series.inputs.get("bulk_diffusion"):
        return None, ()
    bulk, doubts = bulk_at(series, temperature)
    if bulk.status != "determined":
        raise InputError(f"bulk_diffusion is {bulk.status}: {bulk.note}")
    return bulk, doubts


def _temperature(area: Area, source: str) -> Estimate | None:
    """Of the exchange."""
    stated = area.fields.exchange_temperature
    return area.temperature if stated is None else estimate_of(stated, f"{source}#exchange temperature")


def _stated(quantity: Quantity | None, source: str) -> Estimate | None:
    return None if quantity is None else estimate_of(quantity, source)


# ---- what is found ----------------------------------------------------------------------------------
def _rows(fit: ImageFit, series: Series, area: Area) -> tuple[Row, ...]:
    t = _temperature(area, series.source)
    which = ONE if fit.population is None else MEDIAN
    rows = [
        Row("diffusion_coefficient", fit.bulk, t, kind="D*", channel="bulk"),
        Row("boundary_permeability", noted(fit.permeability[0], which), t, channel="boundary"),
        Row("diffusion_coefficient_effective", fit.effective, t, kind="D*", channel="effective"),
    ]
    if fit.population is not None:
        rows.append(Row("boundary_permeability_spread", fit.population.spread, t, channel="boundary"))
    thickness = series.sample.extra.get("grain_boundary_thickness")
    if thickness is not None:
        crossing = noted(fit.permeability[0] * thickness, which)
        rows.append(Row("boundary_diffusion_coefficient", crossing, t, kind="D*", channel="boundary"))
    return tuple(rows)


def _arrays(fit: ImageFit) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"grain_labels": fit.problem.scene.labels}
    for k, (data, model, residual) in enumerate(
        zip(fit.problem.scene.fractions, fit.models, fit.standardised, strict=True), start=1
    ):
        arrays |= {f"image_{k}/fraction": data, f"image_{k}/model": model, f"image_{k}/residual": residual}
    faces = fit.problem.faces
    arrays |= {"boundaries/grains": faces.pairs, "boundaries/length_metre": faces.lengths}
    if fit.population is not None:
        arrays |= {
            "boundaries/permeability_metre_per_second": fit.population.permeability,
            "boundaries/relative_standard_deviation": fit.population.deviation,
            "boundaries/determined": fit.population.determined,
        }
    return arrays
