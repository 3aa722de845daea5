"""One linear fit to a spectrum with what its residuals say, and the widest part of a spectrum that passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ionscape.impedance.rc_ladder import (
    ComplexArray,
    FloatArray,
    Ladder,
    LadderOptions,
    Representation,
    element_counts,
    fit_ladder,
)
from ionscape.impedance.residual_tests import (
    OUTLYING,
    BoolArray,
    local_noise,
    outlying,
    significant_mean,
    single_points,
    wrong_point,
)

MINIMUM_POINTS = 10
# More outlying points than this share of the spectrum, or than this number, are not single mishaps any more.
MOST_WRONG_POINTS = 0.08
MOST_WRONG_POINTS_COUNTED = 12
# Windows with a larger share of points whose noise is above its limit are not worth a fit.
MOST_NOISY = 0.1
# Windows are cut in twelfths of the points, and never below five of them.
STEPS = 12
SMALLEST_WINDOW = 5


@dataclass(frozen=True)
class Limits:
    """What still counts as valid: systematic residual and noise (one component), as fractions of |Z|."""

    tolerance: float
    noise: float


@dataclass(frozen=True)
class Appraisal:
    """One fit with what its residuals say; arrays over the N points.

    Attributes
    ----------
    ladder : Ladder
    residual : complex
        (data - model)/|data|.
    relative_sd : float
        The weights' standard deviation; inf where a point was left out.
    noise : float
        Standard deviation of one component of the residual.
    systematic : float
        Modulus of the local mean residual where noise does not explain it, else 0.
    suspicious, negative, noisy : bool
        Single wrong points; significantly negative real part; noise above its limit.
    """

    ladder: Ladder
    residual: ComplexArray
    relative_sd: FloatArray
    noise: FloatArray
    systematic: FloatArray
    suspicious: BoolArray
    negative: BoolArray
    noisy: BoolArray

    def passes(self, limits: Limits) -> bool:
        """Nothing but single wrong points is the matter."""
        return not (self.negative.any() or self.noisy.any() or np.any(self.systematic > limits.tolerance))


def first_weights(
    omega: FloatArray,
    z: ComplexArray,
    representations: tuple[Representation, ...],
    options: LadderOptions,
    limits: Limits,
) -> FloatArray:
    """Noise and wrong points as a short ladder sees them, lest they decide how long the ladder gets."""
    counts = element_counts(omega, options)
    size, ones = counts[len(counts) // 2], np.ones(omega.size)
    trials = [fit_ladder(omega, z, ones, size, each, options) for each in representations]
    ladder = min(trials, key=lambda each: each.criterion)
    return appraise(omega, z, ladder, options, limits, reweight=True).relative_sd


def appraise(
    omega: FloatArray,
    z: ComplexArray,
    ladder: Ladder,
    options: LadderOptions,
    limits: Limits,
    reweight: bool,
) -> Appraisal:
    """Find noise and wrong points; refit with them in the weights until they no longer change."""
    sd = np.ones(z.size)
    most = min(max(1, int(MOST_WRONG_POINTS * z.size)), MOST_WRONG_POINTS_COUNTED)
    for _ in range(most + 3 if reweight else 0):
        out = np.isinf(sd)
        residual = _residual(z, ladder)
        noise = local_noise(residual)
        new_sd = np.where(out, np.inf, _weights_from(noise, limits.tolerance))
        if _alike(new_sd, sd):
            candidate = outlying(residual, noise) & ~out & (np.abs(residual) > 2 * limits.tolerance)
            weighted = weighted_residual(z, ladder, sd)
            index, relief = wrong_point(weighted, ladder.basis, candidate, noise_variance(noise, sd))
            if relief < OUTLYING:
                break
            new_sd = sd.copy()
            new_sd[index] = np.inf
        sd = new_sd
        ladder = fit_ladder(omega, z, sd, ladder.tau.size, ladder.representation, options)
    suspicious = single_points(np.isinf(sd))
    if suspicious.sum() > most:
        suspicious[:] = False
    if np.any(np.isinf(sd) != suspicious):
        # many or neighbouring points are structure, to be seen by the tests below: take them in again
        sd = np.where(np.isinf(sd) & ~suspicious, 1.0, sd)
        ladder = fit_ladder(omega, z, sd, ladder.tau.size, ladder.representation, options)
    residual = _residual(z, ladder)
    noise = local_noise(residual)
    negative = (z.real < -np.abs(z) * np.maximum(3 * noise, limits.tolerance)) & ~suspicious
    systematic = np.where(suspicious, 0.0, significant_mean(residual, noise, ~suspicious))
    return Appraisal(ladder, residual, sd, noise, systematic, suspicious, negative, noise > limits.noise)


def _residual(z: ComplexArray, ladder: Ladder) -> ComplexArray:
    return (z - ladder.model) / np.abs(z)


def weighted_residual(z: ComplexArray, ladder: Ladder, sd: FloatArray) -> FloatArray:
    """Residual as the fit saw it, in its own representation: (2N,), real above imaginary."""
    data, model = (z, ladder.model) if ladder.representation == "impedance" else (1 / z, 1 / ladder.model)
    residual = (data - model) / np.abs(data) / sd
    return np.concatenate([residual.real, residual.imag])


def _weights_from(noise: FloatArray, tolerance: float) -> FloatArray:
    """Noise and an accuracy floor of half the tolerance in quadrature; even weights unless it varies."""
    sd: FloatArray = np.sqrt(noise**2 + (tolerance / 2) ** 2)
    return sd / np.median(sd) if sd.max() > 1.5 * sd.min() else np.ones(noise.size)


def _alike(a: FloatArray, b: FloatArray) -> bool:
    kept = np.isfinite(a) & np.isfinite(b)
    return bool(np.all(np.abs(np.log(a[kept] / b[kept])) < 0.5))


def noise_variance(noise: FloatArray, sd: FloatArray) -> float:
    """Variance of one weighted component that noise explains."""
    kept = np.isfinite(sd)
    return float(np.mean((noise[kept] / sd[kept]) ** 2))


def widest_window(
    f: FloatArray, z: ComplexArray, whole: Appraisal, options: LadderOptions, limits: Limits
) -> tuple[int, int, BoolArray]:
    """Cut the ends, first a little, then more, until what is left passes.

    Returns
    -------
    start, stop : int
        First point and one past the last; equal if no part passes.
    suspicious : (stop - start,) bool array
    """
    n, density = f.size, whole.ladder.tau.size / (np.log10(f[0] / f[-1]) + 2 * options.extension)
    for cuts in range(1, STEPS - SMALLEST_WINDOW + 1):
        for high in range(cuts + 1):
            start, stop = round(high * n / STEPS), n - round((cuts - high) * n / STEPS)
            if stop - start < MINIMUM_POINTS:
                continue
            if np.any(whole.negative[start:stop]) or np.mean(whole.noisy[start:stop]) > MOST_NOISY:
                continue
            part_f, part_z = f[start:stop], z[start:stop]
            decades = np.log10(part_f[0] / part_f[-1]) + 2 * options.extension
            size = int(np.clip(round(density * decades), 3, max(3, int(1.2 * part_f.size) - options.extra)))
            omega = 2 * np.pi * part_f
            ones = np.ones(part_f.size)
            ladder = fit_ladder(omega, part_z, ones, size, whole.ladder.representation, options)
            part = appraise(omega, part_z, ladder, options, limits, reweight=True)
            if part.passes(limits):
                return start, stop, part.suspicious
    return 0, 0, np.zeros(0, dtype=bool)
