"""What the profiles of a fit tell of the conductor, with the instrument's scales fitted along."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.core.estimate import Scale
from ionscape.replacement.fit_parameters import prior_information
from ionscape.replacement.identifiability import Identifiability, identifiability, root_of
from ionscape.replacement.profile_observation import Linearised
from ionscape.replacement.profile_problem import ProfileProblem, thermal_energy

FloatArray = NDArray[np.float64]


def fit_identifiability(problem: ProfileProblem, at: Linearised) -> Identifiability:
    """Of the conductor's parameters that are not exactly known.

    The instrument's scales and the carrier density are fitted along, with what is stated of them;
    correlations between that and what is stated of the conductor are left out here (the posterior has them).
    """
    entries = problem.parameters.entries
    unknown = [e.stated is None or e.stated.spread > 0 for e in entries]
    main = [i for i, e in enumerate(entries) if unknown[i] and not e.instrument]
    other = [i for i, e in enumerate(entries) if unknown[i] and e.instrument]
    widths = {problem.parameters.index(p.name): p for p in problem.family.parameters}
    jacobian = at.by_quantities.copy()
    values, scales = at.quantities.copy(), []
    for i in main:
        scale: Scale = entries[i].scale
        if i in widths and i == problem.parameters.index(problem.family.parameters[0].name):
            jacobian[:, i] *= values[i]
            values[i] *= thermal_energy(problem)
            scale = "log"
        elif i in widths and widths[i].energy:
            jacobian[:, i] /= thermal_energy(problem)
            values[i] *= thermal_energy(problem)
        elif scale == "log":
            values[i] = np.exp(values[i])
        scales.append(scale)
    information = jacobian.T @ jacobian
    prior = prior_information([entries[i] for i in other])
    nuisance = information[np.ix_(other, other)] + prior
    cross = information[np.ix_(main, other)]
    data = information[np.ix_(main, main)]
    if other:
        data = data - cross @ np.linalg.solve(nuisance, cross.T)
    known = prior_information([entries[i] for i in main])
    return identifiability(
        root_of(data), [entries[i].name for i in main], prior_jacobian=root_of(known), scales=scales,
        values=values[main],
    )  # fmt: skip
