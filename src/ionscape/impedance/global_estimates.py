"""Joint estimates of a global fit, which know each other and the temperature errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.estimate import Estimate
from ionscape.core.marginal import student_shape
from ionscape.core.quantity import named_dimension
from ionscape.impedance.global_fit import GlobalFit

FloatArray = NDArray[np.float64]
OHM, JOULE = named_dimension("resistance"), named_dimension("energy")
FEW = 200.0  # degrees of freedom below which tails matter


@dataclass(frozen=True)
class GlobalEstimates:
    """Estimates of one global fit.

    Attributes
    ----------
    energies : mapping of str to Estimate
        Activation energy of sigma T [J] by the label of the tied resistance.
    resistances : mapping of str to tuple of Estimate
        R [ohm] at every temperature, by the label of the arc.
    """

    energies: Mapping[str, Estimate]
    resistances: Mapping[str, tuple[Estimate, ...]]


def shared_latents(temperatures: Sequence[Estimate]) -> list[str]:
    """Causes that move more than one temperature."""
    counts = Counter(name for t in temperatures for name in t.weights)
    return sorted(name for name, count in counts.items() if count > 1)


def own_temperature_variance(temperatures: Sequence[Estimate]) -> FloatArray:
    """Variance [K^2] (n,) of each temperature from causes that touch it alone."""
    shared = set(shared_latents(temperatures))
    return np.array(
        [
            sum(w * w for name, w in t.weights.items() if name not in shared) * _to_kelvin(t) ** 2
            for t in temperatures
        ]
    )


def _to_kelvin(temperature: Estimate) -> float:
    return temperature.value if temperature.scale == "log" else 1.0


def estimates_of(
    fit: GlobalFit, temperatures: Sequence[Estimate], source: str, *, scatter_freedom: float | None = None
) -> GlobalEstimates:
    """Joint estimates of the energies and of all arcs' resistances.

    Parameters
    ----------
    fit : GlobalFit
    temperatures : sequence of Estimate
        [K]; what they share moves the energies, what is each one's own is in the deviations already.
    source : str
        Root of the names of the latents.
    scatter_freedom : float, optional
        Degrees of freedom of the deviations, where they were estimated from the scatter: Student's tails.
    """
    border, common, own = fit.roots()
    names = shared_latents(temperatures)
    moved_border, moved_local = _response(fit, temperatures, names)
    n, k = len(temperatures), len(fit.tied)
    dof = float(fit.degrees_of_freedom) if scatter_freedom is None else scatter_freedom
    shape = student_shape(dof) if dof < FEW else None
    n_shared = border.shape[0] - 2 * k
    position = _reach(fit)

    energies = {}
    for j, label in enumerate(fit.tied):
        row = n_shared + 2 * j + 1
        weights = _named(source, border[row] / position, names, moved_border[row] / position)
        energies[label] = Estimate(float(fit.energies[j]), JOULE, "linear", weights, shape)
    resistances = {}
    for leaf in fit.circuit.leaves:
        if not (leaf.is_arc or leaf.element.symbol == "R"):
            continue
        column = fit.columns[leaf.offset]
        series = []
        for i in range(n):
            if column >= 0:
                weights = _named(source, common[i, column], names, moved_local[i, column])
                weights |= {f"{source}#{i}.{m}": float(w) for m, w in enumerate(own[i, column]) if w}
            else:
                weights = _named(source, border[-1 - column], names, moved_border[-1 - column])
            series.append(Estimate(float(np.exp(fit.theta[i, leaf.offset])), OHM, "log", weights, shape))
        resistances[leaf.labels[0]] = tuple(series)
    return GlobalEstimates(energies, resistances)


def _named(
    source: str, on_fit: FloatArray, names: Sequence[str], on_temperature: FloatArray
) -> dict[str, float]:
    weights = {f"{source}#{k}": float(w) for k, w in enumerate(on_fit) if w}
    return weights | {name: float(w) for name, w in zip(names, on_temperature, strict=True) if w}


def _reach(fit: GlobalFit) -> float:
    return float(np.ptp(1 / (Boltzmann * fit.temperatures))) / 2 or 1.0


def _response(
    fit: GlobalFit, temperatures: Sequence[Estimate], names: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    """How border (g, m) and local (n, p, m) parameters move with m shared causes of temperature error."""
    inverse_schur, gain, inverse = fit.arrow.factors()
    n, p = fit.arrow.local.shape
    g = inverse_schur.shape[0]
    if not names or not fit.tied:
        return np.zeros((g, len(names))), np.zeros((n, p, len(names)))
    local = np.zeros((n, p, len(names)))
    shift = np.array([[t.weights.get(name, 0.0) * _to_kelvin(t) for name in names] for t in temperatures])
    slope = 1 / fit.temperatures[:, None] - fit.energies / (Boltzmann * fit.temperatures[:, None] ** 2)
    stiff = np.einsum("nkl,nl->nk", np.linalg.inv(fit.deviations), slope)
    for k, label in enumerate(fit.tied):
        local[:, fit.columns[fit.index(label)], :] += stiff[:, k, None] * shift
    moved_border = -inverse_schur @ np.einsum("npg,npm->gm", gain, local)
    moved_local = np.einsum("npq,nqm->npm", inverse, local) - np.einsum("npg,gm->npm", gain, moved_border)
    return moved_border, fit.with_lines(moved_local, moved_border)


def line_energy(
    resistances: Sequence[Estimate],
    temperatures: Sequence[Estimate],
    *,
    scatter: float = 0.0,
    source: str = "",
) -> Estimate:
    """Mean activation energy [J] of sigma T over the series: slope of ln(R/T) against 1/kT, all points alike.

    For sums of resistances, which follow no single Arrhenius law. Exact in the joint errors, those of the
    temperatures included.

    Parameters
    ----------
    resistances, temperatures : sequences of Estimate
        [ohm], [K]
    scatter : float
        Standard deviation of ln R about the line beyond all of these.
    source : str
        Name of the latent that the scatter adds.
    """
    t = np.array([each.value for each in temperatures])
    x = 1 / (Boltzmann * t)
    y = np.log([r.value for r in resistances]) - np.log(t)
    centred = x - x.mean()
    share = centred / float(centred @ centred)
    energy = float(share @ y)
    weights: dict[str, float] = {}
    for r, part in zip(resistances, share, strict=True):
        for name, w in r.weights.items():
            weights[name] = weights.get(name, 0.0) + part * w
    for each, part in zip(temperatures, share, strict=True):
        slope = part * (energy / (Boltzmann * each.value**2) - 1 / each.value)
        for name, w in each.weights.items():
            weights[name] = weights.get(name, 0.0) + slope * w * _to_kelvin(each)
    if scatter > 0:
        weights[source] = scatter * float(np.sqrt(share @ share))
    return Estimate(energy, JOULE, "linear", weights, resistances[0].shape)
