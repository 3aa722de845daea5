"""Is a spectrum Kramers-Kronig valid? A linear test with a verdict, its reasons and the window that holds.

References
----------
B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885.
M. Schönleber, D. Klotz, E. Ivers-Tiffée, Electrochim. Acta 131 (2014) 20.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.rc_ladder import (
    ComplexArray,
    FloatArray,
    Ladder,
    LadderOptions,
    Representation,
    best_ladder,
    fit_ladder,
    ladder_by_mu,
)
from ionscape.impedance.residual_tests import (
    BoolArray,
    Drift,
    Structure,
    estimate_drift,
    OUTLYING,
    local_noise,
    outlying,
    significant_mean,
    single_points,
    structure,
    wrong_point,
)
from ionscape.impedance.spectrum import check_spectrum

Verdict = Literal["valid", "noisy", "drifting", "invalid"]

MINIMUM_POINTS = 10
# More outlying points than this share of the spectrum are not single mishaps any more.
MOST_WRONG_POINTS = 0.08
# Up to this share the rest speaks for itself (6 points of 401, but none of 60).
FEW_WRONG_POINTS = 0.016
# Windows are cut in these steps, and never below this many twelfths of the points.
STEPS = 12
SMALLEST_WINDOW = 5


@dataclass(frozen=True)
class KramersKronig:
    """Outcome of the test. Arrays are sorted from high to low frequency.

    Attributes
    ----------
    frequency : (N,) array
        [Hz]
    impedance, model : (N,) complex arrays
        Data and Kramers-Kronig-compliant model [ohm].
    residual_real, residual_imaginary : (N,) arrays
        (data - model)/|data|, as fractions.
    n_elements : int
        Number of RC elements.
    mu : float
        Schönleber's measure of over-fitting; below 0.85 the elements begin to follow the noise. Context only.
    representation : str
        ``"impedance"`` or ``"admittance"``, whichever was fitted.
    pseudo_chi_square : float
        Sum over points of |data - model|²/|data|².
    noise : float
        Standard deviation of one component over |Z|: root mean square over the spectrum.
    noise_by_point : (N,) array
        The same around each point.
    systematic : float
        Largest local mean residual, as a fraction of |Z|, that noise does not explain (0 if there is none).
    drift : Drift
        A change of the sample over the sweep, as estimated from the residuals.
    structure : Structure
        Von Neumann and runs tests of whiteness, suspicious points left out.
    suspicious : (N,) bool array
        Single points far off their neighbours.
    usable : (N,) bool array
        Points inside the valid window that are not suspicious: what a fit may use.
    window : tuple of two floats, or None
        Lowest and highest frequency [Hz] of the widest part that passes; None if no part does.
    verdict : str
        ``"valid"``; ``"noisy"``: noise above its limit, or single wrong points; ``"drifting"``: the sample
        changed during the sweep or the slow end fails; ``"invalid"``: anything worse.
    reasons : tuple of str
        Why, one plain sentence each.
    """

    frequency: FloatArray
    impedance: ComplexArray
    model: ComplexArray
    residual_real: FloatArray
    residual_imaginary: FloatArray
    n_elements: int
    mu: float
    representation: Representation
    pseudo_chi_square: float
    noise: float
    noise_by_point: FloatArray
    systematic: float
    drift: Drift
    structure: Structure
    suspicious: BoolArray
    usable: BoolArray
    window: tuple[float, float] | None
    verdict: Verdict
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Limits:
    tolerance: float
    noise: float


@dataclass(frozen=True)
class _Appraisal:
    """One fit with what its residuals say."""

    ladder: Ladder
    residual: ComplexArray
    relative_sd: FloatArray  # inf where left out
    noise: FloatArray
    systematic: FloatArray
    suspicious: BoolArray
    negative: BoolArray
    noisy: BoolArray

    def passes(self, limits: _Limits) -> bool:
        return not (self.negative.any() or self.noisy.any() or np.any(self.systematic > limits.tolerance))


def validity(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    tolerance: float = 0.005,
    noise_limit: float = 0.02,
    elements: int | Literal["auto", "mu"] = "auto",
    mu_limit: float = 0.85,
    representation: Literal["auto", "impedance", "admittance"] = "auto",
    extension: float = 0.5,
    series_capacitance: bool = True,
    series_inductance: bool = True,
    reweight: bool = True,
) -> KramersKronig:
    """Test a spectrum for linearity, stability and causality (linear Kramers-Kronig test).

    Parameters
    ----------
    frequency : (N,) array
        [Hz], any order, at least 10 points.
    impedance : (N,) complex array
        [ohm], Z'' negative for a capacitor.
    tolerance : float
        Largest systematic residual, as a fraction of |Z|, that still counts as valid.
    noise_limit : float
        Largest standard deviation of one component over |Z| that still counts as valid.
    elements : int, "auto" or "mu"
        Number of RC elements. ``"auto"`` takes the Bayesian information criterion; ``"mu"`` is the rule of
        Schönleber et al. with `mu_limit` (one representation, by default the impedance).
    representation : str
        ``"admittance"`` suits inductive loops and shorts; ``"auto"`` tries both.
    extension : float
        Decades by which the time constants reach beyond the window; 0 gives the published tests. Tails of
        blocking electrodes need some.
    series_capacitance, series_inductance : bool
        Whether these belong to the model.
    reweight : bool
        Weigh points by their noise and leave out suspicious ones; else by 1/|Z| alone.

    Returns
    -------
    KramersKronig

    Raises
    ------
    InputError
        If the arrays are not a spectrum or an option is out of range.
    AnalysisError
        If there are fewer than 10 points.

    Notes
    -----
    Passing means that nothing was found, not that the sample was stationary: a drift at frequencies where a
    blocking tail dominates, or one much slower than the sweep, leaves the relations intact.
    """
    f, z = check_spectrum(frequency, impedance)
    _check_options(f.size, tolerance, noise_limit, elements, extension)
    omega = 2 * np.pi * f
    options = LadderOptions(extension, series_capacitance, series_inductance)
    limits = _Limits(tolerance, noise_limit)
    ones = np.ones(f.size)
    ladder = _choose(omega, z, ones, elements, mu_limit, representation, options)
    whole = _appraise(omega, z, ladder, options, limits, reweight)
    if reweight and elements == "auto" and not np.array_equal(whole.relative_sd, ones):
        # noise that varies or wrong points disturbed the choice of size: choose again, knowing them
        ladder = best_ladder(omega, z, whole.relative_sd, _representations(representation), options)
        whole = _appraise(omega, z, ladder, options, limits, reweight, whole)
    return _conclude(f, z, whole, options, limits)


def _check_options(
    n_points: int, tolerance: float, noise_limit: float, elements: int | str, extension: float
) -> None:
    if n_points < MINIMUM_POINTS:
        raise AnalysisError(
            f"a Kramers-Kronig test needs at least {MINIMUM_POINTS} points, but there are {n_points}"
        )
    if tolerance <= 0 or noise_limit <= 0:
        raise InputError("tolerance and noise_limit must be positive fractions of |Z|")
    if extension < 0:
        raise InputError(f"extension must be zero or more decades, not {extension:g}")
    if isinstance(elements, str) and elements not in ("auto", "mu"):
        raise InputError(f"elements must be a number, 'auto' or 'mu', not {elements!r}")
    if not isinstance(elements, str) and not 2 <= elements <= n_points:
        raise InputError(f"elements must lie between 2 and the number of points, but is {elements}")


def _representations(choice: str) -> tuple[Representation, ...]:
    if choice == "auto":
        return ("impedance", "admittance")
    if choice == "impedance":
        return ("impedance",)
    if choice == "admittance":
        return ("admittance",)
    raise InputError(f"representation must be 'auto', 'impedance' or 'admittance', not {choice!r}")


def _choose(
    omega: FloatArray,
    z: ComplexArray,
    sd: FloatArray,
    elements: int | str,
    mu_limit: float,
    representation: str,
    options: LadderOptions,
) -> Ladder:
    representations = _representations(representation)
    if elements == "auto":
        return best_ladder(omega, z, sd, representations, options)
    if isinstance(elements, str):
        return ladder_by_mu(omega, z, sd, representations[0], options, mu_limit)
    trials = [fit_ladder(omega, z, sd, elements, each, options) for each in representations]
    return min(trials, key=lambda ladder: ladder.criterion)


def _appraise(
    omega: FloatArray,
    z: ComplexArray,
    ladder: Ladder,
    options: LadderOptions,
    limits: _Limits,
    reweight: bool,
    known: _Appraisal | None = None,
) -> _Appraisal:
    """Find noise and wrong points; refit with them in the weights until they no longer change."""
    sd = np.ones(z.size) if known is None else known.relative_sd
    most = max(1, int(MOST_WRONG_POINTS * z.size))
    for _ in range(most + 3 if reweight else 0):
        out = np.isinf(sd)
        residual = _residual(z, ladder)
        noise = local_noise(residual)
        new_sd = np.where(out, np.inf, _weights_from(noise))
        if _alike(new_sd, sd):
            candidate = outlying(residual, noise) & ~out & (np.abs(residual) > limits.tolerance)
            weighted = _weighted(z, ladder, sd)
            index, relief = wrong_point(weighted, ladder.basis, candidate, _noise_variance(noise, sd))
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
    negative = (z.real < -np.abs(z) * np.maximum(5 * noise, limits.tolerance)) & ~suspicious
    systematic = np.where(suspicious, 0.0, significant_mean(residual, noise, ~suspicious))
    return _Appraisal(ladder, residual, sd, noise, systematic, suspicious, negative, noise > limits.noise)


def _residual(z: ComplexArray, ladder: Ladder) -> ComplexArray:
    return (z - ladder.model) / np.abs(z)


def _weighted(z: ComplexArray, ladder: Ladder, sd: FloatArray) -> FloatArray:
    """Residual as the fit saw it, in its own representation: (2N,), real above imaginary."""
    data, model = (z, ladder.model) if ladder.representation == "impedance" else (1 / z, 1 / ladder.model)
    residual = (data - model) / np.abs(data) / sd
    return np.concatenate([residual.real, residual.imag])


def _weights_from(noise: FloatArray) -> FloatArray:
    """Even weights unless the noise really varies over the spectrum: its estimate is itself noisy."""
    if noise.max() < 4 * noise.min():
        return np.ones(noise.size)
    scaled: FloatArray = noise / np.median(noise)
    return np.maximum(scaled, 0.5)


def _alike(a: FloatArray, b: FloatArray) -> bool:
    kept = np.isfinite(a) & np.isfinite(b)
    return bool(np.all(np.abs(np.log(a[kept] / b[kept])) < 0.5))


def _conclude(
    f: FloatArray, z: ComplexArray, whole: _Appraisal, options: LadderOptions, limits: _Limits
) -> KramersKronig:
    drift = _drift(2 * np.pi * f, z, whole)
    if whole.passes(limits):
        start, stop = 0, f.size
        window_suspicious = whole.suspicious
    else:
        start, stop, window_suspicious = _widest_window(f, z, whole, options, limits)
    usable = np.zeros(f.size, dtype=bool)
    usable[start:stop] = ~window_suspicious
    window = (float(f[stop - 1]), float(f[start])) if stop > start else None
    verdict, reasons = _verdict(f, whole, drift, (start, stop), limits)
    kept = ~whole.suspicious
    return KramersKronig(
        frequency=f,
        impedance=z,
        model=whole.ladder.model,
        residual_real=whole.residual.real,
        residual_imaginary=whole.residual.imag,
        n_elements=whole.ladder.tau.size,
        mu=whole.ladder.mu,
        representation=whole.ladder.representation,
        pseudo_chi_square=float(np.sum(np.abs(whole.residual) ** 2)),
        noise=float(np.sqrt(np.mean(whole.noise**2))),
        noise_by_point=whole.noise,
        systematic=float(whole.systematic.max()),
        drift=drift,
        structure=structure(whole.residual[kept], whole.noise[kept]),
        suspicious=whole.suspicious,
        usable=usable,
        window=window,
        verdict=verdict,
        reasons=reasons,
    )


def _noise_variance(noise: FloatArray, sd: FloatArray) -> float:
    """Variance of one weighted component that noise explains."""
    kept = np.isfinite(sd)
    return float(np.mean((noise[kept] / sd[kept]) ** 2))


def _drift(omega: FloatArray, z: ComplexArray, whole: _Appraisal) -> Drift:
    """Drift of the resistances: Z = R g(ωRC) changes by (Z + dZ/dlnω) dlnR; a capacitive tail does not."""
    ladder, sd = whole.ladder, whole.relative_sd
    change = ladder.model + np.gradient(ladder.model, np.log(omega))
    if ladder.representation == "impedance":
        change = change / np.abs(z)
    else:  # dY = -dZ/Z², over |Y|
        change = -change / ladder.model**2 * np.abs(z)
    weighted = _weighted(z, ladder, sd)
    return estimate_drift(omega, change, weighted, ladder.basis, sd, _noise_variance(whole.noise, sd))


def _widest_window(
    f: FloatArray, z: ComplexArray, whole: _Appraisal, options: LadderOptions, limits: _Limits
) -> tuple[int, int, BoolArray]:
    """Cut the ends, first a little, then more, until what is left passes."""
    n, density = f.size, whole.ladder.tau.size / (np.log10(f[0] / f[-1]) + 2 * options.extension)
    for cuts in range(1, STEPS - SMALLEST_WINDOW + 1):
        for high in range(cuts + 1):
            start, stop = round(high * n / STEPS), n - round((cuts - high) * n / STEPS)
            if stop - start < MINIMUM_POINTS:
                continue
            if np.any(whole.negative[start:stop]) or np.median(whole.noise[start:stop]) > limits.noise:
                continue
            part_f, part_z = f[start:stop], z[start:stop]
            decades = np.log10(part_f[0] / part_f[-1]) + 2 * options.extension
            size = int(np.clip(round(density * decades), 3, max(3, part_f.size - options.extra - 2)))
            omega = 2 * np.pi * part_f
            ones = np.ones(part_f.size)
            ladder = fit_ladder(omega, part_z, ones, size, whole.ladder.representation, options)
            part = _appraise(omega, part_z, ladder, options, limits, reweight=True)
            if part.passes(limits):
                return start, stop, part.suspicious
    return 0, 0, np.zeros(0, dtype=bool)


def _verdict(
    f: FloatArray, whole: _Appraisal, drift: Drift, window: tuple[int, int], limits: _Limits
) -> tuple[Verdict, tuple[str, ...]]:
    start, stop = window
    found = _findings(f, whole, limits)
    low_end_only = start == 0 and 0 < stop < f.size
    # noise above its limit makes chance structure: a misfit there says nothing about the sample
    only_noise = bool(np.all(whole.noisy[whole.systematic > limits.tolerance]))
    is_drift = (
        drift.explained > 0.8
        and abs(drift.fraction) > 5 * drift.fraction_sd
        and abs(drift.fraction) > 2 * limits.tolerance
    )
    verdict: Verdict
    if whole.passes(limits):
        verdict = "noisy" if whole.suspicious.mean() > FEW_WRONG_POINTS else "valid"
    elif whole.negative.any():
        verdict = "invalid"
    elif only_noise:
        verdict = "noisy"
    elif is_drift:
        verdict = "drifting"
        found.append(
            f"a drift of {100 * drift.fraction:+.1f} % over the sweep explains "
            f"{100 * drift.explained:.0f} % of the squared misfit"
        )
    else:
        verdict = "drifting" if low_end_only else "invalid"
    if verdict == "valid":
        found.append(
            f"residuals show no structure above {100 * limits.tolerance:g} % of |Z|; "
            f"noise {100 * float(np.sqrt(np.mean(whole.noise**2))):.2g} %"
        )
    elif not whole.passes(limits):
        found.append(
            f"the part from {f[stop - 1]:.3g} to {f[start]:.3g} Hz passes"
            if stop > start
            else "no part of the spectrum passes"
        )
    return verdict, tuple(found)


def _findings(f: FloatArray, whole: _Appraisal, limits: _Limits) -> list[str]:
    """One sentence for each thing found wrong."""
    found = []
    if whole.negative.any():
        where = f[whole.negative]
        found.append(
            f"the real part is negative at {where.size} points from {where.min():.3g} to {where.max():.3g} Hz, "
            "which no passive sample does: check leads, short and open compensation"
        )
    if float(whole.systematic.max()) > limits.tolerance:
        worst = int(np.argmax(whole.systematic))
        found.append(
            f"residuals deviate systematically, most at {f[worst]:.3g} Hz by {100 * whole.systematic[worst]:.2g} % "
            f"of |Z| (allowed {100 * limits.tolerance:g} %)"
        )
    if whole.noisy.any():
        where = f[whole.noisy]
        found.append(
            f"the noise exceeds {100 * limits.noise:g} % of |Z| from {where.min():.3g} to {where.max():.3g} Hz"
        )
    if whole.suspicious.any():
        points = ", ".join(f"{each:.4g}" for each in f[whole.suspicious][:6])
        more = "" if whole.suspicious.sum() <= 6 else " and more"
        found.append(f"single points stand out from their neighbours: leave out {points} Hz{more}")
    return found
