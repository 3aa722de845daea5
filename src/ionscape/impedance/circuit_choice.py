"""A circuit chosen from the data: how many arcs, a series resistance, which tail, an inductance.

Circuits are compared by BIC. It is preferred to AICc because an arc too many is a wrong physical claim,
one too few a loss of detail. Where a circuit leaves structured residuals, the points are not independent
and BIC would buy arcs with every wiggle, so n is the number of independent residuals that the richest
circuit leaves. A circuit with a part that the data do not determine must be much better to win; one whose
"arc" is a mere correction under its neighbours cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError, InputError
from ionscape.fit.information import aicc, bic, effective_count
from ionscape.fit.least_squares import LeastSquaresFit, Loss
from ionscape.impedance.circuit import Circuit
from ionscape.impedance.circuit_fit import FLANK, Candidate
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.cnls import Problem, draw_starts, pose, solve
from ionscape.impedance.score_test import gain_of_a_resistance, gain_of_an_arc

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

MOST_ARCS = 3
LARGEST_SPREAD = 0.4  # of ln R of an arc (1 sd): beyond it the arc is not supported
NEAREST_ARCS = 0.7  # of ln tau: closer arcs are one
BEYOND_WINDOW = np.log(5.0)  # an arc whose time constant lies further out is not seen
NEW_ARC_SITES = 5  # time constants over the window at which one arc more is started
SMALLEST_SHARE = 0.2  # of -Z'' that an arc must have at its apex
NEEDED = 6.0  # standard deviations by which a part must differ from nothing to be kept untried
ROUGH = 1e-6  # relative tolerance of the cost while circuits are compared
DOUBT = 20.0  # what a circuit with an undetermined part must gain in BIC to be the answer all the same
REFUSAL = 1e6  # nothing makes up for arcs that are none
HOPELESS = {"arc": 8.0, "R0": 2.0}  # a score below it: fitted once, for the table, as BIC asks for more
SUPPORT = 6.0  # a BIC gain below this ("strong evidence", Kass and Raftery 1995) buys no further arc


@dataclass(frozen=True)
class Design:
    """A series circuit by its parts. Arcs are always R||Q: to fix an exponent at 1 because the data cannot
    tell it from 1 would feign certainty about R."""

    arcs: int = 0
    resistance: bool = True
    tail: str = ""
    inductance: bool = False

    @property
    def text(self) -> str:
        """As a circuit; a series resistance is R0, a tail numbered after the arcs."""
        parts = ["L0"] if self.inductance else []
        parts += ["R0"] if self.resistance else []
        parts += [f"(R{i},Q{i})" for i in range(1, self.arcs + 1)]
        parts += [f"{self.tail}{self.arcs + 1}"] if self.tail else []
        return "-".join(parts)


@dataclass(frozen=True)
class Trial:
    """A fitted candidate."""

    problem: Problem
    fit: LeastSquaresFit
    afresh: bool = False
    final: bool = False

    @cached_property
    def doubt(self) -> str:
        """What of it the data do not determine; empty if nothing."""
        return undetermined_part(self.problem, self.fit)

    @cached_property
    def refused(self) -> str:
        """Why its arcs cannot be called arcs; empty if they can."""
        return no_arc(self.problem, self.fit)

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
                self._attempt(text, None)
        for _ in range(3):  # a rough fit decides the order; the winner must stand when fitted to the end
            best = self._best()
            if best.final:
                return best
            self._finish(best)
        return self._best()

    def score(self, trial: Trial) -> float:
        """BIC with the number of independent residuals."""
        return bic(trial.fit.cost, 2 * self.frequency.size, trial.circuit.n_parameters, self.n_independent)

    def preference(self, trial: Trial) -> float:
        """BIC, the `SUPPORT` that every arc must earn, and `DOUBT` if a part is not determined."""
        arcs = sum(leaf.is_arc for leaf in trial.circuit.leaves)
        extra = SUPPORT * arcs + (DOUBT if trial.doubt else 0.0) + (REFUSAL if trial.refused else 0.0)
        return self.score(trial) + extra

    @property
    def n_independent(self) -> float:
        """Number of independent residuals, from what the circuit with the least misfit leaves."""
        richest = min(self.trials.values(), key=lambda t: t.fit.cost)
        return max(effective_count(richest.fit.residuals.reshape(-1, 2).T), 8.0)

    def table(self) -> tuple[Candidate, ...]:
        """All candidates, best first, refused ones last."""
        n = 2 * self.frequency.size
        trials = sorted(self.trials.values(), key=lambda t: (t.refused != "", self.preference(t)))
        return tuple(
            Candidate(
                t.circuit.text,
                t.circuit.n_parameters,
                t.fit.cost,
                aicc(t.fit.cost, n, t.circuit.n_parameters),
                self.score(t),
                t.refused,
                t.doubt,
            )
            for t in trials
        )

    # ------------------------------------------------------------ fits
    def _attempt(self, text: str, parent: Trial | None, *, afresh: bool = False) -> Trial | None:
        """Fit a circuit, once, from a fitted relative, afresh, or both; None if the points are too few."""
        if text in self.trials:
            return self.trials[text]
        circuit = parse_circuit(text)
        if circuit.n_parameters + 1 >= 2 * self.frequency.size:
            return None
        problem = pose(circuit, self.frequency, self.impedance, self.weights)
        start = None if parent is None else inherit(parent, circuit, problem.log_s)
        if start is not None and afresh:
            start = np.vstack([draw_starts(problem), start])
        fit = solve(problem, start, loss=self.loss, tolerance=ROUGH)
        self.trials[text] = Trial(problem, fit, afresh or start is None)
        return self.trials[text]

    def _finish(self, trial: Trial) -> None:
        """Fit to the end, from starts of its own (if it had none yet) as well as from where it is."""
        own = [] if trial.afresh else [draw_starts(trial.problem)]
        fit = solve(trial.problem, np.vstack([trial.fit.theta, *own]), loss=self.loss)
        self.trials[trial.circuit.text] = Trial(trial.problem, fit, True, True)

    def _best(self) -> Trial:
        allowed = [t for t in self.trials.values() if not t.refused]
        if not allowed:
            reasons = "; ".join(f"{text}: {t.refused}" for text, t in self.trials.items())
            raise AnalysisError(f"no circuit is supported by this spectrum ({reasons})")
        return min(allowed, key=self.preference)

    # ------------------------------------------------------------ the search
    def _search(self) -> None:
        """Fit one to three arcs, keep as many as pay, with R0 if it pays; take away what does not."""
        inductance = bool(np.any(self.impedance.imag[: max(3, self.frequency.size // 6)] > 0))
        plain = [Design(n, False, "Q", inductance) for n in range(1, MOST_ARCS + 1)]
        parent: Trial | None = None
        for design in plain:
            hope = parent is None or gain_of_an_arc(parent.problem, parent.fit.theta) > HOPELESS["arc"]
            parent = self._attempt(design.text, parent, afresh=hope)
            if not hope:
                break
        plain = [d for d in plain if d.text in self.trials]
        if not plain:  # very few points
            for design in (Design(0, True, "C"), Design(0, True, "")):
                self._attempt(design.text, None)
            return
        best = plain[0]
        for more in plain[1:]:
            best = more if self._pays(more, best) else best
        # An arc far above the window imitates R0, so look with one arc fewer as well.
        for design in plain[max(best.arcs - 2, 0) : best.arcs]:
            with_r0, without = replace(design, resistance=True), self.trials[design.text]
            hope = gain_of_a_resistance(without.problem, without.fit.theta) > HOPELESS["R0"]
            self._attempt(with_r0.text, without, afresh=hope)
            best = with_r0 if self._pays(with_r0, best) else best
        best = self._simplify(best)
        if best.arcs == 1:
            self._attempt(replace(best, arcs=0, resistance=True).text, None)

    def _pays(self, new: Design, old: Design) -> bool:
        a, b = self.trials.get(new.text), self.trials.get(old.text)
        if a is None or b is None:
            return False
        return self.preference(a) < self.preference(b)

    def _attempt_simpler(self, design: Design, simpler: Design) -> Trial | None:
        return self._attempt(simpler.text, self.trials[design.text]) if simpler.text else None

    def _simplify(self, design: Design) -> Design:
        """Backward elimination of R0, tail, exponents, inductance, as long as BIC falls."""
        while design.text in self.trials:
            here = self.trials[design.text]
            options = [d for d in simpler_designs(design, here) if self._attempt_simpler(design, d)]
            if not options:
                return design
            best = min(options, key=lambda d: self.preference(self.trials[d.text]))
            if self.preference(self.trials[best.text]) > self.preference(here):
                return design
            design = best
        return design


def inherit(parent: Trial, circuit: Circuit, log_s: ComplexArray) -> FloatArray:
    """Starts (K, p) of a circuit from a fitted relative.

    A tail may be of another kind, an R0 new, and one arc more is tried all over the window.
    """
    omega = log_s.real
    sites = np.linspace(-omega.max(), -omega.min(), NEW_ARC_SITES + 2)[1:-1]
    theta = np.zeros((sites.size, circuit.n_parameters))
    by_label = {leaf.labels[0]: leaf for leaf in parent.circuit.leaves}
    tail = [leaf for leaf in parent.circuit.leaves if leaf.labels[0][0] in "CQW"]
    low = float(np.quantile(log_s.real, 0.15))  # where a tail is felt
    for leaf in circuit.leaves:
        if leaf.labels[0] == "R0" and "R0" not in by_label:
            theta[:, leaf.offset] = np.log(0.03 * np.abs(parent.problem.impedance).min())
            continue
        if leaf.is_arc and leaf.labels[0] not in by_label:
            size = np.log(np.abs(parent.problem.impedance))
            theta[:, leaf.offset] = np.interp(-sites, omega[::-1], size[::-1]) - 2.0
            theta[:, leaf.offset + 1], theta[:, leaf.offset + 2] = sites, 0.9
            continue
        source = by_label.get(leaf.labels[0], tail[0] if tail else leaf)
        length = leaf.stop - leaf.offset
        if leaf.element.symbol == source.element.symbol or leaf.fused:
            theta[:, leaf.offset : leaf.stop] = parent.fit.theta[source.offset : source.offset + length]
        else:
            ln_q, alpha = parent.fit.theta[source.offset : source.stop]
            is_c = leaf.element.symbol == "C"
            theta[:, leaf.offset] = ln_q + (alpha - 1) * low if is_c else -ln_q + (0.5 - alpha) * low - 0.35
    further = any(leaf.is_arc and leaf.labels[0] not in by_label for leaf in circuit.leaves)
    return theta if further else theta[:1]


def simpler_designs(design: Design, trial: Trial) -> list[Design]:
    """Designs with one thing less, but for what is clearly needed (Wald statistic above `NEEDED`)."""
    fit, leaves = trial.fit, trial.circuit.leaves
    deviation = np.sqrt(np.where(np.isfinite(fit.covariance), fit.covariance, 0.0).diagonal())

    def dispensable(j: int, distance: float) -> bool:
        """Whether theta_j may well be `distance` away (of ln R: one, all of it)."""
        free = not fit.undetermined[j] and fit.at_bound[j] == 0
        return not (free and distance > NEEDED * deviation[j])

    out = []
    for leaf in leaves:
        j, label = leaf.offset, leaf.labels[0]
        if label == "R0" and (design.arcs or design.tail) and dispensable(j, 1.0):
            out.append(replace(design, resistance=False))
        elif label == "L0" and dispensable(j, 1.0):
            out.append(replace(design, inductance=False))
        elif leaf.element.symbol in "QCW":
            if design.arcs and dispensable(j, 1.0):
                out.append(replace(design, tail=""))
            if leaf.element.symbol == "Q" and dispensable(j + 1, 1 - fit.theta[j + 1]):
                out.append(replace(design, tail="C"))
            if leaf.element.symbol == "Q" and dispensable(j + 1, abs(fit.theta[j + 1] - 0.5)):
                out.append(replace(design, tail="W"))
    return out


def undetermined_part(problem: Problem, fit: LeastSquaresFit) -> str:
    """Which resistance of a circuit the data leave open; empty if none."""
    omega = problem.log_s.real
    for leaf in problem.circuit.leaves:
        r, name = leaf.offset, leaf.labels[0]
        is_open = fit.undetermined[r] or fit.at_bound[r] != 0
        if is_open or (leaf.is_arc and fit.covariance[r, r] > LARGEST_SPREAD**2):
            return f"{'R of arc ' * leaf.is_arc}{name} is not determined"
        if leaf.is_arc and not -omega.max() - BEYOND_WINDOW < fit.theta[r + 1] < -omega.min() + BEYOND_WINDOW:
            return f"arc {name} lies outside the measured window"
    arcs = [leaf for leaf in problem.circuit.leaves if leaf.is_arc]
    if arcs and any(leaf.element.symbol == "R" for leaf in problem.circuit.leaves):
        first = min(arcs, key=lambda leaf: fit.theta[leaf.offset + 1])
        if fit.theta[first.offset + 1] < -omega.max() + np.log(FLANK):
            return f"a series resistance cannot be told from arc {first.labels[0]}, cut at high frequency"
    return ""


def no_arc(problem: Problem, fit: LeastSquaresFit) -> str:
    """Why what is fitted as an arc is none, but a correction to its neighbours; empty if all are."""
    arcs = [leaf for leaf in problem.circuit.leaves if leaf.is_arc]
    for leaf in arcs:
        tau = leaf.offset + 1
        if not fit.undetermined[tau] and _share(problem, fit, tau) < SMALLEST_SHARE:
            return f"arc {leaf.labels[0]} is hidden under its neighbours"
    taus = sorted(float(fit.theta[leaf.offset + 1]) for leaf in arcs)
    if any(b - a < NEAREST_ARCS for a, b in pairwise(taus)):
        return "two arcs have the same time constant"
    return ""


def _share(problem: Problem, fit: LeastSquaresFit, tau: int) -> float:
    """Share of an arc in -Z'' at its own apex; tau: index of its ln tau."""
    at_apex = np.array([0.5j * np.pi - fit.theta[tau]])
    total = problem.circuit.evaluate(fit.theta, at_apex)[0][0]
    without = fit.theta.copy()
    without[tau - 1] -= 50.0  # R next to nothing
    rest = problem.circuit.evaluate(without, at_apex)[0][0]
    return float((total - rest).imag / total.imag) if total.imag else 1.0


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
