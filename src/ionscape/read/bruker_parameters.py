"""What the parameter files of a Bruker diffusion experiment say: gradients, pulse, delay, shape, nucleus.

A pulse program states in comments which parameters are the length of the gradient pulses and the diffusion
time (``;p30: gradient pulse (little DELTA * 0.5)``, ``;d20: diffusion time (big DELTA)``); nothing else tells
whether δ is P30 or twice P30.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.read.text import decode, floats

_MICROSECOND = 1e-6  # unit of P
_GAUSS_PER_CENTIMETRE = 1e-2  # in T/m, unit of difflist
_PULSE_COMMENTS = (
    # ";@ little_delta: p31" for machines; "[small delta = 2*p30]", ";p30: ... (little DELTA * 0.5)" for us
    (re.compile(r"^;@?\s*little_delta:\s*p(?P<number>\d+)\s*$", re.IGNORECASE | re.MULTILINE), None),
    (
        re.compile(r"(?:small|little)\s+delta\s*=\s*(?P<factor>\d)\s*\*\s*p(?P<number>\d+)", re.IGNORECASE),
        None,
    ),
    (
        re.compile(
            r"^;\s*p(?P<number>\d+)\s*:.*?(?:small|little)\s+delta\s*\*\s*0\.5", re.IGNORECASE | re.MULTILINE
        ),
        2.0,
    ),
    (re.compile(r"^;\s*p(?P<number>\d+)\s*:.*?(?:small|little)\s+delta", re.IGNORECASE | re.MULTILINE), 1.0),
)
_DELAY_COMMENTS = (
    re.compile(r"^;@?\s*big_delta:\s*d(?P<number>\d+)\s*$", re.IGNORECASE | re.MULTILINE),
    re.compile(r"^;\s*d(?P<number>\d+)\s*:.*?(?:big|large)\s+delta", re.IGNORECASE | re.MULTILINE),
)
_ENCODING = re.compile(r"\bp(?P<pulse>\d+):gp(?P<gradient>\d+)\*(?:-1\*)?\w*dif", re.IGNORECASE)
# Area of a shape over that of a rectangle of its height and length.
_SHAPE_FACTORS = (("SMSQ10", 0.9), ("SQSINE", 0.5), ("SINE", 2 / np.pi), ("RECT", 1.0))


@dataclass(frozen=True)
class DiffusionParameters:
    """Of one experiment, in SI.

    Attributes
    ----------
    gradient : (N,) float array
        As ``difflist`` states it [T/m].
    pulse, diffusion_time : float
        δ, both halves of a bipolar pair together, and Δ [s].
    temperature : float or None
        [K]
    shape : str
        Name of the gradient's shape, e.g. ``SMSQ10.100``; empty if none is stated.
    shape_factor : float or None
        Its area over that of a rectangle; None for an unknown shape.
    nucleus, pulse_program : str
    larmor_hertz : float
    assumed : tuple of str
        What was taken by convention, one sentence each.
    """

    gradient: NDArray[np.float64]
    pulse: float
    diffusion_time: float
    temperature: float | None
    shape: str
    shape_factor: float | None
    nucleus: str
    pulse_program: str
    larmor_hertz: float
    assumed: tuple[str, ...]


def diffusion_parameters(folder: Path, acqus: Mapping[str, Any], path: Path) -> DiffusionParameters:
    """The parameters of the experiment in a folder.

    Parameters
    ----------
    folder : Path
        With ``difflist`` and ``pulseprogram``.
    acqus : mapping
        As nmrglue reads it.
    path : Path
        For messages.

    Raises
    ------
    ReadError
        No gradients, or a pulse or delay that is zero.
    """
    program = _text(folder / "pulseprogram")
    pulse, pulse_words = _pulse(program, acqus)
    delay, delay_words = _delay(program, acqus)
    if not pulse > 0 or not delay > 0:
        raise ReadError(
            path,
            f"acqus gives δ = {pulse:g} s ({pulse_words}) and Δ = {delay:g} s ({delay_words}): not a "
            "diffusion experiment, or one whose pulse program names other parameters",
        )
    shape = _shape(program, acqus)
    factor = next((value for name, value in _SHAPE_FACTORS if shape.upper().startswith(name)), None)
    kelvin = float(acqus.get("TE", 0) or 0)
    return DiffusionParameters(
        _gradients(folder / "difflist", path),
        pulse,
        delay,
        kelvin if kelvin > 100 else None,
        shape,
        factor,
        str(acqus.get("NUC1", "")),
        str(acqus.get("PULPROG", "")),
        1e6 * float(acqus.get("SFO1", 0.0)),
        (
            f"δ = {1e3 * pulse:.4g} ms was read as {pulse_words}, Δ = {1e3 * delay:.4g} ms as {delay_words}",
            *_shape_notes(shape, factor),
        ),
    )


def _text(path: Path) -> str:
    return decode(path.read_bytes()).replace("\r", "") if path.is_file() else ""


def _gradients(path: Path, source: Path) -> NDArray[np.float64]:
    values = floats(_text(path).split())
    if values is None:
        reason = f"no list of gradients (difflist, in G/cm) stands in {path.parent.name or path.parent}: "
        raise ReadError(source, reason + "TopSpin's 'dosy' writes it; or give a table: g (T/m), intensity")
    return _GAUSS_PER_CENTIMETRE * np.array(values)


def _pulse(program: str, acqus: Mapping[str, Any]) -> tuple[float, str]:
    """δ [s] and how it was found."""
    for pattern, fixed in _PULSE_COMMENTS:
        if match := pattern.search(program):
            factor = fixed or float(match.groupdict().get("factor") or 1)
            words = f"{factor:g}·P{match['number']}" if factor != 1 else f"P{match['number']}"
            return factor * _listed(
                acqus, "P", match["number"]
            ) * _MICROSECOND, f"{words} (the pulse program says so)"
    bipolar = "bp" in str(acqus.get("PULPROG", "")).lower()
    kind = "a bipolar pair" if bipolar else "a single pulse"
    words = f"{'2·' if bipolar else ''}P30 (assumed for {kind}: the pulse program does not say)"
    return (2 if bipolar else 1) * _listed(acqus, "P", 30) * _MICROSECOND, words


def _delay(program: str, acqus: Mapping[str, Any]) -> tuple[float, str]:
    for pattern in _DELAY_COMMENTS:
        if match := pattern.search(program):
            return _listed(acqus, "D", match["number"]), f"D{match['number']} (the pulse program says so)"
    return _listed(acqus, "D", 20), "D20 (assumed: the pulse program does not say)"


def _shape(program: str, acqus: Mapping[str, Any]) -> str:
    match = _ENCODING.search(program)
    names = acqus.get("GPNAM") or []
    number = int(match["gradient"]) if match else 6  # gp6 in Bruker's own diffusion programs
    return str(names[number]) if number < len(names) else ""


def _shape_notes(shape: str, factor: float | None) -> tuple[str, ...]:
    if not shape:
        return ("the shape of the gradient pulses is not stated",)
    if factor is None:
        return (f"the area of the gradient shape {shape} is not known here: state the shape factor",)
    if factor == 1:
        return ()
    return (
        f"the gradients stand as in difflist; the factor {factor:.4g} of the shape {shape} is not applied to "
        f"them, and TopSpin's 'dosy' may have done so already: once too often raises D by {factor**-2:.3g}",
    )


def _listed(acqus: Mapping[str, Any], name: str, number: str | int) -> float:
    values: Sequence[Any] = acqus.get(name) or []
    return float(values[int(number)]) if int(number) < len(values) else 0.0
