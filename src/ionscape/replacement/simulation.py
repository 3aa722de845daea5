"""Simulation of a replacement: one call for the electroneutral film and for the full equations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.programme import Programme
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]
Description = Literal["electroneutral", "Nernst-Planck-Poisson"]


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
        [m] of the film's cells, from 0; graded to the front that the front theory predicts unless given.
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
    raise NotImplementedError
