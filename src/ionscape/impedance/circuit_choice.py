"""A circuit chosen from the data: how many arcs, a series resistance, which tail, an inductance.

Circuits are compared by BIC. It is preferred to AICc because an arc too many is a wrong physical claim,
one too few a loss of detail. Where a circuit leaves structured residuals, the points are not independent
and BIC would buy arcs with every wiggle, so n is the number of independent residuals that the richest
circuit leaves. A circuit whose arcs are not determined by the data cannot win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.fit.information import aicc, bic, effective_count
from ionscape.fit.least_squares import LeastSquaresFit, Loss
from ionscape.impedance.circuit import Circuit
from ionscape.impedance.circuit_fit import Candidate
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.cnls import Problem, pose, solve

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

MOST_ARCS = 3
LARGEST_SPREAD = 0.4  # of ln R of an arc (1 sd): beyond it the arc is not supported
NEAREST_ARCS = 0.7  # of ln tau: closer arcs are one
BEYOND_WINDOW = np.log(30.0)  # an arc whose time constant lies further out is not seen
SUPPORT = 6.0  # a BIC gain below this ("strong evidence", Kass and Raftery 1995) buys no further arc


@dataclass(frozen=True)
class Design:
    """A series circuit by its parts: (R, Q or C) per arc from high to low frequency, and the rest."""

    arcs: tuple[str, ...] = ()
    resistance: bool = True
    tail: str = ""
    inductance: bool = False

    @property
    def text(self) -> str:
        """As a circuit; a series resistance is R0, a tail numbered after the arcs."""
        parts = ["L0"] if self.inductance else []
        parts += ["R0"] if self.resistance else []
        parts += [f"(R{i},{kind}{i})" for i, kind in enumerate(self.arcs, start=1)]
        parts += [f"{self.tail}{len(self.arcs) + 1}"] if self.tail else []
        return "-".join(parts)


@dataclass(frozen=True)
class Trial:
    """A fitted candidate."""

    problem: Problem
    fit: LeastSquaresFit
    refused: str

    @property
    def circuit(self) -> Circuit:
        """Its circuit."""
        return self.problem.circuit


class CircuitChoice:
    """Fits candidates to one spectrum and keeps the score.

    Parameters
    ----------
    frequency, impedance, weights : (N,) arrays
        Checked spectrum, high frequency first.
    loss : "squares" or "huber"
    """

    def __init__(
        self, frequency: FloatArray, impedance: ComplexArray, weights: FloatArray, loss: Loss = "squares"
    ) -> None:
        self.frequency, self.impedance, self.weights, self.loss = frequency, impedance, weights, loss
        self.trials: dict[str, Trial] = {}

    def choose(self, texts: Sequence[str] | None = None) -> Trial:
        """Best circuit of `texts`, or of those that the data suggest.

        Raises
        ------
        AnalysisError
            No candidate is supported by the data.
        """
        if texts is None:
            self._search()
        else:
            for text in texts:
                self.attempt(text)
        allowed = [t for t in self.trials.values() if not t.refused]
        if not allowed:
            reasons = "; ".join(f"{text}: {t.refused}" for text, t in self.trials.items())
            raise AnalysisError(f"no circuit is supported by this spectrum ({reasons})")
        return min(allowed, key=self.score)

    def attempt(self, text: str) -> Trial | None:
        """Fit a circuit, once; None where it has more parameters than the data have numbers."""
        if text in self.trials:
            return self.trials[text]
        circuit = parse_circuit(text)
        if circuit.n_parameters + 1 >= 2 * self.frequency.size:
            return None
        problem = pose(circuit, self.frequency, self.impedance, self.weights)
        fit = solve(problem, loss=self.loss)
        trial = Trial(problem, fit, unsupported(problem, fit))
        self.trials[text] = trial
        return trial

    def score(self, trial: Trial) -> float:
        """BIC with the number of independent residuals."""
        return bic(trial.fit.cost, 2 * self.frequency.size, trial.circuit.n_parameters, self.n_independent)

    @property
    def n_independent(self) -> float:
        """Number of independent residuals, from what the circuit with the least misfit leaves."""
        richest = min(self.trials.values(), key=lambda t: t.fit.cost)
        return max(effective_count(richest.fit.residuals.reshape(-1, 2).T), 8.0)

    def table(self) -> tuple[Candidate, ...]:
        """All candidates, best first, refused ones last."""
        n = 2 * self.frequency.size
        rows = [
            Candidate(
                text,
                t.circuit.n_parameters,
                t.fit.cost,
                aicc(t.fit.cost, n, t.circuit.n_parameters),
                self.score(t),
                t.refused,
            )
            for text, t in self.trials.items()
        ]
        return tuple(sorted(rows, key=lambda c: (c.refused != "", c.bic)))

    def _search(self) -> None:
        """Add arcs while that pays, then take away what does not, then look one arc further."""
        inductance = bool(np.any(self.impedance.imag[: max(3, self.frequency.size // 6)] > 0))
        best = Design(("Q",), True, "Q", inductance)
        self._try(best)
        for n in range(2, MOST_ARCS + 1):
            more = replace(best, arcs=("Q",) * n)
            if not self._pays(more, best, SUPPORT):
                break
            best = more
        best = self._simplify(best)
        if len(best.arcs) < MOST_ARCS:
            more = replace(best, arcs=(*best.arcs, "Q"))
            if self._pays(more, best, SUPPORT):
                self._simplify(more)
        if len(best.arcs) == 1:
            self._simplify(replace(best, arcs=(), resistance=True))

    def _try(self, design: Design) -> Trial | None:
        return self.attempt(design.text) if design.text else None

    def _pays(self, new: Design, old: Design, gain: float) -> bool:
        a, b = self._try(new), self._try(old)
        if a is None or b is None or (a.refused and not b.refused and not _only_spread(a)):
            return False
        return self.score(a) < self.score(b) - gain

    def _simplify(self, design: Design) -> Design:
        """Backward elimination of R0, tail, exponents, inductance, as long as BIC falls."""
        if self._try(design) is None:
            return design
        while True:
            options = [d for d in _simpler(design) if self._try(d) is not None]
            if not options:
                return design
            best = min(options, key=lambda d: self.score(self.trials[d.text]))
            here = self.trials[design.text]
            if self.score(self.trials[best.text]) >= self.score(here) and not here.refused:
                return design
            if self.score(self.trials[best.text]) >= self.score(here) + 30:
                return design
            design = best


def _only_spread(trial: Trial) -> bool:
    return trial.refused.startswith("R of arc")


def _simpler(design: Design) -> list[Design]:
    """Designs with one thing less."""
    out = []
    if design.resistance and (design.arcs or design.tail):
        out.append(replace(design, resistance=False))
    if design.tail == "Q":
        out += [replace(design, tail="C"), replace(design, tail="W")]
    if design.tail and design.arcs:
        out.append(replace(design, tail=""))
    if design.inductance:
        out.append(replace(design, inductance=False))
    for i, kind in enumerate(design.arcs):
        if kind == "Q":
            out.append(replace(design, arcs=(*design.arcs[:i], "C", *design.arcs[i + 1 :])))
    return out


def unsupported(problem: Problem, fit: LeastSquaresFit) -> str:
    """Why the data do not support a circuit's arcs; empty if they do."""
    circuit, omega = problem.circuit, problem.log_s.real
    arcs = [leaf for leaf in circuit.leaves if leaf.is_arc]
    taus = []
    for leaf in arcs:
        r, tau = leaf.offset, leaf.offset + 1
        name = leaf.labels[0]
        if fit.undetermined[r] or fit.at_bound[r] != 0 or fit.covariance[r, r] > LARGEST_SPREAD**2:
            return f"R of arc {name} is not determined"
        if fit.theta[tau] > -omega.min() + BEYOND_WINDOW or fit.theta[tau] < -omega.max() - BEYOND_WINDOW:
            return f"arc {name} lies outside the measured window"
        taus.append(float(fit.theta[tau]))
    taus.sort()
    if any(b - a < NEAREST_ARCS for a, b in zip(taus, taus[1:], strict=False)):
        return "two arcs have the same time constant"
    for leaf in circuit.leaves:
        if not leaf.is_arc and (fit.undetermined[leaf.offset] or fit.at_bound[leaf.offset] != 0):
            return f"{leaf.labels[0]} is not determined"
    return ""


def check_candidates(texts: Sequence[str]) -> None:
    """Parse all candidates so that a typo is reported before anything is computed.

    Raises
    ------
    InputError
        An empty list, or a text that is no circuit.
    """
    if not texts:
        raise InputError("candidates: give at least one circuit, or leave them out to have them chosen")
    for text in texts:
        parse_circuit(text)
