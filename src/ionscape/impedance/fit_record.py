"""A fitted spectrum as it is cached: everything of the fit, its circuit as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ionscape.core.serial import storable
from ionscape.impedance.circuit_fit import Arc, Candidate, CircuitFit
from ionscape.impedance.circuit_text import parse_circuit
from ionscape.impedance.kramers_kronig import KramersKronig

storable(Arc)
storable(Candidate)


@storable
@dataclass(frozen=True)
class FittedSpectrum:
    """What `impedance.fit` keeps of one spectrum.

    Attributes
    ----------
    circuit : str
    content : mapping
        The other fields of `CircuitFit`.
    verdict : str
        Of the Kramers-Kronig test; ``"not tested"`` where there are too few points.
    reasons : tuple of str
        Of the verdict.
    noise : float
        Relative standard deviation that the test found; nan if not tested.
    left_out : int
        Points that the test found unusable and the fit did not see.
    """

    circuit: str
    content: Mapping[str, Any]
    verdict: str
    reasons: tuple[str, ...]
    noise: float
    left_out: int = 0

    @classmethod
    def of(cls, fit: CircuitFit, test: KramersKronig | None, left_out: int) -> FittedSpectrum:
        """Record a fit and the outcome of its validity test."""
        content = {f.name: getattr(fit, f.name) for f in fields(fit) if f.name != "circuit"}
        if test is None:
            return cls(fit.circuit.text, content, "not tested", (), float("nan"), left_out)
        return cls(fit.circuit.text, content, test.verdict, test.reasons, test.noise, left_out)

    def fit(self) -> CircuitFit:
        """The fit as it was."""
        return CircuitFit(circuit=parse_circuit(self.circuit), **self.content)
