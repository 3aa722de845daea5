"""From the states of the full equations to a `Replacement`, with its balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.replacement.npp_course import Units
from ionscape.replacement.programme import Programme
from ionscape.replacement.replacement_result import Replacement
from ionscape.replacement.system import Conductor

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Saved:
    """A state that is kept, in the units of the equations.

    Attributes
    ----------
    time : float
        [s]
    state : (C + 2, N) array
        See `nernst_planck_poisson_kernel`.
    fractions : (C, N) array
        All ions.
    excess : (C,) array
        Charge density over e n0.
    flux : (C + 1, N) array
    mixed : (C, N) array
        Parts whose site energies have mixed.
    """

    time: float
    state: FloatArray
    fractions: FloatArray
    excess: FloatArray
    flux: FloatArray
    mixed: FloatArray

    @classmethod
    def of(
        cls, time: float, state: FloatArray, flux: FloatArray, mixed: FloatArray, faces: FloatArray,
        units: Units,
    ) -> Saved:  # fmt: skip
        """Copy a state, the native ion by Gauss's law."""
        excess = units.debye_squared * np.diff(state[:-1, 0]) / np.diff(faces / units.length)
        fractions = state[1:-1].copy()
        fractions[:, 0] = 1 + excess - fractions[:, 1:].sum(axis=1)
        return cls(time, state.copy(), fractions, excess, flux.copy(), mixed[1:-1].copy())


def assembled(
    conductor: Conductor, programme: Programme, faces: FloatArray, units: Units, saved: Sequence[Saved],
    trace: Sequence[tuple[float, float, float, float]], warnings: tuple[str, ...],
) -> Replacement:  # fmt: skip
    """The result.

    Parameters
    ----------
    conductor : Conductor
    programme : Programme
    faces : (C + 1,) array
        [m]
    units : Units
    saved : sequence of Saved
        The first is the initial state.
    trace : sequence of (time, current, film voltage, bulk voltage)
        Of every step, in the units of the equations but for the time [s].
    warnings : tuple of str
    """
    kept, steps, names = saved[1:], np.array(trace), [ion.name for ion in conductor.ions]
    fractions = np.maximum(np.array([each.fractions for each in kept]), 0.0)
    electric = np.array([each.state[:-1, 0] for each in kept])
    widths = np.concatenate([[0.0], np.diff(faces) / units.length, [0.0]])
    drops = electric * (widths[1:] + widths[:-1]) / 2
    native = conductor.ions[0].charge
    unit = [conductor.carrier_density * native / ion.charge * units.length for ion in conductor.ions]
    flux = np.array([each.flux for each in kept])
    return Replacement(
        time=np.array([each.time for each in kept]),
        faces=faces,
        fractions={name: fractions[:, :, i] for i, name in enumerate(names)},
        potential=np.cumsum(drops[:, ::-1], axis=1)[:, ::-1][:, 1:] * units.volt,
        field=electric * units.volt / units.length,
        excess_charge=np.array([each.excess for each in kept]) * native,
        flux={name: flux[:, :, i] * unit[i] for i, name in enumerate(names)},
        trace_time=steps[:, 0],
        current_density=steps[:, 1] * units.current,
        film_voltage=steps[:, 2] * units.volt,
        bulk_voltage=steps[:, 3] * units.volt,
        charge=float(saved[-1].state[-1, 0]) * units.current,
        mass_error=_mass_error(units, saved[0], saved[-1], fractions[-1], widths[1:-1]),
        charge_error=_charge_error(programme, units, saved[-1], fractions[-1], widths[1:-1]),
        description="Nernst-Planck-Poisson",
        n_steps=len(trace),
        warnings=warnings,
        mixed={
            name: np.array([each.mixed[:, i] for each in kept]) for i, name in enumerate(names[1:], start=1)
        } if 0 < conductor.intermixing_time < np.inf else {},
    )  # fmt: skip


def _mass_error(units: Units, first: Saved, last: Saved, fractions: FloatArray, widths: FloatArray) -> float:
    """Of each ion: what is there, less what was and what came in and left, over the largest of these."""
    before, now = widths @ first.fractions, widths @ fractions
    came, left = last.state[0].copy(), last.state[-1].copy()
    # the native ion carries what the foreign ones and the displacement current leave of the charge passed
    for ions, face in ((came, 0), (left, -2)):
        displaced = units.debye_squared * (last.state[face, 0] - first.state[face, 0])
        ions[0] = last.state[-1, 0] - ions[1:].sum() - displaced
    scale = np.maximum(np.maximum(before, now), np.abs(came))
    return float(np.max(np.abs(now - before - came + left) / np.maximum(scale, 1e-12 * widths.sum())))


def _charge_error(
    programme: Programme, units: Units, last: Saved, fractions: FloatArray, widths: FloatArray
) -> float:
    """Charge by the fractions against Gauss's law at the ends, and what passed against the programme."""
    flux = units.debye_squared * (last.state[-2, 0] - last.state[0, 0])
    wrong = abs(float(widths @ (fractions.sum(axis=1) - 1)) - flux)
    passed = float(last.state[-1, 0])
    if all(stage.control != "voltage" for stage in programme.stages):
        wrong = max(wrong, abs(passed - programme.charge / units.current))
    return float(wrong / max(abs(passed), 1e-9 * float(widths.sum())))
