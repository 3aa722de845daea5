"""A measurement in a few lines for the eye: its size, and the range of every quantity in the field's unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.measurement import Measurement, Sweep

Floats = NDArray[np.float64]

_WIDTH = 11
_WORDS = {
    m.POSITION: ("position", 1e6, "um"),
    m.SPUTTER_TIME: ("sputtering", 1.0, "s"),
    m.FRACTION: ("fraction", 1.0, ""),
    m.FRACTION_UNCERTAINTY: ("± fraction", 1.0, ""),
    m.GRADIENT: ("gradient", 1.0, "T/m"),
    m.GRADIENT_PULSE: ("δ", 1e3, "ms"),
    m.DIFFUSION_TIME: ("Δ", 1e3, "ms"),
    m.B_VALUE: ("b", 1e-6, "s/mm²"),
    m.INTENSITY: ("intensity", 1.0, ""),
    m.INTENSITY_UNCERTAINTY: ("± intensity", 1.0, ""),
    m.GRAIN_LABELS: ("grains", 1.0, ""),
    m.BOUNDARY_MASK: ("boundaries", 1.0, ""),
}


def quick_look(measurement: Measurement) -> list[str]:
    """Lines such as ``gradient    0.0241 to 0.457 T/m``: the sweeps, and what is in their columns.

    Parameters
    ----------
    measurement : Measurement
    """
    sweeps = measurement.sweeps
    lines = [_size(sweeps)]
    if all(m.FREQUENCY in sweep.columns and m.REAL_IMPEDANCE in sweep.columns for sweep in sweeps):
        frequency = np.concatenate([sweep.frequency for sweep in sweeps])
        modulus = np.concatenate([np.abs(sweep.impedance) for sweep in sweeps])
        return [*lines, _range("frequency", frequency, "Hz"), _range("|Z|", modulus, "ohm")]
    unknown = []
    for name in dict.fromkeys(name for sweep in sweeps for name in sweep.columns):
        values = np.concatenate([sweep.columns[name].ravel() for sweep in sweeps if name in sweep.columns])
        if name.startswith(m.COUNTS):
            total = f", {np.nansum(values):.4g} in all"
            lines.append(_range(name.removeprefix(m.COUNTS), values, "counts") + total)
        elif name.startswith(m.SPECIES_FRACTION_UNCERTAINTY):
            species = name.removeprefix(m.SPECIES_FRACTION_UNCERTAINTY)
            lines.append(_range(f"± {species}", values, "of the bulk"))
        elif name.startswith(m.SPECIES_FRACTION):
            lines.append(_range(name.removeprefix(m.SPECIES_FRACTION), values, "of the bulk"))
        elif name in _WORDS:
            word, scale, unit = _WORDS[name]
            lines.append(_range(word, scale * values, unit))
        else:
            unknown.append(name)
    shown = ("nucleus", "gradient_shape", "pulse_program")
    lines += [f"{key.replace('_', ' '):<{_WIDTH}} {measurement.metadata[key]}" for key in shown
              if key in measurement.metadata]  # fmt: skip
    return [*lines, f"{'columns':<{_WIDTH}} {', '.join(unknown)}"] if unknown else lines


def _size(sweeps: Sequence[Sweep]) -> str:
    shapes = list(dict.fromkeys(next(iter(sweep.columns.values())).shape for sweep in sweeps))
    if all(len(shape) == 2 for shape in shapes):
        sizes = ", ".join(f"{shape[0]} rows × {shape[1]} columns" for shape in shapes)
        spacing = sweeps[0].spacing_metre
        pixel = (
            f", pixel {' × '.join(f'{1e6 * size:.4g}' for size in dict.fromkeys(spacing))} um"
            if spacing
            else ""
        )
        return f"{'image':<{_WIDTH}} {sizes}{pixel}"
    points = [int(np.prod(shape)) for shape in shapes]
    span = f"{min(points)} to {max(points)}" if min(points) < max(points) else str(points[0])
    return f"{'sweeps':<{_WIDTH}} {len(sweeps)}, {span} points{' each' if len(sweeps) > 1 else ''}"


def _range(word: str, values: Floats, unit: str) -> str:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return f"{word:<{_WIDTH}} no numbers"
    low, high = float(finite.min()), float(finite.max())
    span = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    return f"{word:<{_WIDTH}} {span} {unit}".rstrip()
