"""One stage of diffusion on a network: a rational function of its matrix, and its derivatives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.grain_network import Coefficients, GrainNetwork, factor
from ionscape.tracer.rational_exponential import RationalExponential

FloatArray = NDArray[np.float64]


class DiffusionStep:
    """V dC/dt = -K C about the source's fraction for one stage, with the factors of V + γK.

    Parameters
    ----------
    network : GrainNetwork
    at : Coefficients
    duration : float
        [s]
    series : RationalExponential
    source_edge : str or None
        Edge held at the source's fraction in this stage.
    surface_exchange : float
        k [m/s] of that edge.
    """

    def __init__(
        self,
        network: GrainNetwork,
        at: Coefficients,
        duration: float,
        series: RationalExponential,
        source_edge: str | None,
        surface_exchange: float,
    ) -> None:
        from scipy.sparse import diags_array

        self.network, self.series = network, series
        self.held = self.held_slope = np.zeros(network.n_cells)
        if source_edge is not None:
            self.held, self.held_slope = network.held(source_edge, at.bulk, surface_exchange)
        self.gamma = duration / series.ratio
        matrix = network.matrix(network.conductances(at), self.held)
        self.factors = factor((diags_array(network.volume) + self.gamma * matrix).tocsc())
        self.drain = network.volume + self.gamma * self.held  # columns' sums of V + γK

    def solve(self, right: FloatArray) -> FloatArray:
        """(V + γK)⁻¹ right; the sum over all cells is then put right, which rounding had touched."""
        found = self.factors.solve(right)
        return np.asarray(found + (right.sum(axis=0) - self.drain @ found) / self.drain.sum())

    def advance(self, start: FloatArray) -> tuple[FloatArray, FloatArray]:
        """exp(-tA) start, A = V⁻¹K, and its mean over the stage."""
        c, q, volume = self.series.coefficients, self.series.integral, self.network.volume
        before, now = start, 2 * self.solve(volume * start) - start
        end, mean = c[0] * before + c[1] * now, q[0] * before + q[1] * now
        for k in range(2, len(c)):
            before, now = now, 4 * self.solve(volume * now) - 2 * now - before
            end += c[k] * now
            mean += q[k] * now
        return end, mean

    def advance_with(
        self, start: FloatArray, slopes: FloatArray, turns: list[tuple[FloatArray, FloatArray]]
    ) -> tuple[FloatArray, FloatArray]:
        """exp(-tA) start and its derivatives: each term of the series differentiated, (N,) and (N, p)."""
        c, volume = self.series.coefficients, self.network.volume
        changes = [self.gamma * self.network.matrix(*turn) for turn in turns]
        before, now = np.zeros_like(start), start
        slope_before, slope_now = np.zeros_like(slopes), slopes
        end, end_slopes = c[0] * start, c[0] * slopes
        for k in range(1, len(c)):
            solved = self.solve(volume * now)
            pushed = np.stack([change @ solved for change in changes], axis=1)
            solved_slopes = self.solve(np.asfortranarray(volume[:, None] * slope_now - pushed))
            twice = 1.0 if k == 1 else 2.0
            before, now = now, twice * (2 * solved - now) - before
            slope_before, slope_now = slope_now, twice * (2 * solved_slopes - slope_now) - slope_before
            end += c[k] * now
            end_slopes = end_slopes + c[k] * slope_now
        return end, end_slopes
