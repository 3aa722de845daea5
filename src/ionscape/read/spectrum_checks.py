"""What every impedance sweep must satisfy, whichever reader made it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ionscape.core.errors import ReadError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Measurement, Sweep

_NEEDED = (FREQUENCY, REAL_IMPEDANCE, IMAGINARY_IMPEDANCE)


def checked(measurement: Measurement) -> Measurement:
    """The measurement without rows and sweeps that cannot be impedance; other techniques pass unchanged.

    Rows whose frequency is not positive and finite, or whose impedance is not finite, go with a warning that
    counts them; so do sweeps that are zero throughout. An imaginary or a real part that is all of the unusual
    sign is kept and warned of.

    Raises
    ------
    ReadError
        No usable sweep is left, or a reader broke the contract (a column is missing or of another length).
    """
    if measurement.technique != "impedance":
        return measurement
    warnings: list[str] = []
    sweeps: list[Sweep] = []
    reasons: list[str] = []
    for sweep in measurement.sweeps:
        name = f"sweep {sweep.label}: " if len(measurement.sweeps) > 1 else ""
        usable, reason = _usable(sweep, measurement.source, name, warnings)
        if usable is None:
            reasons.append(reason)
        else:
            sweeps.append(usable)
            warnings.extend(f"{name}{sign}" for sign in _unusual_signs(usable))
    if not sweeps:
        raise ReadError(measurement.source, reasons[0] if reasons else "no points")
    warnings.extend(f"a sweep was left out: {reason}" for reason in reasons)
    merged = tuple(dict.fromkeys([*measurement.warnings, *warnings]))
    return replace(measurement, sweeps=tuple(sweeps), warnings=merged)


def _usable(sweep: Sweep, source: Path, name: str, warnings: list[str]) -> tuple[Sweep | None, str]:
    """The sweep without its impossible rows, or None and the reason."""
    missing = [column for column in _NEEDED if column not in sweep.columns]
    if missing:
        raise ReadError(source, f"its reader gave no column {missing[0]}: report this")
    size = sweep.frequency.size
    if any(np.shape(values) != (size,) for values in sweep.columns.values()):
        raise ReadError(source, "its reader gave columns of unequal length: report this")
    if size == 0:
        return None, f"{name}no points"
    frequency, impedance = sweep.frequency, sweep.impedance
    good = np.isfinite(frequency) & (frequency > 0) & np.isfinite(impedance)
    if not good.any():
        return None, f"{name}no point has a positive frequency and a finite impedance"
    if not np.any(impedance[good]):
        return None, f"{name}the impedance is zero at every frequency: nothing was measured"
    dropped = size - int(np.count_nonzero(good))
    if dropped:
        why = "without a positive frequency or a finite impedance"
        warnings.append(f"{name}{dropped} of {size} points {why} left out")
        return replace(sweep, columns={key: values[good] for key, values in sweep.columns.items()}), ""
    return sweep, ""


def _unusual_signs(sweep: Sweep) -> list[str]:
    found = []
    imaginary = sweep.columns[IMAGINARY_IMPEDANCE]
    if np.all(imaginary >= 0) and np.any(imaginary > 0):
        found.append("all Z″ positive: inductive cell or sign convention -Z″; kept as the file labels it")
    if np.all(sweep.columns[REAL_IMPEDANCE] < 0):
        found.append("all Z′ negative: no passive cell; sign convention -Z′ or exchanged leads")
    return found
