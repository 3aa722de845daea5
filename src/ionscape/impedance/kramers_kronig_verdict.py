"""From the residuals of a Kramers-Kronig test to a verdict with its reasons."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ionscape.impedance.appraisal import Appraisal, Limits
from ionscape.impedance.rc_ladder import FloatArray
from ionscape.impedance.residual_tests import Drift

Verdict = Literal["valid", "noisy", "drifting", "invalid"]

# Up to this share of wrong points the rest speaks for itself (6 points of 401, but none of 60).
FEW_WRONG_POINTS = 0.016
# Change of the resistances over the sweep that makes a spectrum drifting even if the residuals are small.
DRIFT_LIMIT = 0.05
# Points per decade below which neighbours no longer tell noise from a misfit of the model.
SPARSE = 3


def judge(
    f: FloatArray, whole: Appraisal, drift: Drift, window: tuple[int, int], limits: Limits
) -> tuple[Verdict, tuple[str, ...]]:
    """Verdict and reasons.

    Parameters
    ----------
    f : (N,) array
        Frequency [Hz], falling.
    whole : Appraisal
        Of the whole spectrum.
    window : tuple of two ints
        First point, and one past the last, of the widest part that passes; equal if none does.
    """
    start, stop = window
    found = _findings(f, whole, limits)
    low_end_only = start == 0 and 0 < stop < f.size
    # noise above its limit makes chance structure: a misfit there says nothing about the sample
    only_noise = bool(whole.noisy.any() and np.all(whole.noisy[whole.systematic > limits.tolerance]))
    is_drift = (
        drift.explained > 0.7
        and abs(drift.fraction) > 5 * drift.fraction_sd
        and abs(drift.fraction) > DRIFT_LIMIT
    )
    verdict: Verdict
    if whole.passes(limits) and not is_drift:
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


def _findings(f: FloatArray, whole: Appraisal, limits: Limits) -> list[str]:
    """One sentence for each thing found wrong."""
    found = []
    if whole.negative.any():
        where = f[whole.negative]
        found.append(
            f"the real part is negative at {where.size} points from {where.min():.3g} to {where.max():.3g} "
            "Hz, which no passive sample does: check leads, short and open compensation"
        )
    if float(whole.systematic.max()) > limits.tolerance:
        worst = int(np.argmax(whole.systematic))
        found.append(
            f"residuals deviate systematically, most at {f[worst]:.3g} Hz by "
            f"{100 * whole.systematic[worst]:.2g} % of |Z| (allowed {100 * limits.tolerance:g} %)"
        )
    if whole.noisy.any():
        where = f[whole.noisy]
        found.append(
            f"the noise exceeds {100 * limits.noise:g} % of |Z| from {where.min():.3g} "
            f"to {where.max():.3g} Hz"
        )
    if whole.suspicious.any():
        points = ", ".join(f"{each:.4g}" for each in f[whole.suspicious][:6])
        more = "" if whole.suspicious.sum() <= 6 else " and more"
        found.append(f"single points stand out from their neighbours: leave out {points} Hz{more}")
    if f.size < SPARSE * np.log10(f[0] / f[-1]):
        found.append(f"with fewer than {SPARSE} points per decade, noise and misfit cannot be told apart")
    return found
