"""One echo decay of a study: the file's columns, completed with what the study says of the measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.core.measurement import (
    B_VALUE,
    DIFFUSION_TIME,
    GRADIENT,
    GRADIENT_PULSE,
    INTENSITY,
    INTENSITY_UNCERTAINTY,
    Sweep,
)
from ionscape.core.registry import Item
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.nmr.echo_decay import EchoDecay, arrange_echoes
from ionscape.nmr.fit_options import NmrMeasurement
from ionscape.nmr.gradient_waveform import PulseShape, b_values, pulse_shape, trapezoid
from ionscape.nmr.nuclei import nucleus_name, nucleus_of

FloatArray = NDArray[np.float64]

FLOOR = 3.0  # magnitudes below so many standard deviations of the noise are biased


@storable
@dataclass(frozen=True)
class EchoRecord:
    """What `nmr.fit` keeps of one file.

    Attributes
    ----------
    b, intensity, gradient, pulse, delay : (N,) arrays
        [s/m²], any scale, [T/m], [s], [s]; nan where not known.
    uncertainty : (N,) array
        Empty where not known.
    nucleus : str
    notes : tuple of str
    """

    b: FloatArray
    intensity: FloatArray
    gradient: FloatArray
    pulse: FloatArray
    delay: FloatArray
    uncertainty: FloatArray
    nucleus: str
    notes: tuple[str, ...] = ()


def record_of(item: Item, sample: Sample) -> EchoRecord:
    """Read one item.

    Raises
    ------
    InputError
        If something is missing or cannot be.
    """
    fields = item.fields if isinstance(item.fields, NmrMeasurement) else NmrMeasurement()
    sweep, told = _sweep(item, fields)
    columns = sweep.columns
    if INTENSITY not in columns:
        raise InputError("this file holds no echo intensities")
    intensity = columns[INTENSITY]
    nucleus, notes = _nucleus(fields, sweep, sample)
    notes = (*told, *notes)
    size = intensity.size
    pulse = _column(columns.get(GRADIENT_PULSE), fields.gradient_pulse, size)
    delay = _column(columns.get(DIFFUSION_TIME), fields.diffusion_time, size)
    gradient = columns.get(GRADIENT, np.full(size, np.nan))
    b = columns.get(B_VALUE)
    if b is None:
        b = _b_values(gradient, pulse, delay, fields, nucleus)
        if fields.shape == "rectangular":
            notes += ("gradient pulses taken as rectangular ('shape' says otherwise)",)
    uncertainty = columns.get(INTENSITY_UNCERTAINTY, np.zeros(0))
    record = EchoRecord(b, intensity, gradient, pulse, delay, uncertainty, nucleus, notes)
    record = _above_floor(record) if fields.magnitude else record
    decay_of([record])  # all that can be wrong with one file is said of that file
    return record


def _sweep(item: Item, fields: NmrMeasurement) -> tuple[Sweep, tuple[str, ...]]:
    """The file's echoes, integrated again where the study names the window."""
    window = fields.window_ppm
    if window is None:
        return item.sweep, ()
    from ionscape.read.bruker_diffusion import integrated, recognises

    if item.path is None or not recognises(b"", item.path.name):
        raise InputError("window_ppm is for Bruker spectra (ser, 2rr): this file holds no spectra to "
                         "integrate")  # fmt: skip
    return integrated(item.path, window).sweeps[0], (f"integrated from {window[0]:g} to {window[1]:g} ppm",)


def _nucleus(fields: NmrMeasurement, sweep: Sweep, sample: Sample) -> tuple[str, tuple[str, ...]]:
    if fields.nucleus:
        return fields.nucleus, ()
    try:
        return nucleus_name(sweep.label), ()
    except InputError:
        pass
    found = nucleus_of(sample.carrier)
    if not found:
        raise InputError("which nucleus? State 'nucleus' of the measurement or 'carrier' of the sample")
    return found, (f"nucleus {found} taken from the sample's carrier",)


def _column(values: FloatArray | None, stated: Any, size: int) -> FloatArray:
    if values is not None:
        return np.asarray(values)
    return np.full(size, np.nan if stated is None else stated.value)


def _b_values(
    gradient: FloatArray, pulse: FloatArray, delay: FloatArray, fields: NmrMeasurement, nucleus: str
) -> FloatArray:
    for values, name in ((gradient, "gradient"), (pulse, "length of the gradient pulses ('gradient_pulse')"),
                         (delay, "diffusion time ('diffusion_time')")):  # fmt: skip
        if np.any(np.isnan(values)):
            raise InputError(f"neither the file nor the study states the {name}")
    gap = None if fields.bipolar_interval is None else fields.bipolar_interval.value
    return b_values(
        gradient, pulse, delay, nucleus=nucleus, shape=_shape(fields, pulse), bipolar_interval=gap
    )


def _shape(fields: NmrMeasurement, pulse: FloatArray) -> PulseShape:
    if fields.ramp_time is None:
        return pulse_shape(fields.shape)
    lobe = pulse / (2 if fields.bipolar_interval is not None else 1)
    if np.ptp(lobe) > 1e-9 * lobe[0]:
        raise InputError("a trapezoid of changing length is not supported: give 'b_value' in the file")
    return trapezoid(fields.ramp_time.value / float(lobe[0]))


def _above_floor(record: EchoRecord) -> EchoRecord:
    """Without the magnitudes that noise lifts."""
    if record.uncertainty.size == 0:
        raise InputError("magnitudes need their uncertainty: without it the floor of noise is not known")
    kept = record.intensity > FLOOR * record.uncertainty
    note = f"{int(np.count_nonzero(~kept))} magnitudes below {FLOOR:g} times the noise left out"
    return EchoRecord(
        record.b[kept], record.intensity[kept], record.gradient[kept], record.pulse[kept], record.delay[kept],
        record.uncertainty[kept], record.nucleus, (*record.notes, note),
    )  # fmt: skip


def decay_of(records: list[EchoRecord]) -> EchoDecay:
    """All records as one data set, a series each."""

    def joined(name: str) -> FloatArray:
        return np.concatenate([getattr(r, name) for r in records])

    def where_known(name: str) -> FloatArray | None:
        values = joined(name)
        return None if np.isnan(values).any() else values

    sd = joined("uncertainty") if all(r.uncertainty.size for r in records) else None
    series = np.concatenate([np.full(r.b.size, k) for k, r in enumerate(records)])
    return arrange_echoes(
        joined("intensity"), sd, b_value=joined("b"), gradient=where_known("gradient"),
        pulse=where_known("pulse"), delay=where_known("delay"), series=series,
    )  # fmt: skip
