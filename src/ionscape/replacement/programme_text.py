"""Programmes as a study writes them: ``Cs+ 254 nA/cm^2 for 24 h at 70 degC``, ``rest 30 d at 22 degC``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ionscape.core.errors import InputError
from ionscape.core.formula import parse_ion
from ionscape.core.quantity import Quantity, named_dimension, parse_quantity
from ionscape.core.temperature_slip import question_slips, without_sure
from ionscape.replacement.programme import Control, Course, Programme, Stage, Surface, Trace

_RAMP = re.compile(r"^(?P<head>.+?)\s+from\s+(?P<start>.+?)\s+to\s+(?P<end>.+)$")
_TIMED = re.compile(r"^(?P<what>.+?)\s+(?:for|over|during|in)\s+(?P<time>.+)$")
_REST = re.compile(r"^rest\s+(?:(?:for|over|during)\s+)?(?P<time>.+)$", re.IGNORECASE)
_DRIVEN = re.compile(
    r"^(?:(?P<blocking>blocking)|(?P<ion>\S+)(?:\s+(?P<melt>melt)(?:\s+of\s+(?P<share>[\d.]+\s*%?))?)?)"
    r"\s*(?:\bat\b\s*)?(?P<drive>.*)$",
    re.IGNORECASE,
)
_EXAMPLES = (
    "'Cs+ 254 nA/cm^2 for 24 h at 70 degC', 'Cs+ 5 V for 24 h at 70 degC', 'Cs+ melt at 5 V for 1 h at "
    "350 degC', 'blocking 100 V for 1 h at 200 degC' or 'rest for 30 d at 22 degC'"
)
_KEYS = ("ion", "current_density", "charge", "voltage", "current_file", "duration", "temperature", "surface",
         "melt_fraction", "area", "sure")  # fmt: skip
_DRIVES = ("current_density", "charge", "voltage", "current_file")
# What no solid conductor carries or stands, and what a beam brings at most.
LARGEST_CURRENT = 1e4  # A/m^2 = 1 A/cm^2
LARGEST_BEAM = 100.0  # A/m^2 = 10 mA/cm^2
LARGEST_VOLTAGE = 1e5
LONGEST = 100 * 365.25 * 86400.0  # s


@dataclass(frozen=True)
class StatedStage:
    """One stage as a study states it.

    Attributes
    ----------
    text : str
        As written, or in the same form.
    duration : float
        [s]
    control, value, ion, surface, melt_fraction
        As in `Stage`.
    temperature : float, Trace or None
        [K]; None: that of the measurement.
    temperature_sd : float
        [K]
    drive_sd : float
        Relative 1 SD of current, charge or voltage.
    """

    text: str
    duration: float
    control: Control = "rest"
    value: Course = 0.0
    ion: str = ""
    surface: Surface = "beam"
    melt_fraction: float = 1.0
    temperature: Course | None = None
    temperature_sd: float = 0.0
    drive_sd: float = 0.0


def programme_of(texts: Any, *, temperature: float | None = None) -> Programme:
    """The programme that texts or mappings state.

    Parameters
    ----------
    texts : str, mapping, or a sequence of them
        ``Cs+ 254 nA/cm^2 for 24 h at 70 degC``, ``Cs+ 22 mC/cm^2 for 24 h at 70 degC``, ``Cs+ 5 V for ...``,
        ``Cs+ melt at 5 V for ...``, ``Cs+ melt of 40 % for ...`` (no voltage: exchange without a current),
        ``blocking 100 V for ...``, ``rest 30 d at 22 degC``; ``at`` may be ``from 22 degC to 70 degC``. Or a
        mapping with ``ion``, one of ``current_density``, ``charge``, ``voltage`` and ``current_file`` (a
        table of time and current), ``duration``, ``temperature``, ``surface``, ``melt_fraction``, ``area``
        (for a current in ampere or a charge in coulomb).
    temperature : float, optional
        [K] of stages that state none.

    Raises
    ------
    InputError
        If a stage cannot be understood, or cannot be.
    """
    return programme_from(stated_stages(texts), temperature)


def programme_from(stages: Sequence[StatedStage], temperature: float | None = None) -> Programme:
    """The programme of stated stages; ``temperature`` [K] is that of stages that state none.

    Raises
    ------
    InputError
        If a stage has no temperature at all.
    """
    return Programme(tuple(_stage(stage, temperature) for stage in stages))


def drive_sd(stages: Sequence[StatedStage]) -> float:
    """Relative 1 SD of the charge of all stages: one cause, so that it adds up with the charge."""
    driven = [stage for stage in stages if stage.control != "rest"]
    weights = [abs(_mean(stage.value)) * stage.duration for stage in driven]
    total = math.fsum(weights)
    if not total > 0 or len({stage.control for stage in driven}) > 1:
        return max((stage.drive_sd for stage in driven), default=0.0)
    return math.fsum(w * stage.drive_sd for w, stage in zip(weights, driven, strict=True)) / total


def stated_stages(value: Any) -> tuple[StatedStage, ...]:
    """Stages of a study's field: a text, a mapping, or a list of them.

    Raises
    ------
    InputError
        If one cannot be understood, or cannot be.
    """
    found = value if isinstance(value, (list, tuple)) else [value]
    if not found:
        raise InputError(f"a programme needs at least one stage, e.g. {_EXAMPLES}")
    return tuple(_stated(stage) for stage in found)


def _stage(stated: StatedStage, temperature: float | None) -> Stage:
    own = stated.temperature if stated.temperature is not None else temperature
    if own is None:
        raise InputError(f"at which temperature? Write '{stated.text} at 70 degC'")
    return Stage(stated.duration, stated.control, stated.value, stated.ion, own, stated.surface,
                 stated.melt_fraction)  # fmt: skip


def _stated(stage: Any) -> StatedStage:
    if isinstance(stage, StatedStage):
        return stage
    if isinstance(stage, Mapping):
        return _of_mapping(stage)
    return _of_text(getattr(stage, "text", None) or str(stage))


# ---- texts --------------------------------------------------------------------------------------------
def _of_text(text: str) -> StatedStage:
    plain, sure = without_sure(text)
    head, ends = _split_temperature(plain.strip())
    question_slips(ends, plain=plain, sure=sure)
    rest = _REST.match(head)
    timed = None if rest else _TIMED.match(head)
    if rest is None and timed is None:
        raise InputError(f"expected a stage such as {_EXAMPLES}, got {text!r}")
    duration = _duration(rest["time"] if rest else timed["time"] if timed else "", text)
    kelvin: Course | None = ends[0].value if ends else None
    if len(ends) == 2:
        kelvin = Trace(np.array([0.0, duration]), np.array([end.value for end in ends]))
    spread = max((end.uncertainty or 0.0 for end in ends), default=0.0)
    if timed is None:
        return StatedStage(plain.strip(), duration, temperature=kelvin, temperature_sd=spread)
    return _driven(timed["what"], duration, kelvin, spread, plain.strip(), sure)


def _split_temperature(plain: str) -> tuple[str, list[Quantity]]:
    """What stands before ``at 70 degC`` or ``from 22 degC to 70 degC``, and the temperatures."""
    ramp = _RAMP.match(plain)
    if ramp is not None:
        return ramp["head"], [_kelvin(ramp["start"]), _kelvin(ramp["end"])]
    head, at, tail = plain.rpartition(" at ")
    if not at or _TIMED.match(f"x {tail}") or _TIMED.match(tail):  # 'melt at 5 V for 1 h'
        return plain, []
    return head, [_kelvin(tail)]


def _driven(
    what: str, duration: float, kelvin: Course | None, spread: float, text: str, sure: bool
) -> StatedStage:
    match = _DRIVEN.match(what.strip())
    assert match is not None  # takes any word
    surface: Surface = "blocking" if match["blocking"] else "melt" if match["melt"] else "beam"
    ion = "" if match["blocking"] else checked_ion(match["ion"])
    share = parse_quantity(match["share"], "fraction").value if match["share"] else 1.0
    if not match["drive"] and surface == "melt":  # exchange without a current
        return _questioned(
            StatedStage(text, duration, "current", 0.0, ion, surface, share, kelvin, spread), sure, ""
        )
    drive = parse_quantity(match["drive"] or "nothing")
    control, value = _drive(drive, duration, text)
    relative = (drive.uncertainty or 0.0) / abs(drive.value) if drive.value else 0.0
    stated = StatedStage(text, duration, control, value, ion, surface, share, kelvin, spread, relative)
    return _questioned(stated, sure, f"write '{text} (sure)'")


def _drive(drive: Quantity, duration: float, text: str) -> tuple[Control, float]:
    if drive.dimension == named_dimension("current density"):
        return "current", drive.value
    if drive.dimension == named_dimension("charge per area"):
        return "current", drive.value / duration
    if drive.dimension == named_dimension("voltage"):
        return "voltage", drive.value
    if drive.dimension in (named_dimension("current"), named_dimension("charge")):
        raise InputError(f"{drive.text!r} in {text!r} must be per area (nA/cm^2, mC/cm^2): divide it by the "
                         "area that the ions reach")  # fmt: skip
    raise InputError(f"expected a current density, a charge per area or a voltage, got {drive.text!r} "
                     f"in {text!r}")  # fmt: skip


# ---- mappings -----------------------------------------------------------------------------------------
def _of_mapping(stage: Mapping[str, Any]) -> StatedStage:
    """``{ion: Cs+, current_file: log.csv, duration: 24 h, temperature: 70 degC}``."""
    unknown = [str(key) for key in stage if key not in _KEYS]
    if unknown:
        raise InputError(f"unknown key {unknown[0]!r} of a stage: there are {', '.join(_KEYS)}")
    given = [key for key in _DRIVES if stage.get(key) is not None]
    if len(given) > 1:
        raise InputError(f"a stage has one of {', '.join(_DRIVES)}: got {' and '.join(given)}")
    sure = bool(stage.get("sure", False))
    kelvin, spread = _stated_temperature(stage.get("temperature"), sure)
    duration = None if stage.get("duration") is None else _duration(_words(stage["duration"]), "duration")
    ion, share = str(stage.get("ion") or ""), stage.get("melt_fraction")
    surface = str(stage.get("surface") or ("beam" if ion else "blocking"))
    if surface not in ("beam", "melt", "blocking"):
        raise InputError(f"surface: expected beam, melt or blocking, got {surface!r}")
    control: Control = "current" if surface == "melt" else "rest"
    value: Course = 0.0
    relative = 0.0
    if given:
        control, value, relative, duration = _stated_drive(given[0], stage, duration)
    if duration is None:
        raise InputError("a stage needs a duration, e.g. 'duration: 24 h'")
    if surface == "beam" and not given:
        raise InputError(f"a stage with the ion {ion} needs one of {', '.join(_DRIVES)}")
    text = _as_text(ion, surface, stage, given, duration)
    melt = 1.0 if share is None else parse_quantity(_words(share), "fraction").value
    stated = StatedStage(text, duration, control, value, checked_ion(ion) if ion else "",
                         surface, melt, kelvin, spread, relative)  # type: ignore[arg-type] # fmt: skip
    return _questioned(stated, sure, "add 'sure: true' to the stage")


def _stated_drive(
    key: str, stage: Mapping[str, Any], duration: float | None
) -> tuple[Control, Course, float, float | None]:
    """Control, value, its relative 1 SD, and the duration (that of the log unless stated)."""
    area = None if stage.get("area") is None else parse_quantity(_words(stage["area"]), "area")
    if area is not None and not area.value > 0:
        raise InputError(f"the area must be larger than zero, got {area.text!r}")
    if key == "current_file":
        from ionscape.replacement.current_trace import logged_drive

        logged = logged_drive(_words(stage[key]))
        control: Control = "voltage" if logged.quantity == "voltage" else "current"
        trace, relative = _per_area(logged.trace, logged.quantity == "current", area)
        return control, trace, relative, duration or logged.duration
    drive = parse_quantity(_words(stage[key]))
    relative = (drive.uncertainty or 0.0) / abs(drive.value) if drive.value else 0.0
    per_area = {named_dimension("current"): "current density", named_dimension("charge"): "charge per area"}
    if drive.dimension in per_area:
        if area is None:
            raise InputError(f"{key}: {drive.text!r} is not per area: give 'area' too, that the ions reach")
        wanted = named_dimension(per_area[drive.dimension])
        drive = Quantity(drive.value / area.value, None, wanted, drive.text)
        relative = math.hypot(relative, (area.uncertainty or 0.0) / area.value)
    expected = {"current_density": "current density", "charge": "charge per area", "voltage": "voltage"}[key]
    if drive.dimension != named_dimension(expected):
        raise InputError(f"{key}: expected a {expected}, got {drive.text!r}")
    if duration is None:
        raise InputError("a stage needs a duration, e.g. 'duration: 24 h'")
    control, value = _drive(drive, duration, f"{key}: {drive.text}")
    return control, value, relative, duration


def _per_area(trace: Trace, whole: bool, area: Quantity | None) -> tuple[Trace, float]:
    if not whole:
        return trace, 0.0
    if area is None:
        raise InputError("the logged current is in ampere: give 'area' too, that the ions reach")
    return Trace(trace.time, trace.values / area.value), (area.uncertainty or 0.0) / area.value


def _stated_temperature(value: Any, sure: bool) -> tuple[float | None, float]:
    if value is None:
        return None, 0.0
    plain, said = without_sure(_words(value))
    kelvin = value if isinstance(value, Quantity) else _kelvin(plain)
    question_slips([kelvin], plain=plain, sure=sure or said)
    return kelvin.value, kelvin.uncertainty or 0.0


def _as_text(
    ion: str, surface: str, stage: Mapping[str, Any], given: Sequence[str], duration: float
) -> str:
    drive = _words(stage[given[0]]) if given else ""
    words = ("blocking" if surface == "blocking" and given else ion or "rest",
             surface if surface == "melt" else "", drive, f"for {duration / 3600:g} h")  # fmt: skip
    text = " ".join(word for word in words if word)
    return text + (f" at {_words(stage['temperature'])}" if stage.get("temperature") is not None else "")


def _words(value: Any) -> str:
    return str(getattr(value, "text", None) or value)


# ---- what both share ----------------------------------------------------------------------------------
def checked_ion(text: Any) -> str:
    """The ion as ionscape writes it: ``Cs+``, ``Ca2+``.

    Raises
    ------
    InputError
        If the text is no ion with its charge.
    """
    ion = parse_ion(str(text))
    number = "" if abs(ion.charge) == 1 else str(abs(ion.charge))
    return f"{ion.element}{number}{'+' if ion.charge > 0 else '-'}"


def _duration(text: str, whole: str) -> float:
    found = parse_quantity(text, "time")
    if not found.value > 0:
        raise InputError(f"a stage must last longer than zero, got {whole!r}")
    if found.value > LONGEST:
        raise InputError(f"a stage of {text.strip()} is longer than a century: check the number and its unit")
    return found.value


def _kelvin(text: str) -> Quantity:
    found = parse_quantity(text, "temperature")
    if not found.value > 0:
        raise InputError(f"a temperature must be above absolute zero, got {text!r}")
    return found


def _mean(course: Course) -> float:
    if isinstance(course, Trace):
        return float(course.values.mean())
    return course


def _largest(course: Course) -> float:
    return float(abs(course.values).max()) if isinstance(course, Trace) else abs(course)


def _questioned(stated: StatedStage, sure: bool, confirm: str) -> StatedStage:
    """The stage, unless its current or voltage cannot be; ``confirm`` says how to insist."""
    largest, mean = _largest(stated.value), _mean(stated.value)
    if not 0 < stated.melt_fraction <= 1:
        raise InputError(f"a melt holds between 0 and 100 % of the ion, got {stated.text!r}")
    if stated.surface == "beam" and not largest > 0:
        raise InputError(f"nothing drives the ion in {stated.text!r}: give a current or voltage, or 'rest'")
    if stated.surface == "beam" and mean * parse_ion(stated.ion).charge < 0:
        raise InputError(f"{stated.text!r} would pull {stated.ion} out: its current or voltage must be "
                         f"{'positive' if parse_ion(stated.ion).charge > 0 else 'negative'}")  # fmt: skip
    if sure:
        return stated
    beam = stated.surface == "beam"
    if stated.control == "current" and largest > (LARGEST_BEAM if beam else LARGEST_CURRENT):
        limit = "10 mA/cm^2, which no ion beam attaches to a solid" if beam else "1 A/cm^2"
        raise InputError(f"{stated.text!r} is {largest * 1e-4:.3g} A/cm^2, more than {limit}: did you mean "
                         f"nA/cm^2 or uA/cm^2? If it is so, {confirm}")  # fmt: skip
    if stated.control == "voltage" and largest > LARGEST_VOLTAGE:
        raise InputError(f"{stated.text!r} is more than 100 kV: check the number and its unit; "
                         f"if it is so, {confirm}")  # fmt: skip
    return stated
