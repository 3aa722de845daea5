"""What is known beforehand of the front of an ion that enters: its depth and width, roughly or by front
theory."""

from __future__ import annotations

import math

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw
from ionscape.replacement.front_theory import Front, front
from ionscape.replacement.programme import Programme, Stage, Trace
from ionscape.replacement.system import Conductor, Ion


def enters(stage: Stage) -> bool:
    """Whether ions come in."""
    values = stage.value.values if isinstance(stage.value, Trace) else np.array([stage.value])
    return stage.control != "rest" and stage.surface != "blocking" and bool(np.any(values != 0))


def sharp_front(
    conductor: Conductor, foreign: Ion, entered: float, duration: float, temperature: float
) -> Front | None:
    """Front theory of one foreign ion that enters by a constant current; None where it does not apply.

    Parameters
    ----------
    conductor : Conductor
    foreign : Ion
    entered : float
        [m] of the conductor's whole charge.
    duration : float
        [s]
    temperature : float
        [K]
    """
    native = conductor.ions[0]
    law: DiffusionLaw = native.law
    if conductor.intermixing_time == 0:  # all sites are filled by both
        law = ConstantDiffusion(diffusion_at(law, temperature))
    elif math.isfinite(conductor.intermixing_time):
        return None
    charge = entered * abs(charge_density(conductor))
    try:
        with np.errstate(all="ignore"):
            found = front(
                law, diffusion_at(foreign.law, temperature), charge / duration, charge,
                carrier_density=conductor.carrier_density, temperature=temperature,
                native_charge=native.charge, foreign_charge=foreign.charge,
                immobile_fraction=native.immobile_fraction,
            )  # fmt: skip
            usable = math.isfinite(found.front_width) and found.front_depth > 0
    except InputError:
        return None
    return found if usable else None


def replaced_share(conductor: Conductor, foreign: float, temperature: float) -> tuple[float, float]:
    """Share of the native ions that a foreign ion replaces; by how much it is faster than they, if it is."""
    native = conductor.ions[0]
    filling = np.linspace(0.001, 1, 1000)
    slow = np.exp(native.law.log_diffusion(filling, temperature)) < 0.1 * foreign
    left = float(filling[slow][-1]) if np.any(slow) else 0.0
    faster = foreign / diffusion_at(native.law, temperature)
    return max(1 - max(left, native.immobile_fraction), 0.05), max(faster - 1, 0.0)


def entered_depth(conductor: Conductor, stage: Stage) -> float:
    """Depth [m] of the conductor's whole charge that enters in a stage.

    Under a controlled voltage of at most the value for which bulk and growing film, of the foreign ion, are
    in series: the integral of V/(R + q r).
    """
    if stage.control == "current":
        return max(Programme((stage,)).charge / charge_density(conductor), 0.0)
    value = stage.value
    highest = float(np.max(np.abs(value.values))) if isinstance(value, Trace) else abs(value)
    ion, temperature = conductor.ion(stage.ion), hottest(stage)
    foreign = diffusion_at(ion.law, temperature)
    thermal = Boltzmann * temperature / elementary_charge
    bulk = diffusion_at(conductor.ions[0].law, temperature)
    back = thermal * conductor.thickness / (abs(conductor.ions[0].charge) * bulk)
    film = thermal / (abs(ion.charge) * foreign)
    driven = (math.sqrt(back**2 + 2 * film * highest * stage.duration) - back) / film
    mixed = math.sqrt(foreign * stage.duration) if stage.surface == "melt" else 0.0
    return driven + mixed


def charge_density(conductor: Conductor) -> float:
    """[C/m^3] of the native ions."""
    return conductor.carrier_density * elementary_charge * conductor.ions[0].charge


def diffusion_at(law: DiffusionLaw, temperature: float) -> float:
    """[m^2/s] where all sites are filled as in the bulk."""
    return float(np.exp(law.log_diffusion(np.ones(1), temperature)[0]))


def hottest(stage: Stage) -> float:
    """[K]"""
    course = stage.temperature
    return float(np.max(course.values)) if isinstance(course, Trace) else float(course)
