"""Which of a study's files are images and which are maps of grains; none is left out in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ionscape.core.errors import InputError
from ionscape.core.measurement import BOUNDARY_MASK, COUNTS, FRACTION, GRAIN_LABELS, Sweep
from ionscape.core.outcome import Failure
from ionscape.core.registry import Series
from ionscape.read.isotope_names import isotopes_in
from ionscape.tracer.measured_image import image_groups

_COLUMN = {"fraction": FRACTION, "grain labels": GRAIN_LABELS, "boundary mask": BOUNDARY_MASK}


@dataclass(frozen=True)
class ImagePieces:
    """The pieces of a study by what they are.

    Attributes
    ----------
    series : Series
        As given, columns named by what the study says the file ``holds``.
    images : dict of str to list of int
        Pieces that make one image, by its name.
    maps : dict of str to Sweep
        Maps of grains by file.
    failures : tuple of Failure
        Files that could not be read, of measurements of which others could.
    """

    series: Series
    images: dict[str, list[int]]
    maps: dict[str, Sweep]
    failures: tuple[Failure, ...]


def images_and_maps(series: Series) -> ImagePieces:
    """Sort all pieces of a study into images and maps of grains.

    Raises
    ------
    InputError
        If it is not known what a file holds, none of a measurement's files could be read, the files of one
        image differ in size, or there is only one isotope.
    """
    fields = list(series.fields) or [None] * len(series.pieces)
    named = [
        _named(piece, label, own) if isinstance(piece, Sweep) else piece
        for piece, label, own in zip(series.pieces, series.labels, fields, strict=True)
    ]
    series = replace(series, pieces=named)
    failures = _failures(named, fields)
    pictures = [k for k, piece in enumerate(named) if isinstance(piece, Sweep) and _is_image(piece)]
    maps = {
        series.labels[k]: piece
        for k, piece in enumerate(named)
        if isinstance(piece, Sweep) and k not in pictures
    }
    images: dict[str, list[int]] = {}
    for kind in dict.fromkeys(id(fields[k]) for k in pictures):  # channels of one image: one measurement
        own = [k for k in pictures if id(fields[k]) == kind]
        groups = image_groups([series.labels[k] for k in own], [named[k] for k in own])
        images |= {label: [own[i] for i in members] for label, members in groups.items()}
    for members in images.values():
        _check_channels([series.labels[k] for k in members], [named[k] for k in members])
    return ImagePieces(series, images, maps, failures)


def _is_image(sweep: Sweep) -> bool:
    return any(name.startswith((COUNTS, FRACTION)) for name in sweep.columns)


def _named(sweep: Sweep, label: str, fields: Any) -> Sweep:
    """The sweep with columns that say what it holds."""
    holds = getattr(fields, "holds", None)
    if holds is not None:
        return replace(sweep, columns=dict(zip(_columns(holds, sweep, label), sweep.columns.values(),
                                               strict=True)))  # fmt: skip
    if _is_image(sweep) or {GRAIN_LABELS, BOUNDARY_MASK} & sweep.columns.keys():
        return sweep
    raise InputError(f"{label}: {_how_to_name(sweep)}")


def _columns(holds: str, sweep: Sweep, label: str) -> list[str]:
    count = len(sweep.columns)
    if holds == "counts":
        known = [name for name in sweep.columns if name.startswith(COUNTS)]
        isotopes = [COUNTS + isotope for isotope in isotopes_in(label)]
        if len(known) == count or len(isotopes) == count:
            return known if len(known) == count else isotopes
        raise InputError(
            f"{label} holds {count} {'image' if count == 1 else 'images'} of counts, but of which isotope is "
            "not stated: name them in the file's name in their order, e.g. map_6Li_7Li.tif"
        )
    column = _COLUMN[holds]
    if column in sweep.columns:
        return list(sweep.columns)
    if count != 1:
        raise InputError(
            f"{label} has {count} images ({', '.join(sweep.columns)}): 'holds: {holds}' needs a file of one"
        )
    return [column]


def _how_to_name(sweep: Sweep) -> str:
    """What to do about a file that does not say what it holds, most likely meaning first."""
    values = next(iter(sweep.columns.values()))
    if np.ndim(values) != 2:
        return "it is no image and no map of grains: take its measurement out of 'on'"
    good = values[np.isfinite(values)]
    distinct = np.unique(good)
    isotopes = "if they are counts, put the isotopes into its name in their order, e.g. map_6Li_7Li.tif"
    if len(sweep.columns) > 1 or not distinct.size or np.any(distinct != np.rint(distinct)):
        return f"what its images hold is not stated: set 'holds: fraction' with its measurement; {isotopes}"
    kind, example = (
        ("boundary mask", "boundary_mask.tif") if distinct.size <= 2 else ("grain labels", "grain_labels.tif")
    )
    return (
        f"what it holds is not stated. Its values are {distinct.size} different whole numbers: if it is a "
        f"map of grains, set 'holds: {kind}' with its measurement or name the file e.g. {example}; {isotopes}"
    )


def _failures(pieces: Sequence[Any], fields: Sequence[Any]) -> tuple[Failure, ...]:
    usable = {id(own) for piece, own in zip(pieces, fields, strict=True) if isinstance(piece, Sweep)}
    found = []
    for piece, own in zip(pieces, fields, strict=True):
        if isinstance(piece, Failure):
            if id(own) not in usable:
                raise InputError(f"{piece.item} cannot be used: {piece.reason}")
            found.append(piece)
    return tuple(found)


def _check_channels(labels: Sequence[str], sweeps: Sequence[Sweep]) -> None:
    """Files of one image have one size, and together counts of two isotopes or a fraction."""
    shapes = [np.shape(next(iter(sweep.columns.values()))) for sweep in sweeps]
    if len(set(shapes)) > 1 and all(len(shape) == 2 for shape in shapes):
        told = ", ".join(f"{label} has {nx} x {ny}" for label, (ny, nx) in zip(labels, shapes, strict=True))
        raise InputError(
            f"the files of one image must have the same number of pixels: {told}; export both in full"
        )
    names = {name for sweep in sweeps for name in sweep.columns if name.startswith((COUNTS, FRACTION))}
    if len(names) == 1 and next(iter(names)).startswith(COUNTS):
        isotope = next(iter(names)).removeprefix(COUNTS)
        raise InputError(
            f"{', '.join(labels)}: counts of {isotope} only. The isotope fraction needs those of another "
            f"isotope: in the same file, or in one of the same measurement whose name differs in the isotope "
            "only, e.g. map_6Li.tif and map_7Li.tif"
        )
