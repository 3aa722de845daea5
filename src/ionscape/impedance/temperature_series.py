"""A series of spectra over temperature: one circuit, arcs that keep their identity, neighbours that help.

Each spectrum is fitted on its own first; then one circuit is chosen for all, every spectrum is also started
at its neighbours' results in both directions, and arcs are followed by their capacitance, which hardly
depends on temperature, and their time constant, which does so smoothly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ionscape.core.errors import AnalysisError, InputError
from ionscape.impedance.arc_tracks import follow_arcs
from ionscape.impedance.circuit import Circuit
from ionscape.impedance.circuit_fit import Arc, CircuitFit
from ionscape.impedance.series_search import Ranked, choose_jointly, everywhere, exchange, own_attempt
from ionscape.impedance.spectrum_fit import Weights, fit


@dataclass(frozen=True)
class Track:
    """One arc through the series.

    Attributes
    ----------
    label : str
        ``"arc 1"`` relaxes fastest.
    members : tuple of str or None
        Per spectrum the label of its arc (``"R1"``), None where the spectrum does not show it.
    """

    label: str
    members: tuple[str | None, ...]


@dataclass(frozen=True)
class SeriesFit:
    """Fits of all spectra of a series, in the order given.

    Attributes
    ----------
    circuit : str
        Of the series; single spectra may have lost an arc of it.
    fits : tuple of CircuitFit or None
        None where a spectrum could not be fitted.
    reasons : tuple of str
        Why not; empty where it could.
    tracks : tuple of Track
        From high to low frequency.
    ranking : tuple of Ranked
        Circuits that competed, best first; one entry where it was given.
    restarted : int
        Number of spectra that a neighbour's result led to a better fit.
    """

    circuit: str
    fits: tuple[CircuitFit | None, ...]
    reasons: tuple[str, ...]
    tracks: tuple[Track, ...]
    ranking: tuple[Ranked, ...]
    restarted: int

    def arc(self, track: Track, index: int) -> Arc | None:
        """The arc of a track in one spectrum."""
        found, label = self.fits[index], track.members[index]
        if found is None or label is None:
            return None
        return next(arc for arc in found.arcs if arc.label == label)


def fit_series(
    frequencies: Sequence[ArrayLike], impedances: Sequence[ArrayLike],
    temperatures: Sequence[float | None] | None = None, circuit: str | Circuit | None = None, *,
    weights: Weights = "modulus", robust: bool = False, candidates: Sequence[str] | None = None,
) -> SeriesFit:  # fmt: skip
    """Fit a series of spectra with one circuit, given or chosen for all of them together.

    Parameters
    ----------
    frequencies, impedances : sequences of (N,) arrays
        [Hz] and complex [ohm]; spectra may differ in length.
    temperatures : sequence of float or None, optional
        [K]; without them the order given is taken as the order of the series.
    circuit, weights, robust, candidates
        As in `ionscape.impedance.fit`.

    Returns
    -------
    SeriesFit
        A spectrum that cannot be fitted does not stop the others.

    Raises
    ------
    InputError
        The series is empty or its sequences differ in length.
    AnalysisError
        Not one spectrum could be fitted.
    """
    if not len(frequencies) or len(frequencies) != len(impedances):
        raise InputError(f"a series needs as many impedances as frequencies, got {len(impedances)} and "
                         f"{len(frequencies)}")  # fmt: skip
    known = [None] * len(frequencies) if temperatures is None else list(temperatures)
    if len(known) != len(frequencies):
        raise InputError(f"{len(known)} temperatures do not match {len(frequencies)} spectra")
    fits: list[CircuitFit | None] = []
    reasons = []
    for f, z in zip(frequencies, impedances, strict=True):
        try:
            fits.append(fit(f, z, circuit, weights=weights, robust=robust, candidates=candidates))
            reasons.append("")
        except (InputError, AnalysisError) as error:
            fits.append(None)
            reasons.append(str(error))
    return join_series(fits, reasons, known, given=circuit is not None, robust=robust)


def join_series(
    fits: Sequence[CircuitFit | None], reasons: Sequence[str], temperatures: Sequence[float | None], *,
    given: bool, robust: bool = False,
) -> SeriesFit:  # fmt: skip
    """Make a series of independent fits: one circuit, neighbours' starts, arcs followed.

    Parameters
    ----------
    fits, reasons, temperatures
        One per spectrum; None and the reason where a spectrum could not be fitted.
    given : bool
        Whether the user chose the circuit: then no spectrum loses an arc of it.
    robust : bool
        As in the fits.

    Raises
    ------
    AnalysisError
        Not one spectrum could be fitted.
    """
    order = series_order(fits, temperatures)
    if not order:
        first = next(iter(reasons), "")
        raise AnalysisError(f"none of the {len(fits)} spectra could be fitted; the first: {first}")
    chosen = [found for i in order if (found := fits[i]) is not None]
    ordered = [temperatures[i] for i in order]
    ranking = (Ranked(chosen[0].circuit.text),) if given else choose_jointly(chosen, ordered)
    text = ranking[0].circuit
    final, restarted = _refitted(text, chosen, given=given, robust=robust)
    every: list[CircuitFit | None] = [None] * len(fits)
    for i, found in zip(order, final, strict=True):
        every[i] = found
    tracks = follow_arcs([found.arcs for found in final], ordered)
    placed = [
        Track(f"arc {k}", _placed(members, order, len(fits))) for k, members in enumerate(tracks, start=1)
    ]
    return SeriesFit(text, tuple(every), tuple(reasons), tuple(placed), ranking, restarted)


def series_order(fits: Sequence[CircuitFit | None], temperatures: Sequence[float | None]) -> list[int]:
    """Indices of the fitted spectra by temperature, or as given where a temperature is not known."""
    order = [i for i, found in enumerate(fits) if found is not None]
    known = [t for i in order if (t := temperatures[i]) is not None]
    if len(known) < len(order):
        return order
    return sorted(order, key=lambda i: temperatures[i] or 0.0)


def _placed(members: Sequence[str | None], order: Sequence[int], size: int) -> tuple[str | None, ...]:
    placed: list[str | None] = [None] * size
    for i, member in zip(order, members, strict=True):
        placed[i] = member
    return tuple(placed)


def _refitted(
    text: str, fits: Sequence[CircuitFit], *, given: bool, robust: bool
) -> tuple[list[CircuitFit], int]:
    """Every spectrum with the circuit of the series, from the best of its own and its neighbours' starts."""
    own = [found.circuit.text == text for found in fits]
    found = [(each.circuit, own_attempt(each)) for each in fits]
    if not all(own):
        other = everywhere(text, fits, reduce=not given)
        found = [pair if mine else new for mine, pair, new in zip(own, found, other, strict=True)]
    best = exchange([c for c, _ in found], [a for _, a in found], fits)
    final, restarted = [], 0
    for each, (used, _), attempt in zip(fits, found, best, strict=True):
        if used.text == each.circuit.text and attempt.theta is each.theta:
            final.append(each)
            continue
        restarted += used.text == each.circuit.text
        values = dict(zip(used.names, (float(v) for v in used.values(attempt.theta)), strict=True))
        final.append(fit(each.frequency, each.impedance, used, weights=each.weights, robust=robust,
                         starting_values=values))  # fmt: skip
    return final, restarted
