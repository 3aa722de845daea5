"""Bruker pseudo-2D diffusion experiments (``ser``, ``pdata/N/2rr``) by nmrglue: one integral per gradient."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement, Sweep
from ionscape.read.bruker_parameters import DiffusionParameters, diffusion_parameters
from ionscape.read.extras import optional_module
from ionscape.read.spectrum_integral import Integrals, integrals

FORMAT = "bruker-diffusion"
TECHNIQUE = "nmr"

_NAMES = ("ser", "2rr")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Spectra:
    """Chemical shift [ppm], (points,); spectra, (N, points); parameters of the acquisition; notes."""

    shift: Floats
    values: Floats
    acqus: Mapping[str, Any]
    notes: tuple[str, ...]


def recognises(head: bytes, name: str) -> bool:  # noqa: ARG001
    """The name alone: these files hold nothing but numbers, what they are stands in the files beside them."""
    return name in _NAMES


def read(path: Path, content: bytes) -> Measurement:  # noqa: ARG001
    """`integrated` over the region of the largest signal."""
    return integrated(path)


def integrated(path: str | Path, window_ppm: tuple[float, float] | None = None) -> Measurement:
    """The echo decay of a pseudo-2D experiment: the integral of each spectrum against its gradient.

    Parameters
    ----------
    path : str or Path
        ``ser``, or ``pdata/N/2rr``; with ``acqus``, ``difflist`` and ``pulseprogram`` of the experiment.
        Spectra that TopSpin processed are preferred: ``ser`` is transformed, and phased by one constant, only
        where there are none.
    window_ppm : (float, float), optional
        Where to integrate; the region around the largest signal unless given.

    Returns
    -------
    Measurement
        One sweep, labelled with the nucleus; gradients as ``difflist`` states them. Shape and its factor,
        nucleus, frequency, pulse program and window stand in ``metadata``, what was assumed in ``warnings``.

    Raises
    ------
    ReadError
        A file beside it is missing or damaged, no signal, or nmrglue is not installed.
    """
    path = Path(path)
    inside = path.resolve().parents
    folder = inside[2] if path.name == "2rr" and len(inside) > 2 else inside[0]
    if not (folder / "acqus").is_file():
        raise ReadError(
            path, f"the parameters of the experiment (acqus) are not in {folder}: keep its folder together"
        )
    glue = optional_module("nmrglue", "nmr", path, "Bruker spectra")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nmrglue's own: parameters it does not know
        try:
            spectra = _spectra(glue, path, folder)
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ReadError(
                path, f"the experiment cannot be read ({type(error).__name__}: {error})"
            ) from error
    parameters = diffusion_parameters(folder, spectra.acqus, path)
    if parameters.gradient.size != len(spectra.values):
        reason = f"difflist has {parameters.gradient.size} gradients, the file {len(spectra.values)} spectra"
        raise ReadError(path, reason)
    try:
        found = integrals(spectra.shift, spectra.values, window_ppm)
    except ValueError as error:
        raise ReadError(path, str(error)) from error
    return _measurement(path, parameters, found, spectra.notes)


def _spectra(glue: Any, path: Path, folder: Path) -> _Spectra:
    processed = path.resolve().parent if path.name == "2rr" else folder / "pdata" / "1"
    acqus = glue.bruker.read_jcamp(str(folder / "acqus"))
    rows = int(glue.bruker.read_jcamp(str(folder / "acqu2s"))["TD"]) if (folder / "acqu2s").is_file() else 0
    if (processed / "2rr").is_file():
        parameters, data = glue.bruker.read_pdata(str(processed), bin_files=["2rr"])
        procs = parameters["procs"]
        shift = procs["OFFSET"] - np.arange(data.shape[1]) * procs["SW_p"] / procs["SF"] / data.shape[1]
        used = () if path.name == "2rr" else ("the spectra that TopSpin processed (pdata/1/2rr) were used",)
        return _Spectra(shift, np.asarray(data[: rows or None], dtype=np.float64), acqus, used)
    parameters, data = glue.bruker.read(str(folder))
    return _transformed(glue, parameters, np.atleast_2d(data)[: rows or None], acqus)


def _transformed(
    glue: Any, parameters: Any, signal: NDArray[np.complex128], acqus: Mapping[str, Any]
) -> _Spectra:
    """Spectra of the raw signals: digital filter removed, zero filled once, one phase for all."""
    signal = glue.bruker.remove_digital_filter(parameters, signal)
    signal[:, 0] *= 0.5  # the first point counts half, or the baseline is lifted
    points = 2 * signal.shape[1]
    spectra = np.fft.fftshift(np.fft.fft(signal, points, axis=1), axes=1)[:, ::-1]
    # The largest |sum of S²| is that of one phase; its half turns the signal upright.
    strongest = spectra[0]
    phase = 0.5 * float(np.angle(np.sum(strongest**2)))
    turned = spectra * np.exp(-1j * phase)
    if np.sum(turned[0].real ** 3) < 0:
        turned = -turned
    width, carrier = float(acqus["SW_h"]), float(acqus["SFO1"])
    hertz = (points / 2 - 1 - np.arange(points)) * width / points
    shift = (hertz + 1e6 * (carrier - float(acqus["BF1"]))) / carrier
    notes = ("the raw signals were transformed and phased by one constant: better process them in TopSpin",)
    return _Spectra(shift, np.ascontiguousarray(turned.real), acqus, notes)


def _measurement(
    path: Path, parameters: DiffusionParameters, found: Integrals, notes: tuple[str, ...]
) -> Measurement:
    size = parameters.gradient.size
    columns = {
        m.GRADIENT: parameters.gradient,
        m.GRADIENT_PULSE: np.full(size, parameters.pulse),
        m.DIFFUSION_TIME: np.full(size, parameters.diffusion_time),
        m.INTENSITY: found.values,
        m.INTENSITY_UNCERTAINTY: found.uncertainty,
    }
    low, high = found.window
    metadata = {
        "nucleus": parameters.nucleus,
        "gradient_shape": parameters.shape,
        "gradient_shape_factor": ""
        if parameters.shape_factor is None
        else repr(float(parameters.shape_factor)),
        "spectrometer_frequency_hertz": repr(parameters.larmor_hertz),
        "pulse_program": parameters.pulse_program,
        "window_ppm": f"{low:.3f} to {high:.3f}",
    }
    told = (f"integrated from {low:.2f} to {high:.2f} ppm", *parameters.assumed, *notes)
    sweep = Sweep(columns, parameters.nucleus, parameters.temperature)
    return Measurement(
        path,
        TECHNIQUE,
        FORMAT,
        (sweep,),
        parameters.temperature,
        metadata={name: value for name, value in metadata.items() if value},
        warnings=told,
    )
