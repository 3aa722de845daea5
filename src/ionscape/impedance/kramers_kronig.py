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
from numpy.typing import ArrayLike

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.appraisal import (
    MINIMUM_POINTS,
    Appraisal,
    Limits,
    appraise,
    first_weights,
    noise_variance,
    weighted_residual,
    widest_window,
)
from ionscape.impedance.kramers_kronig_verdict import Verdict, judge
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
from ionscape.impedance.residual_tests import BoolArray, Drift, Structure, estimate_drift, structure
from ionscape.impedance.spectrum import check_spectrum


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
    limits = Limits(tolerance, noise_limit)
    sd = np.ones(f.size)
    if reweight and elements == "auto":
        sd = first_weights(omega, z, _representations(representation), options, limits)
    ladder = _choose(omega, z, sd, elements, mu_limit, representation, options)
    whole = appraise(omega, z, ladder, options, limits, reweight)
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


def _conclude(
    f: FloatArray, z: ComplexArray, whole: Appraisal, options: LadderOptions, limits: Limits
) -> KramersKronig:
    drift = _drift(2 * np.pi * f, z, whole)
    if whole.passes(limits):
        start, stop = 0, f.size
        window_suspicious = whole.suspicious
    else:
        start, stop, window_suspicious = widest_window(f, z, whole, options, limits)
    usable = np.zeros(f.size, dtype=bool)
    usable[start:stop] = ~window_suspicious
    window = (float(f[stop - 1]), float(f[start])) if stop > start else None
    verdict, reasons = judge(f, whole, drift, (start, stop), limits)
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


def _drift(omega: FloatArray, z: ComplexArray, whole: Appraisal) -> Drift:
    """Drift of the resistances: Z = R g(ωRC) changes by (Z + dZ/dlnω) dlnR; a capacitive tail does not."""
    ladder, sd = whole.ladder, whole.relative_sd
    change: ComplexArray = ladder.model + np.gradient(ladder.model, np.log(omega)).astype(np.complex128)
    if ladder.representation == "impedance":
        change /= np.abs(z)
    else:  # dY = -dZ/Z², over |Y|
        change *= -np.abs(z) / ladder.model**2
    weighted = weighted_residual(z, ladder, sd)
    return estimate_drift(omega, change, weighted, ladder.basis, sd, noise_variance(whole.noise, sd))
