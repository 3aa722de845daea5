"""Distribution of ln D behind an echo decay, non-negative and no rougher than the noise asks for.

Minimises |(E - data)/sd|² + λ |second differences|² with all shares ≥ 0. λ is the largest for which the
misfit stays what noise alone would give (discrepancy principle), the noise being the stated one or that of
the best parametric fit. What is narrower than this smoothing is drawn wider than it is.

Sources: S. W. Provencher, Comput. Phys. Commun. 27, 213 (1982); V. A. Morozov, Methods for Solving
Incorrectly Posed Problems (1984) (discrepancy principle).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.nmr.echo_decay import EchoDecay

FloatArray = NDArray[np.float64]

POINTS_PER_DECADE = 16  # finer than any peak that echoes resolve
FEWEST_ECHOES = 8  # a decay tells about two to three numbers per decade of b
STRENGTHS = 10.0 ** np.arange(3.0, -5.5, -0.5)
REACH = 10.0  # the grid reaches from 1/(10 largest b) to 10/(smallest b)
EDGE = 0.02  # share at an end of the grid from which the data do not show the whole distribution


@dataclass(frozen=True)
class DiffusionDistribution:
    """A distribution of ln D.

    Attributes
    ----------
    coefficient : (M,) array
        D [m²/s], equally spaced in ln D.
    density : (M,) array
        Per unit of ln D, of integral one.
    regularisation : float
        λ
    cut_off : bool
        Whether part of it lies at the ends of the grid, where the b-values see nothing.
    """

    coefficient: FloatArray
    density: FloatArray
    regularisation: float
    cut_off: bool


def distribution_of(decay: EchoDecay, intensity_at_zero: FloatArray, noise: float) -> DiffusionDistribution:
    """The distribution of a fitted decay.

    Parameters
    ----------
    decay : EchoDecay
    intensity_at_zero : (K,) array
        I0 of each group, from a parametric fit: one distribution serves all groups.
    noise : float
        Standard deviation of the echoes (over the stated one where there is one).

    Raises
    ------
    AnalysisError
        If there are too few echoes.
    """
    if decay.b.size < FEWEST_ECHOES:
        raise AnalysisError(f"a distribution needs at least {FEWEST_ECHOES} echoes, there are {decay.b.size}")
    top = intensity_at_zero[decay.group]
    stated = decay.uncertainty
    sd = (max(noise, 1e-9) * np.ones(top.size) if stated is None else max(noise, 1.0) * stated) / top
    b = decay.b[decay.b > 0]
    decades = np.log10(REACH**2 * b.max() / b.min())
    log_d = np.linspace(
        np.log(1 / (REACH * b.max())), np.log(REACH / b.min()), int(decades * POINTS_PER_DECADE) + 1
    )
    step = log_d[1] - log_d[0]
    kernel = np.exp(-np.exp(log_d) * decay.b[:, None]) * step / sd[:, None]
    data = decay.intensity / top / sd
    # the area is one: the intensities at zero are known
    kernel = np.vstack([kernel, np.full(log_d.size, step) / np.min(sd)])
    data = np.append(data, 1 / np.min(sd))
    rough = np.diff(np.eye(log_d.size), n=2, axis=0) / step**1.5
    strength, density = _balanced(kernel, data, rough)
    area = density.sum() * step
    share = density * step / max(area, 1e-300)
    ends = share[: POINTS_PER_DECADE // 2].sum() + share[-POINTS_PER_DECADE // 2 :].sum()
    return DiffusionDistribution(np.exp(log_d), density / max(area, 1e-300), strength,
                                 bool(ends > EDGE))  # fmt: skip


def _balanced(kernel: FloatArray, data: FloatArray, rough: FloatArray) -> tuple[float, FloatArray]:
    """λ and the density: from strong to weak smoothing, until the misfit is that of noise."""
    from scipy.optimize import nnls

    n, nothing = data.size - 1, np.zeros(len(rough))
    for strength in STRENGTHS:
        matrix = np.vstack([kernel, np.sqrt(strength) * rough])
        density, _ = nnls(matrix, np.concatenate([data, nothing]), maxiter=50 * kernel.shape[1])
        if np.sum((kernel @ density - data)[:-1] ** 2) <= n:
            break
    return float(strength), density
