"""Simulation of a replacement: one call for the electroneutral film and for the full equations."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.kept_profile import averages
from ionscape.replacement.mesh import cells_in_front, film_faces, too_coarse
from ionscape.replacement.programme import Programme, Stage, Trace
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.riding_mesh import ride_of
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]
Description = Literal["electroneutral", "Nernst-Planck-Poisson"]

SOLVERS: dict[Description, str] = {
    "electroneutral": "ionscape.replacement.electroneutral",
    "Nernst-Planck-Poisson": "ionscape.replacement.nernst_planck_poisson",
}
LENGTHENED = 6
CHANGED_AT_THE_END = 1e-5
LEAST_TO_RIDE = 2.0
PILOT_CELLS, PILOT_TOLERANCE = 150, 1e-2


def simulate(
    conductor: Conductor, programme: Programme, *, description: Description = "electroneutral",
    faces: FloatArray | None = None, cells: int = 600, start: Replacement | None = None,
    save_at: Sequence[float] = (), tolerance: float = 1e-4,
    progress: Callable[[float], None] | None = None,
) -> Replacement:  # fmt: skip
    """Simulate a programme.

    Parameters
    ----------
    conductor : Conductor
    programme : Programme
    description : "electroneutral" or "Nernst-Planck-Poisson"
    faces : (C + 1,) array, optional
        [m] of the film's cells at the end, from 0; graded to the expected fronts unless given. An
        electroneutral film's cells ride with the fronts until then, so that no front passes them; profiles
        that are kept are brought onto the final ones.
    cells : int
        Number of cells of the graded mesh.
    start : Replacement, optional
        A previous result (on any mesh) to go on from; the native ion alone unless given.
    save_at : sequence of float
        [s] at which profiles are kept besides the end.
    tolerance : float
        Of the fractions, in one time step.
    progress : callable, optional
        Told the share of the programme that is done.

    Raises
    ------
    InputError
        If the programme cannot be done to this conductor (with the reason).
    AnalysisError
        If no step small enough is found.
    """
    check(conductor, programme, description, save_at, tolerance)
    if faces is None:
        return _on_own_mesh(conductor, programme, description, cells, start, save_at, tolerance, progress)
    faces = checked_faces(faces, conductor)
    return _solve(
        conductor, programme, description, faces, start, save_at, tolerance, progress, own=False
    )


def _on_own_mesh(
    conductor: Conductor, programme: Programme, description: Description, cells: int,
    start: Replacement | None, save_at: Sequence[float], tolerance: float,
    progress: Callable[[float], None] | None,
) -> Replacement:  # fmt: skip
    """On a mesh so deep that its end stays unchanged, which a coarse electroneutral film finds out first."""
    flows = any(stage.control != "rest" and stage.surface != "blocking" for stage in programme.stages)
    stretch = 1.0
    for _ in range(LENGTHENED if flows else 0):
        faces = film_faces(conductor, programme, min(cells, PILOT_CELLS), start=start, stretch=stretch)
        pilot = _solve(conductor, programme, "electroneutral", faces, start, (), PILOT_TOLERANCE, None)
        changed = np.abs(pilot.fractions[conductor.ions[0].name][-1] - 1)
        if changed[-1] < CHANGED_AT_THE_END:
            break
        if faces[-1] >= conductor.thickness:
            _refuse_through(conductor, float(np.max(changed[pilot.depth > 0.97 * faces[-1]], initial=0.0)))
            break
        stretch *= 1.6
    faces = film_faces(conductor, programme, cells, start=start, stretch=stretch)
    return _solve(conductor, programme, description, faces, start, save_at, tolerance, progress)


def _refuse_through(conductor: Conductor, changed: float) -> None:
    if changed > 0.01:
        raise InputError(
            f"the front passes through the whole sample of {conductor.thickness:.3g} m: what then happens "
            "at the back electrode is not described; use less charge or time, or a thicker sample"
        )


def _solve(
    conductor: Conductor, programme: Programme, description: Description, faces: FloatArray,
    start: Replacement | None, save_at: Sequence[float], tolerance: float,
    progress: Callable[[float], None] | None, *, own: bool = True,
) -> Replacement:  # fmt: skip
    solver = importlib.import_module(SOLVERS[description])
    more: dict[str, object] = {}
    first = faces
    if description == "electroneutral":
        # a given mesh ends where it was asked to, and rides only if the front shows on it at all
        stays = not own and (
            any(stage.control == "voltage" for stage in programme.stages)
            or cells_in_front(conductor, programme, faces)[0] < LEAST_TO_RIDE
        )
        ride = None if stays else ride_of(conductor, programme, faces, start)
        first = faces if ride is None else ride.at(0.0)
        more["ride"] = ride
    initial = mixed = None
    if start is not None:
        initial, mixed = remapped(start, first, conductor)
        if description == "Nernst-Planck-Poisson" and start.description == description:
            more["initial_field"] = np.interp(faces, start.faces, start.field[-1])
    found = cast(Replacement, solver.solve(
        conductor, programme, faces=faces, initial=initial, mixed=mixed, save_at=save_at,
        tolerance=tolerance, progress=progress, **more,
    ))  # fmt: skip
    coarse = too_coarse(conductor, programme, faces)
    return replace(found, warnings=(*found.warnings, coarse)) if coarse else found


def remapped(
    start: Replacement, faces: FloatArray, conductor: Conductor
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Last profiles of a result as averages over other cells; every ion's amount is kept.

    Returns
    -------
    fractions of all ions, mixed parts of the foreign ones

    Raises
    ------
    InputError
        If the result has an ion that the conductor lacks, or does not keep how far its site energies had
        mixed.
    """
    for name in start.fractions:
        conductor.ion(name)
    native = conductor.ions[0]
    partly = 0 < conductor.intermixing_time < math.inf
    averages: dict[str, FloatArray] = {}
    mixed: dict[str, FloatArray] = {}
    for ion in conductor.ions[1:]:
        if ion.name not in start.fractions:
            continue
        averages[ion.name] = _elsewhere(start, start.fractions[ion.name][-1], faces)
        if not partly:
            continue
        if ion.name in start.mixed:
            mixed[ion.name] = _elsewhere(start, start.mixed[ion.name][-1], faces)
        elif np.any(averages[ion.name] > 0):
            raise InputError(
                "the result to go on from does not keep how far the site energies have mixed: simulate it "
                "with the same intermixing time"
            )
    total = np.sum(list(averages.values()), axis=0) if averages else np.zeros(len(faces) - 1)
    over = np.maximum(total / (1 - native.immobile_fraction), 1.0)
    averages = {name: fraction / over for name, fraction in averages.items()}
    mixed = {name: np.clip(part, 0.0, averages[name]) for name, part in mixed.items()}
    averages[native.name] = 1 - total / over
    return averages, mixed


