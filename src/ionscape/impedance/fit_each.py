"""From one sweep of a study to one fitted spectrum: the window, the validity test, the independent fit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.core.measurement import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, Sweep
from ionscape.core.registry import Item
from ionscape.core.sample import Sample
from ionscape.impedance.fit_record import FittedSpectrum
from ionscape.impedance.kramers_kronig import KramersKronig, validity
from ionscape.impedance.options import FitOptions, WindowOptions
from ionscape.impedance.spectrum import ComplexArray, FloatArray, check_spectrum
from ionscape.impedance.spectrum_fit import fit

ENDS = 2  # points at either end that are never left out as single wrong points
NOTABLE = 0.02  # of |Z|: a point must be further off to be left out
FEWEST_TESTED = 10  # points of a spectrum from which the test is made
NOISIEST = 0.1  # of |Z|
LEAST_SHARE = 0.5  # of its points that a spectrum must keep to be fitted at all


def spectrum_of(sweep: Sweep, options: WindowOptions) -> tuple[FloatArray, ComplexArray]:
    """The part of a sweep that is used, checked, high frequency first.

    Raises
    ------
    InputError
        If the sweep is no impedance spectrum, or nothing is left of it.
    """
    missing = [c for c in (FREQUENCY, REAL_IMPEDANCE, IMAGINARY_IMPEDANCE) if c not in sweep.columns]
    if missing:
        raise InputError(f"it has no column {missing[0]}: it is no impedance spectrum")
    f, z = check_spectrum(sweep.frequency, sweep.impedance)
    low = options.frequency_min if options.frequency_min is not None else 0.0
    high = options.frequency_max if options.frequency_max is not None else np.inf
    kept = (f >= low * (1 - 1e-9)) & (f <= high * (1 + 1e-9))
    if kept.sum() < 3:
        raise InputError(f"only {kept.sum()} points lie from {low:g} to {high:g} Hz: widen the limits")
    return f[kept], z[kept]


def fit_one(item: Item, sample: Sample, options: Any) -> FittedSpectrum:  # noqa: ARG001 - the registry's signature
    """Test and fit one spectrum; what the test finds unusable is left out.

    Raises
    ------
    InputError
        If the sweep is no usable spectrum.
    AnalysisError
        If it fails the Kramers-Kronig test, or no circuit is supported by it.
    """
    assert isinstance(options, FitOptions)
    f, z = spectrum_of(item.sweep, options)
    if f.size < FEWEST_TESTED and not options.ignore_validity:
        raise AnalysisError(
            f"only {f.size} points: too few to test or to tell circuits apart, at least {FEWEST_TESTED} are "
            "needed ('ignore_validity: true' fits them anyway)"
        )
    test, usable = None, np.ones(f.size, dtype=bool)
    if f.size >= FEWEST_TESTED and not options.ignore_validity:
        test = validity(f, z)
        usable = _usable(test)
    found = fit(
        f[usable],
        z[usable],
        options.circuit,
        weights=options.weights,
        robust=options.robust,
        candidates=options.candidates or None,
    )
    return FittedSpectrum.of(found, test, int(np.count_nonzero(~usable)))


def _usable(test: KramersKronig) -> NDArray[np.bool_]:
    """Points that a fit may use; moderate noise forbids none.

    Raises
    ------
    AnalysisError
        If too little of the spectrum holds.
    """
    usable = test.usable
    if test.verdict == "noisy" and test.noise > NOISIEST:
        raise AnalysisError(f"the noise is {100 * test.noise:.0f} % of |Z|: nothing can be fitted to it "
                            "('ignore_validity: true' tries it anyway)")  # fmt: skip
    if test.verdict in ("valid", "noisy"):
        off = np.hypot(test.residual_real, test.residual_imaginary)
        inside = np.zeros(off.size, dtype=bool)
        inside[ENDS : off.size - ENDS] = True
        # At the ends the test extrapolates, and a point slightly off spoils no fit: such points stay.
        usable = ~(test.suspicious & inside & (off > NOTABLE))
    if usable.mean() < LEAST_SHARE:
        raise AnalysisError(
            f"fails the Kramers-Kronig test: {test.reasons[0]} ('ignore_validity: true' fits it anyway)"
        )
    return usable
