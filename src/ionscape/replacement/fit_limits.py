"""Free parameters that end at a limit of the fit: what hangs on them is a bound, or not determined.

Limits only keep the calculation possible. Where the posterior piles up at one, it is cut off by it, and its
middle and width are the limit's, not the profile's.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Estimate, lower_bound, undetermined, upper_bound
from ionscape.core.quantity import to_field
from ionscape.replacement.posterior import Posterior
from ionscape.replacement.profile_problem import ProfileProblem, thermal_energy

FloatArray = NDArray[np.float64]
WIDTH = "site_energy_fwhm"
AS_WIDE = 0.7
"""Of the spread of an even distribution between the limits: from here on the profiles have told little."""
PILED_UP = 0.05
"""Of the draws within a tenth of their 95 % range of a limit."""
NO_FRONT = (
    "D of {ion} lies at the upper limit of the fit: an ion as fast as the native one leaves no front, and "
    "the profile does not tell {what}"
)
WITH_THE_FRONT = {
    WIDTH: "the width of the site energies", "top level": "their mean",
    "vacancy_fraction": "the vacancy fraction", "immobile_fraction": "the immobile fraction",
}  # fmt: skip


def judge_limits(problem: ProfileProblem, posterior: Posterior, found: dict[str, Estimate]) -> None:
    """Replace estimates of the width, of D of the foreign ions and of their ratios that rest on a limit.

    Parameters
    ----------
    problem : ProfileProblem
    posterior : Posterior
    found : dict of str to Estimate
        By the names of `fit_assembly`; changed in place.
    """
    for parameter in problem.family.parameters:
        _judge_distribution(problem, posterior, parameter.name, found)
    for k, item in enumerate(problem.items):
        column, ends = _draws_of(problem, posterior, problem.foreign_name(k))
        side = limit_of(column, *ends)
        if side == "upper":
            _without_front(item, column, k, found)
        elif side == "lower":
            note = f"a front as sharp as the instrument sets no lower limit to D of {item}"
            limit = math.exp(float(np.quantile(column, 0.95)))
            found[f"foreign {k}"] = upper_bound(limit, found[f"foreign {k}"].dimension, note)
            found[f"ratio {k}"] = undetermined(found[f"ratio {k}"].dimension, note)


def limit_of(draws: FloatArray, lower: float, upper: float) -> str:
    """Which limit the draws pile up at: ``lower``, ``upper`` or none."""
    low, high = np.quantile(draws, [0.025, 0.975])
    near = 0.1 * max(float(high - low), 1e-9)
    if np.mean(draws > upper - near) > PILED_UP:
        return "upper"
    return "lower" if np.mean(draws < lower + near) > PILED_UP else ""


def _draws_of(
    problem: ProfileProblem, posterior: Posterior, name: str
) -> tuple[FloatArray, tuple[float, float]]:
    parameters = problem.parameters
    at = parameters.in_theta(name)
    assert at is not None  # the distribution and D of foreign ions are always sought
    return posterior.theta[:, at], (float(parameters.lower[at]), float(parameters.upper[at]))


def _judge_distribution(
    problem: ProfileProblem, posterior: Posterior, name: str, found: dict[str, Estimate]
) -> None:
    column, (lower, upper) = _draws_of(problem, posterior, name)
    what, dimension = name.removeprefix("site_energy_").replace("fwhm", "width"), found[name].dimension
    unit, side = thermal_energy(problem), limit_of(column, lower, upper)
    if float(np.std(column)) > AS_WIDE * (upper - lower) / math.sqrt(12):
        note = f"the profiles do not fix the {what.replace('_', ' ')}: any value between its limits fits"
        found[name] = undetermined(dimension, note)
    elif name == WIDTH and side == "upper":
        note = (f"the profiles set no upper limit to the {what} (the fit looked up to "
                f"{to_field(upper * unit, 'meV'):.3g} meV)")  # fmt: skip
        found[name] = lower_bound(float(np.quantile(column, 0.05)) * unit, dimension, note)
    elif name == WIDTH and side == "lower":
        note = f"the profiles set no lower limit to the {what}"
        found[name] = upper_bound(float(np.quantile(column, 0.95)) * unit, dimension, note)
    if name == WIDTH and found[name].status != "determined" and "top level" in found:
        found["top level"] = undetermined(found["top level"].dimension, found[name].note)


def _without_front(item: str, column: FloatArray, k: int, found: dict[str, Estimate]) -> None:
    """D at least so large; the ratio and what belongs to the distribution went with the limit."""
    limit = math.exp(float(np.quantile(column, 0.05)))
    note = NO_FRONT.format(ion=item, what="how much faster")
    found[f"foreign {k}"] = lower_bound(limit, found[f"foreign {k}"].dimension, note)
    found[f"ratio {k}"] = undetermined(found[f"ratio {k}"].dimension, note)
    for name, what in WITH_THE_FRONT.items():
        if name in found and found[name].spread > 0:  # not what was stated as exact
            found[name] = undetermined(found[name].dimension, NO_FRONT.format(ion=item, what=what))


__all__ = ["judge_limits", "limit_of"]
