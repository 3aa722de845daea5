"""Replacement of ions in an electroneutral film: the description that holds when the Debye length vanishes.

The ions' Nernst-Planck fluxes share one field such that the charge density stays what it is and the current
is everywhere the same; the bulk behind the film is a resistance in series. See `electroneutral_flux` for the
discretisation and `electroneutral_kernel` for the steps; one foreign ion under a controlled current is done
by the faster `electroneutral_pair_run`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.electroneutral_pair_run import PairRun
from ionscape.replacement.electroneutral_run import Run
from ionscape.replacement.pair_description import is_pair
from ionscape.replacement.programme import Programme
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.riding_mesh import Ride
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]


def solve(
    conductor: Conductor, programme: Programme, *, faces: FloatArray,
    initial: Mapping[str, FloatArray] | None = None, mixed: Mapping[str, FloatArray] | None = None,
    save_at: Sequence[float] = (), tolerance: float = 1e-4,
    progress: Callable[[float], None] | None = None, ride: Ride | None = None,
) -> Replacement:  # fmt: skip
    """Solve a programme that `simulation.simulate` has checked.

    Parameters
    ----------
    conductor : Conductor
    programme : Programme
    faces : (C + 1,) array
        [m], from 0.
    initial : mapping of ion's name to (C,) array, optional
        Fractions averaged over the cells, immobile ions included; the native ion alone unless given.
    mixed : mapping of foreign ion's name to (C,) array, optional
        The parts whose site energies have mixed with those of earlier ions.
    save_at : sequence of float
        [s] at which profiles are kept besides the end.
    tolerance : float
        Of the fractions, in one time step.
    progress : callable, optional
        Told the share of the programme that is done.
    ride : Ride, optional
        How the mesh moves with the fronts: ``faces`` are where it ends, ``initial`` is on its first faces.

    Raises
    ------
    AnalysisError
        If no step small enough is found.
    """
    depths = np.asarray(faces, dtype=float)
    run: Run
    if is_pair(conductor, programme):
        run = PairRun(conductor, depths, tolerance, progress, programme.duration, ride=ride)
    else:
        run = Run(conductor, depths, tolerance, progress, programme.duration, ride=ride)
    run.begin(initial, mixed)
    saves = np.unique(np.asarray(save_at, dtype=float))
    for stage in programme.stages:
        run.stage(stage, saves)
    return run.result(programme)
