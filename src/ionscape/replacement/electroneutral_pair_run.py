"""One foreign ion of the native one's charge under a controlled current: the fast way through a programme.

Fractions by the compiled `electroneutral_pair_steps`, one unknown per cell, on a mesh that may ride with the
front; potential, field and fluxes follow from them where profiles are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.replacement import electroneutral_kernel as kernel
from ionscape.replacement.electroneutral_flux import Front
from ionscape.replacement.electroneutral_pair import no_directions
from ionscape.replacement.electroneutral_pair_kernel import MovingFilm, PairLaw, diffusion_table
from ionscape.replacement.electroneutral_pair_steps import pair_run
from ionscape.replacement.electroneutral_run import Run, gave_up, thermal_voltage
from ionscape.replacement.electroneutral_steps import film_geometry
from ionscape.replacement.expected_front import hottest
from ionscape.replacement.programme import Stage

FloatArray = NDArray[np.float64]

STEPS_AT_ONCE = 256


@dataclass
class PairRun(Run):
    """A simulation of one foreign ion that is going on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.moving = MovingFilm(self.faces, np.zeros_like(self.faces), 0.0)
        if self.ride is not None:
            charge = float(self.ride.passed[-1])
            self.moving = MovingFilm(self.faces, (self.faces - self.film.face) / charge, charge)

    def _advance(
        self, stage: Stage, laws: kernel.Laws, course: kernel.Course, front: Front, end: float
    ) -> None:
        del front
        state, scalars, immobile = self.state, self.state.scalars, self.ions.immobile
        along = no_directions(laws.tables.shape[2])
        native = laws.tables[0, 0, :, 0] if laws.mixing_time > 0 else np.full_like(
            laws.tables[0, 0, :, 0], laws.tables[0, 0, -1, 0]
        )
        law = PairLaw(diffusion_table(native), math.exp(laws.tables[0, 1, -1, 0]), immobile)
        clock = scalars[[kernel.TIME, kernel.PASSED, kernel.STEP]]
        u = state.u[:, 0] + immobile
        tangent, counts, status = np.zeros((len(u) - 2, 0)), np.zeros(4), kernel.MORE
        while status == kernel.MORE:
            trace = np.zeros((STEPS_AT_ONCE, 4))
            status, rows = pair_run(
                law, self.moving, along, course, end, clock, u, tangent, state.drop, self.tolerance, counts,
                trace,
            )  # fmt: skip
            if status == kernel.STUCK:
                raise AnalysisError(gave_up(self.time + clock[0]))
            self._log(trace[:rows], law.foreign, laws, stage)
            if self.progress is not None:
                self.progress(min(1.0, (self.time + clock[0]) / self.duration))
        scalars[[kernel.TIME, kernel.PASSED, kernel.STEP]] = clock
        scalars[kernel.CURRENT_NOW] = np.interp(end, course.time, course.value)
        self.steps += int(counts[0])
        self._take_over(u, counts[3])

    def _take_over(self, u: FloatArray, left: float) -> None:
        """Fractions, mesh and balances into the state."""
        state, immobile = self.state, self.ions.immobile
        state.u[1:-1, 0] = u[1:-1] - immobile
        state.u[1:-1, 1] = 1 - u[1:-1]
        state.u[0] = state.u[1]
        passed = float(state.scalars[kernel.PASSED])
        if self.ride is not None:
            self.film = film_geometry(self.ride.at(passed))
        state.outflow[0] += left
        grown = (float(self.film.face[-1]) - self.began_at) * (1 - immobile)
        state.inflow[1], state.outflow[1] = passed, passed - grown - state.outflow[0]

    def _log(self, rows: FloatArray, foreign: float, laws: kernel.Laws, stage: Stage) -> None:
        """Time, current, voltages across the film as it ends and across the bulk behind that."""
        time, current, drops, passed = rows.T
        thermal, mobile = thermal_voltage(hottest(stage)), 1 - self.ions.immobile
        bulk = math.exp(float(laws.tables[0, 0, -1, 0])) * mobile
        first, length = self.faces[1], self.faces[-1]
        lacking = np.zeros_like(passed)
        if self.ride is not None:
            first = first + self.moving.drift[1] * (passed - self.moving.charge)
            lacking = -self.moving.drift[-1] * (passed - self.moving.charge)
        film = thermal * (drops + current * (first / 2 / (foreign * mobile) + lacking / bulk))
        behind = thermal * current * (self.conductor.thickness - length) / bulk
        self.trace.append(np.stack([self.time + time, current, film, behind], axis=1))