def _elsewhere(start: Replacement, fraction: FloatArray, faces: FloatArray) -> FloatArray:
    """Averages over other cells; zero behind the film of the result."""
    film = np.append(start.faces, max(2 * start.faces[-1], 2 * faces[-1]))
    return averages(film, np.append(fraction, 0.0), faces)


def checked_faces(faces: FloatArray, conductor: Conductor) -> FloatArray:
    """Faces as an array.

    Raises
    ------
    InputError
        If they are not a mesh of this sample.
    """
    faces = np.asarray(faces, dtype=float)
    if faces.ndim != 1 or len(faces) < 3 or not np.all(np.isfinite(faces)):
        raise InputError("a mesh needs the depths of at least three faces")
    if faces[0] != 0 or not np.all(np.diff(faces) > 0):
        raise InputError("the faces of a mesh begin at zero and increase")
    if faces[-1] > conductor.thickness * (1 + 1e-9):
        raise InputError(
            f"the mesh reaches {faces[-1]:.3g} m deep, the sample is only {conductor.thickness:.3g} m thick"
        )
    return faces


def check(
    conductor: Conductor, programme: Programme, description: Description = "electroneutral",
    save_at: Sequence[float] = (), tolerance: float = 1e-4,
) -> None:  # fmt: skip
    """Refuse what cannot be simulated.

    Raises
    ------
    InputError
        With the reason.
    """
    if description not in SOLVERS:
        raise InputError(f"no description {description!r}: there are {' and '.join(SOLVERS)}")
    if not 1e-10 <= tolerance <= 0.1:
        raise InputError(f"the tolerance must lie between 1e-10 and 0.1, got {tolerance:g}")
    if any(not 0 <= at <= programme.duration * (1 + 1e-9) for at in save_at):
        raise InputError(f"profiles can be kept between 0 and {programme.duration:g} s, the programme's end")
    if len(conductor.ions) < 2:
        raise InputError("a replacement needs a foreign ion besides the native one")
    if any(ion.immobile_fraction > 0 for ion in conductor.ions[1:]):
        raise InputError("only native ions can be immobile: foreign ions come in because they move")
    for number, stage in enumerate(programme.stages, start=1):
        _check_stage(conductor, stage, f"stage {number}", description)
    charge = conductor.carrier_density * conductor.ions[0].charge * elementary_charge
    depth = sum(_entering(stage) for stage in programme.stages) / charge
    if depth > conductor.thickness:
        raise InputError(
            f"the charge would replace the ions {depth:.3g} m deep, the sample is only "
            f"{conductor.thickness:.3g} m "
            "thick: check current density, time and carrier density"
        )


def _entering(stage: Stage) -> float:
    """[C/m^2] that a beam or melt brings in under controlled current."""
    return Programme((stage,)).charge if stage.control == "current" and stage.surface != "blocking" else 0.0


def _check_stage(conductor: Conductor, stage: Stage, where: str, description: Description) -> None:
    if stage.control == "rest":
        return
    values = np.atleast_1d(stage.value.values if isinstance(stage.value, Trace) else stage.value)
    if not np.all(np.isfinite(values)):
        raise InputError(f"{where}: the {stage.control} is not a finite number")
    if stage.surface == "blocking":
        if description == "electroneutral" and np.any(values != 0):
            raise InputError(
                f"{where}: a blocking front face charges a layer of a Debye length, which a neutral film "
                f"does not "
                "have; it needs Nernst-Planck-Poisson"
            )
        return
    if stage.ion not in [ion.name for ion in conductor.ions]:
        names = ", ".join(ion.name for ion in conductor.ions)
        raise InputError(f"{where}: no ion {stage.ion!r} in the conductor: there are {names}")
    if stage.surface == "beam" and np.any(values * conductor.ion(stage.ion).charge < 0):
        raise InputError(
            f"{where}: a beam of {stage.ion} brings ions in and takes none out: its {stage.control} cannot "
            f"have the "
            "other sign; a melt could"
        )
