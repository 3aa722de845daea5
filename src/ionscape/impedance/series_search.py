"""Many spectra of one circuit fitted side by side: neighbours start each other, one circuit serves them all.

Spectra on one frequency grid run as rows of one batch, which costs little more than a single fit.
The circuit of a series is the one with the least sum of BIC over its spectra; where one of its arcs has left
the window of a spectrum, that spectrum is fitted, and scored, without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.fit.information import bic, effective_count
from ionscape.fit.least_squares import minimise
from ionscape.impedance.arc_tracks import incoherence
from ionscape.impedance.circuit import Circuit
from ionscape.impedance.circuit_fit import CircuitFit, arcs_of
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.cnls import pose

FloatArray = NDArray[np.float64]

MOST_CIRCUITS = 4  # that compete for a series
SUPPORT = 6.0  # BIC that every arc must earn, as in the choice for one spectrum
UNSUPPORTED = 1e3  # added to BIC where nothing is left to take away
SPREAD = 0.4  # of ln R: beyond it a spectrum does not support an arc
BEYOND = np.log(5.0)  # an arc whose time constant lies this far outside the window has left it
ITERATIONS = 40
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Attempt:
    """A circuit fitted quickly to one spectrum.

    Attributes
    ----------
    theta : (p,) array
    cost : float
        Sum of squared weighted residuals.
    lost : str
        Label of an arc that the spectrum does not support; empty if it supports all.
    n_independent : float
        Number of independent residuals.
    """

    theta: FloatArray
    cost: float
    lost: str
    n_independent: float


def fit_batch(circuit: Circuit, spectra: Sequence[CircuitFit], starts: Sequence[FloatArray]) -> list[Attempt]:
    """Fit one circuit to many spectra, each from its own start.

    Parameters
    ----------
    circuit : Circuit
    spectra : sequence of CircuitFit
        For their data and weights only; a spectrum may occur several times.
    starts : sequence of (p,) arrays
        One per spectrum.
    """
    grids: dict[bytes, list[int]] = {}
    for i, spectrum in enumerate(spectra):
        grids.setdefault(spectrum.frequency.tobytes(), []).append(i)
    found: dict[int, Attempt] = {}
    for rows in grids.values():
        attempts = _fit_grid(circuit, [spectra[i] for i in rows], [starts[i] for i in rows])
        found |= zip(rows, attempts, strict=True)
    return [found[i] for i in range(len(spectra))]


def _fit_grid(circuit: Circuit, spectra: Sequence[CircuitFit], starts: Sequence[FloatArray]) -> list[Attempt]:
    problems = [pose(circuit, s.frequency, s.impedance, s.weights) for s in spectra]
    log_s = problems[0].log_s
    data = np.array([s.impedance for s in spectra])
    weights = np.array([s.weights for s in spectra])

    def model(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        z, slopes = circuit.evaluate(theta, log_s)
        slopes *= weights[:, None, :]
        residuals = np.ascontiguousarray((z - data) * weights)
        return residuals.view(np.float64), slopes.view(np.float64).swapaxes(-1, -2)

    lower, upper = np.array([p.lower for p in problems]), np.array([p.upper for p in problems])
    floor = np.array([p.cost_floor for p in problems])
    end = minimise(model, np.array(starts), lower, upper, iterations=ITERATIONS, tolerance=TOLERANCE,
                   cost_floor=floor)  # type: ignore[arg-type]  # fmt: skip
    attempts = []
    for k, theta in enumerate(end.theta):
        residuals = end.residuals[k]
        lost = lost_arc(circuit, theta, end.jacobian[k], float(end.cost[k]), log_s.real)
        count = effective_count(residuals.reshape(-1, 2).T)
        attempts.append(Attempt(theta, float(end.cost[k]), lost, max(count, 8.0)))
    return attempts


def lost_arc(
    circuit: Circuit, theta: FloatArray, jacobian: FloatArray, cost: float, omega: FloatArray
) -> str:
    """Label of the arc that a spectrum supports least, or nothing.

    Parameters
    ----------
    circuit : Circuit
    theta : (p,) array
    jacobian : (m, p) array
    cost : float
        Sum of squared weighted residuals.
    omega : (N,) array
        ln of the angular frequency.
    """
    length = np.sqrt(np.einsum("mp,mp->p", jacobian, jacobian))
    scaled = jacobian / np.where(length > 0, length, 1.0)
    normal = scaled.T @ scaled + 1e-12 * np.eye(theta.size)
    variance = cost / max(jacobian.shape[0] - theta.size, 1) * np.diag(np.linalg.inv(normal))
    worst, label = 1.0, ""
    for leaf in circuit.leaves:
        if not leaf.is_arc:
            continue
        j, tau = leaf.offset, theta[leaf.offset + 1]
        spread = np.sqrt(variance[j]) / length[j] if length[j] > 0 else np.inf
        outside = max(tau + omega.min(), -omega.max() - tau) / BEYOND
        badness = max(float(spread) / SPREAD, float(outside))
        if badness > worst:
            worst, label = badness, leaf.labels[0]
    return label


def without_arc(circuit: Circuit, label: str) -> Circuit | None:
    """The circuit less one arc; the resistance of a lost first arc stays as a series resistance R0."""
    leaves = circuit.series_leaves
    if leaves is None:
        return None
    kept = [leaf for leaf in leaves if leaf.labels[0] != label]
    arcs = [leaf for leaf in leaves if leaf.is_arc]
    texts = [leaf.text for leaf in kept]
    if arcs and arcs[0].labels[0] == label and not any(leaf.element.symbol == "R" for leaf in kept):
        texts.insert(0, "R0")
    return parse_circuit("-".join(texts)) if texts else None


def inherited(circuit: Circuit, parent: Circuit, theta: FloatArray) -> FloatArray:
    """Start for `circuit` from a fit of `parent`, which has all its elements but perhaps R0."""
    places = {leaf.labels: leaf for leaf in parent.leaves}
    lost = [leaf for leaf in parent.leaves if leaf.labels not in {x.labels for x in circuit.leaves}]
    start = np.zeros(circuit.n_parameters)
    for leaf in circuit.leaves:
        if leaf.labels in places:
            old = places[leaf.labels]
            start[leaf.offset : leaf.stop] = theta[old.offset : old.stop]
        elif lost:
            start[leaf.offset] = theta[lost[0].offset]
    return start


@dataclass(frozen=True)
class Ranked:
    """A circuit that competed for a series.

    Attributes
    ----------
    circuit : str
    excess : float
        How much larger its sum of BIC is than the smallest.
    losing : int
        Number of spectra in which one of its arcs is not seen.
    incoherent : str
        Why it cannot be the circuit of the series although it was fitted; empty if it can.
    """

    circuit: str
    excess: float = 0.0
    losing: int = 0
    incoherent: str = ""


def choose_jointly(fits: Sequence[CircuitFit], temperatures: Sequence[float | None]) -> tuple[Ranked, ...]:
    """Circuits that single spectra prefer, ranked by the sum of BIC over all spectra, best first.

    Circuits whose arcs do not keep their identity over the series come after those whose arcs do.

    Parameters
    ----------
    fits : sequence of CircuitFit
        Independent fits in the order of the series, each with the circuit that its own spectrum prefers.
    temperatures : sequence of float or None
        [K]
    """
    texts = _competing(fits)
    if len(texts) == 1:
        return (Ranked(texts[0]),)
    attempts = {text: everywhere(text, fits) for text in texts}
    independent = [
        min((attempts[t][i] for t in texts), key=lambda a: a[1].cost)[1].n_independent
        for i in range(len(fits))
    ]
    score = {
        text: sum(
            _score(circuit, attempt, fit, n)
            for (circuit, attempt), fit, n in zip(attempts[text], fits, independent, strict=True)
        )
        for text in texts
    }
    least = min(score.values())
    ranked = []
    for text in texts:
        losing = sum(circuit.text != text for circuit, _ in attempts[text])
        ranked.append(
            Ranked(text, score[text] - least, losing, _incoherence(attempts[text], fits, temperatures))
        )
    return tuple(sorted(ranked, key=lambda r: (r.incoherent != "", r.excess)))


def _competing(fits: Sequence[CircuitFit]) -> list[str]:
    """The circuits that most spectra prefer."""
    votes = Counter(fit.circuit.text for fit in fits)
    return [text for text, _ in votes.most_common(MOST_CIRCUITS)]


def _incoherence(
    attempts: Sequence[tuple[Circuit, Attempt]],
    fits: Sequence[CircuitFit],
    temperatures: Sequence[float | None],
) -> str:
    arcs = [
        arcs_of(circuit, attempt.theta, dict.fromkeys(circuit.names, "determined"), fit.frequency)
        for (circuit, attempt), fit in zip(attempts, fits, strict=True)
    ]
    windows = [(float(fit.frequency.min()), float(fit.frequency.max())) for fit in fits]
    return incoherence(arcs, temperatures, windows)


def count_arcs(circuit: Circuit) -> int:
    """Number of arcs of a circuit."""
    return sum(leaf.is_arc for leaf in circuit.leaves)


def own_attempt(fit: CircuitFit) -> Attempt:
    """A spectrum's own fit as one of the attempts."""
    count = max(effective_count(np.stack([fit.residuals.real, fit.residuals.imag])), 8.0)
    return Attempt(fit.theta, fit.chi_square, "", count)


