"""What EC-Lab's .mpr and .mpt have in common: its column labels, its sweeps, its default geometry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, TIME, Sweep
from ionscape.read.naming import temperature_in_name
from ionscape.read.sweeps import impedance_sweeps

Floats = NDArray[np.float64]

DEFAULT_AREA_CM2 = 0.001  # what EC-Lab writes when nobody filled the field in
SQUARE_METRES = {"m²": 1.0, "dm²": 1e-2, "cm²": 1e-4, "mm²": 1e-6, "µm²": 1e-12}

NEEDED = ("freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg")
SWEEP_COUNTERS = ("z cycle", "cycle number", "Ns")
OPTIONAL = {  # EC-Lab label -> (our name, factor)
    "time/s": (TIME, 1.0),
    "<I>/mA": ("current_ampere", 1e-3),
    "I/mA": ("current_ampere", 1e-3),
    "<Ewe>/V": ("voltage_volt", 1.0),
    "Ewe/V": ("voltage_volt", 1.0),
    "Re(Zce)/Ohm": ("real_impedance_counter_electrode_ohm", 1.0),
    "-Im(Zce)/Ohm": ("imaginary_impedance_counter_electrode_ohm", -1.0),
    "Re(Zwe-ce)/Ohm": ("real_impedance_cell_ohm", 1.0),
    "-Im(Zwe-ce)/Ohm": ("imaginary_impedance_cell_ohm", -1.0),
}
TEMPERATURE = "Temperature/°C"
USED = frozenset({*NEEDED, *SWEEP_COUNTERS, *OPTIONAL, TEMPERATURE, "half cycle"})


def spectra(
    table: Mapping[str, Floats], path: Path, technique: str, loop_starts: Iterable[int] = ()
) -> tuple[tuple[Sweep, ...], list[str]]:
    """Sweeps of an EC-Lab table.

    Parameters
    ----------
    table : mapping of EC-Lab label to (N,) float array
        Needs ``freq/Hz`` with ``Re(Z)/Ohm`` and ``-Im(Z)/Ohm``, or with ``|Z|/Ohm`` and ``Phase(Z)/deg``.
    path : Path
    technique : str
        As EC-Lab calls it, for the message; may be empty.
    loop_starts : iterable of int
        Rows where EC-Lab's loops begin.

    Returns
    -------
    sweeps : tuple of Sweep
    warnings : list of str

    Raises
    ------
    ReadError
        No frequency column, no impedance column, or no point.
    """
    if "freq/Hz" not in table:
        raise ReadError(path, _why_no_frequency(table, technique))
    columns = {FREQUENCY: table["freq/Hz"], **_impedance(table, path)}
    for label, (name, factor) in OPTIONAL.items():
        if label in table and name not in columns:
            columns[name] = table[label] * factor
    temperature, warnings = _temperature(table)
    cycles = table.get("z cycle", table.get("cycle number"))
    sweeps, more = impedance_sweeps(
        columns,
        path,
        boundaries=_boundaries(table, loop_starts),
        temperature=temperature,
        labels=None if cycles is None else [f"cycle {cycle:.0f}" for cycle in cycles],
    )
    return sweeps, [*warnings, *more]


def _why_no_frequency(table: Mapping[str, Floats], technique: str) -> str:
    if any(label in table for label in NEEDED):
        return (
            "no frequency column (freq/Hz), although there is an impedance: export it again from EC-Lab "
            "with the frequency"
        )
    if technique == "Modulo Bat":
        return "no frequency column: this is a Modulo Bat record without an impedance step"
    kind = technique or "direct-current"
    return f"no frequency column: this is a {kind} record, not an impedance measurement"


def _impedance(table: Mapping[str, Floats], path: Path) -> dict[str, Floats]:
    if "Re(Z)/Ohm" in table and "-Im(Z)/Ohm" in table:
        return {REAL_IMPEDANCE: table["Re(Z)/Ohm"], IMAGINARY_IMPEDANCE: -table["-Im(Z)/Ohm"]}
    if "Re(Z)/Ohm" in table and "Im(Z)/Ohm" in table:
        return {REAL_IMPEDANCE: table["Re(Z)/Ohm"], IMAGINARY_IMPEDANCE: table["Im(Z)/Ohm"]}
    if "|Z|/Ohm" in table and "Phase(Z)/deg" in table:
        with np.errstate(over="ignore", invalid="ignore"):
            phase = np.deg2rad(table["Phase(Z)/deg"])
            modulus = table["|Z|/Ohm"]
            return {REAL_IMPEDANCE: modulus * np.cos(phase), IMAGINARY_IMPEDANCE: modulus * np.sin(phase)}
    raise ReadError(
        path, "a frequency, but no impedance: needs Re(Z)/Ohm and -Im(Z)/Ohm, or |Z|/Ohm and Phase(Z)/deg"
    )


def _boundaries(table: Mapping[str, Floats], loop_starts: Iterable[int]) -> set[int]:
    """Rows where a counter of EC-Lab steps: an impedance step has its own z cycle, cycle or sequence number.

    In a battery record (which has half cycles) ``cycle number`` counts charge and discharge instead. Counters
    may also step within a sweep, when a battery changes over while it is measured; such steps are left out.
    """
    found = {int(start) for start in loop_starts}
    for label in SWEEP_COUNTERS:
        if label in table and not (label == "cycle number" and ("half cycle" in table or "z cycle" in table)):
            found.update((np.flatnonzero(np.diff(table[label]) != 0.0) + 1).tolist())
    return {row for row in found if not _runs_on(table["freq/Hz"], row)}


def _runs_on(frequency: Floats, row: int) -> bool:
    """Whether the frequency goes past `row` without a break or a turn."""
    if not 2 <= row < frequency.size or np.any(frequency[row - 2 : row + 1] <= 0.0):
        return False
    before, here = np.sign(np.diff(frequency[row - 2 : row + 1]))
    return bool(before == here != 0.0)


def _temperature(table: Mapping[str, Floats]) -> tuple[Floats | None, list[str]]:
    """Kelvin per row; None without a probe."""
    if TEMPERATURE not in table:
        return None, []
    celsius = table[TEMPERATURE]
    if not np.any(celsius):
        return None, ["the temperature column is zero throughout (no probe connected) and was ignored"]
    return celsius + 273.15, []


def area(value: float, unit: str) -> tuple[float | None, list[str]]:
    """Electrode area [m²] from EC-Lab's field, None where nobody filled it in, and a warning that says so."""
    factor = SQUARE_METRES.get(unit.replace("μ", "µ").strip())
    if not np.isfinite(value) or value <= 0.0:
        return None, []
    if factor is None:
        return None, [f"electrode surface area {value:g} in unknown unit {unit!r} was ignored"]
    if abs(value * factor / SQUARE_METRES["cm²"] / DEFAULT_AREA_CM2 - 1.0) < 1e-3:
        return None, ["electrode surface area 0.001 cm² is EC-Lab's default and was ignored"]
    return value * factor, []


def commented_temperature(comment: str) -> float | None:
    """Kelvin, if a comment states one temperature with its unit (``25°C``, ``298 K``); else None."""
    reading = temperature_in_name(comment)
    return None if reading.text[-1:].isdigit() else reading.kelvin
