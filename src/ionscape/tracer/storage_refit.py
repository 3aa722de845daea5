"""A storage fit again, if something else were true: for systematic errors and for checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.history import History, Programme
from ionscape.tracer.storage_fit import StorageFit, values_of
from ionscape.tracer.storage_likelihood import MeasuredProfile, StorageLikelihood
from ionscape.tracer.storage_marginal import Optimum, optimise

FloatArray = NDArray[np.float64]


def refit(
    fit: StorageFit, *, profiles: Sequence[MeasuredProfile] | None = None,
    warmer: Callable[[float], float] | None = None, energy: float = 0.0, displacement_sd: float | None = None,
) -> tuple[FloatArray, Optimum]:  # fmt: skip
    """The quantities of `StorageFit.quantities` if something else were true: for systematic errors, checks.

    Parameters
    ----------
    fit : StorageFit
    profiles : sequence of MeasuredProfile, optional
        In place of those fitted.
    warmer : callable, optional
        By how many kelvin a stage was warmer than its stated temperature [K].
    energy : float
        [J], added to a known activation energy.
    displacement_sd : float, optional
        [m], in place of that assumed.
    """
    old, law, temperatures, histories = fit.likelihood, fit.law, fit.temperatures, fit.histories
    if warmer is not None:
        moved = np.array([t + warmer(float(t)) for t in law.temperatures])
        law, histories = replace(law, temperatures=moved), tuple(_moved(h, warmer) for h in histories)
        temperatures = tuple(t + warmer(t) for t in temperatures)
    law = replace(law, energy=law.energy + energy)
    first, *later = profiles or fit.profiles
    sd = old.displacement_sd if displacement_sd is None else displacement_sd
    likelihood = StorageLikelihood(old.modes, first, later, histories, law, sd)
    q, bounds, n = fit.optimum.q, list(fit.optimum.bounds), old.n_logs
    if displacement_sd is not None:
        q = np.concatenate([q[:n], np.zeros(likelihood.n_shifts), q[-3:]])
        bounds = [*bounds[:n], *[(-25.0, 25.0)] * likelihood.n_shifts, *bounds[-3:]]
    q, cost = optimise(likelihood, q, bounds)
    return values_of(law, temperatures, q[:n]), Optimum(q, cost, np.zeros((q.size, q.size)), bounds)


def _moved(history: History, warmer: Callable[[float], float]) -> History:
    if isinstance(history, Programme):
        return Programme(lambda t: history.temperature(t) + warmer(history.temperature(t)), history.duration)
    return tuple(replace(s, start=s.start + warmer(s.start), end=s.end + warmer(s.end)) for s in history)


__all__ = ["refit"]