def _score(circuit: Circuit, attempt: Attempt, fit: CircuitFit, n_independent: float) -> float:
    arcs = count_arcs(circuit)
    plain = bic(attempt.cost, 2 * fit.frequency.size, circuit.n_parameters, n_independent)
    return plain + SUPPORT * arcs + (UNSUPPORTED if attempt.lost else 0.0)


def everywhere(
    text: str, fits: Sequence[CircuitFit], *, reduce: bool = True
) -> list[tuple[Circuit, Attempt]]:
    """A circuit fitted to every spectrum, without an arc where that has left the window.

    Parameters
    ----------
    text : str
        Circuit of at least one of the fits.
    fits : sequence of CircuitFit
    reduce : bool
        Whether a spectrum may lose arcs.
    """
    circuit = parse_circuit(text)
    owners = [i for i, fit in enumerate(fits) if fit.circuit.text == text]
    nearest = [min(owners, key=lambda o, i=i: abs(o - i)) for i in range(len(fits))]  # type: ignore[misc]
    starts = [fits[o].theta for o in nearest]
    found = [(circuit, a) for a in fit_batch(circuit, fits, starts)]
    return _reduced(found, starts, fits) if reduce else found


def _reduced(
    found: Sequence[tuple[Circuit, Attempt]], starts: Sequence[FloatArray], fits: Sequence[CircuitFit]
) -> list[tuple[Circuit, Attempt]]:
    """Where an arc is lost, the best fit with one arc less, started at the neighbour, or the spectrum's own.

    Again until none is lost.
    """
    result, begun = list(found), list(starts)
    for _ in range(3):
        trials: dict[str, list[tuple[int, FloatArray]]] = {}
        smaller: dict[str, Circuit] = {}
        for i, (circuit, attempt) in enumerate(result):
            for less in _with_one_arc_less(circuit) if attempt.lost else ():
                smaller[less.text] = less
                trials.setdefault(less.text, []).append((i, inherited(less, circuit, begun[i])))
        options: dict[int, list[tuple[Circuit, Attempt, FloatArray]]] = {}
        for i, (circuit, attempt) in enumerate(result):
            if attempt.lost and count_arcs(fits[i].circuit) < count_arcs(circuit):
                own = own_attempt(fits[i])
                options[i] = [(fits[i].circuit, own, own.theta)]
        for text, rows in trials.items():
            attempts = fit_batch(smaller[text], [fits[i] for i, _ in rows], [start for _, start in rows])
            for (i, start), attempt in zip(rows, attempts, strict=True):
                options.setdefault(i, []).append((smaller[text], attempt, start))
        for i, several in options.items():
            n = several[0][1].n_independent
            circuit, attempt, begun[i] = min(several, key=lambda o: _score(o[0], o[1], fits[i], n))
            result[i] = (circuit, attempt)
        if not options:
            break
    return result


def _with_one_arc_less(circuit: Circuit) -> list[Circuit]:
    labels = [leaf.labels[0] for leaf in circuit.leaves if leaf.is_arc]
    every = [without_arc(circuit, label) for label in labels] if len(labels) > 1 else []
    return [less for less in every if less is not None]


def exchange(
    circuits: Sequence[Circuit], attempts: Sequence[Attempt], fits: Sequence[CircuitFit], rounds: int = 4
) -> list[Attempt]:
    """Start every spectrum at its neighbours' results, in both directions, and keep what is better.

    Only neighbours with the same circuit start each other.
    """
    best = list(attempts)
    fresh = set(range(len(best)))
    for _ in range(rounds):
        work: Mapping[str, list[tuple[int, int]]] = {}
        work = _pairs(circuits, best, fresh)
        fresh = set()
        for pairs in work.values():
            circuit = circuits[pairs[0][0]]
            tried = fit_batch(circuit, [fits[i] for i, _ in pairs], [best[j].theta for _, j in pairs])
            for (i, _), attempt in zip(pairs, tried, strict=True):
                if attempt.cost < best[i].cost * (1 - 1e-4) and not (attempt.lost and not best[i].lost):
                    best[i] = attempt
                    fresh.add(i)
        if not fresh:
            break
    return best


def _pairs(
    circuits: Sequence[Circuit], best: Sequence[Attempt], fresh: set[int]
) -> dict[str, list[tuple[int, int]]]:
    """(spectrum, neighbour) by circuit, where the neighbour is new and lies in another basin."""
    pairs: dict[str, list[tuple[int, int]]] = {}
    for j in sorted(fresh):
        for i in (j - 1, j + 1):
            same = 0 <= i < len(best) and circuits[i].text == circuits[j].text
            if same and _differ(circuits[i], best[i], best[j]):
                pairs.setdefault(circuits[i].text, []).append((i, j))
    return pairs


def _differ(circuit: Circuit, a: Attempt, b: Attempt) -> bool:
    """Whether capacitance or exponent of an arc, or an amplitude, moves more than neighbours' should."""
    for leaf in circuit.leaves:
        x, y = a.theta[leaf.offset : leaf.stop], b.theta[leaf.offset : leaf.stop]
        if leaf.is_arc and (abs((x[1] - x[0]) - (y[1] - y[0])) > 0.1 or np.any(np.abs(x[2:] - y[2:]) > 0.03)):
            return True
        if not leaf.is_arc and abs(x[0] - y[0]) > 1.0:
            return True
    return False
