"""One coefficient over temperature: points, the line through them, and its value wherever it is wanted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.constants import elementary_charge

from ionscape.consistency.coefficients import COLLECTIVE, SINGLE_ION, Coefficient, symbol
from ionscape.core.estimate import Estimate, undetermined
from ionscape.core.number_format import format_celsius
from ionscape.core.quantity import dimension_of
from ionscape.temperature.generalised_least_squares import fit
from ionscape.temperature.model_choice import Comparison, compare
from ionscape.temperature.points import K_PER_EV, Points, collect
from ionscape.temperature.reported import Reported, reported
from ionscape.temperature.straight_line import ArrheniusFit, arrhenius

_DIFFUSION = dimension_of("m^2/s")
ASSUMED_ENERGY = 0.4
"""[eV], with ±0.2: moves a value by less than a degree where no line tells the energy."""
_ASSUMED_SPREAD = 0.2
_LEAST_SPAN = 5.0  # K between the first and the last point, below which a line tells no energy
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Found:
    """A coefficient at a wanted temperature.

    Attributes
    ----------
    value : Estimate
        [m^2/s]
    how : str
        ``measured``, ``interpolated``, ``extrapolated 40 K``, ``stated without a temperature``; why not,
        where it is undetermined.
    extrapolated : float
        Distance from the nearest point [K]; 0 inside.
    """

    value: Estimate
    how: str
    extrapolated: float = 0.0


@dataclass(frozen=True, eq=False)
class Course:
    """All values of one kind and channel.

    Attributes
    ----------
    kind, channel : str
    coefficients : tuple of Coefficient
    source : str
        Root of the names of the latents that a line adds.
    parts : tuple of Course
        Of an effective coefficient: bulk and boundaries in series, where both have lines.
    """

    kind: str
    channel: str
    coefficients: tuple[Coefficient, ...]
    source: str
    parts: tuple[Course, ...] = ()

    @property
    def symbol(self) -> str:
        """``D_σ,bulk``."""
        return symbol(self.kind, self.channel)

    @cached_property
    def usable(self) -> tuple[Coefficient, ...]:
        """Determined, with a temperature, cold to hot."""
        kept = [c for c in self.coefficients if c.value.status == "determined" and c.kelvin is not None]
        return tuple(sorted(kept, key=lambda c: c.kelvin or 0.0))

    @property
    def temperatures(self) -> list[float]:
        """[K], of the usable values, each once."""
        return sorted({c.kelvin for c in self.usable if c.kelvin is not None})

    @property
    def bare(self) -> tuple[Coefficient, ...]:
        """Determined values that state no temperature."""
        return tuple(c for c in self.coefficients if c.value.status == "determined" and c.kelvin is None)

    @cached_property
    def line(self) -> ArrheniusFit | None:
        """ln D against 1/kT; None where the temperatures span less than 5 K."""
        if not self.temperatures or self.temperatures[-1] - self.temperatures[0] < _LEAST_SPAN:
            return None
        found = arrhenius(
            [c.temperature for c in self.usable],
            [c.value for c in self.usable],
            form="ln D",
            source=f"{self.source}.{self.kind}.{self.channel}",
            labels=[c.origin for c in self.usable],
        )
        return found if found.solution is not None else None

    @cached_property
    def bend(self) -> Comparison | None:
        """Whether the line is enough."""
        if self.line is None:
            return None
        return compare(self.line, source=f"{self.source}.{self.kind}.{self.channel}.curvature")

    @cached_property
    def curve(self) -> Reported | None:
        """The line, or what is preferred to it where the points bend."""
        if self.line is None or self.bend is None:
            return None
        parts = {c.channel: c.curve.at for c in self.parts if c.curve is not None}
        name = "diffusion_coefficient_total" if self.channel == "effective" else "diffusion_coefficient"
        return reported(name, self.line, self.bend, parts)

    @property
    def bends(self) -> bool:
        """Whether a straight line does not describe the points."""
        return self.curve is not None and self.line is not None and self.curve.at != self.line.at

    @property
    def energy(self) -> Estimate | None:
        """Activation energy [J] of the line; None without one."""
        return self.line.activation_energy if self.line is not None else None

    def at(self, kelvin: float | None, tolerance: float = 0.5, energy: float | None = None) -> Found:
        """The coefficient at a temperature [K]: measured there, or else from the line.

        Parameters
        ----------
        tolerance : float
            [K] within which a value counts as measured there; it is moved by its activation energy.
        energy : float, optional
            [eV] for that, where no line of its own tells it.
        """
        if kelvin is None:
            return self._bare()
        near = [c for c in self.usable if c.kelvin is not None and abs(c.kelvin - kelvin) <= tolerance]
        if near:
            return Found(self._mean([self._moved(c, kelvin, energy) for c in near], near), "measured")
        if self.curve is None:
            return self._without_line(kelvin)
        value, off = self.curve.at(kelvin), self.outside(kelvin)
        how = f"extrapolated {off:.0f} K" if off else "interpolated"
        if value.status != "determined":
            return Found(value, value.note or value.status, off)
        return Found(replace(value, note=""), how, off)

    def on_line(self, kelvin: float) -> Found:
        """The coefficient on its line (or the curve preferred to it) at a temperature [K].

        Without a line, what is measured there.
        """
        if self.curve is None:
            return self.at(kelvin)
        value, off = self.curve.at(kelvin), self.outside(kelvin)
        if value.status != "determined":
            return Found(value, value.note or value.status, off)
        return Found(replace(value, note=""), f"extrapolated {off:.0f} K" if off else "on the line", off)

    def outside(self, kelvin: float) -> float:
        """Distance [K] from the range of the points; 0 inside."""
        known = self.temperatures
        off = max(known[0] - kelvin, kelvin - known[-1], 0.0)
        return off if off > 0.5 else 0.0

    def _without_line(self, kelvin: float) -> Found:
        if not self.usable and self.bare:
            return self._bare()
        known = ", ".join(format_celsius(t) for t in self.temperatures)
        why = f"{self.symbol} is known at {known} only: too little for a line" if known else self._nothing()
        return Found(undetermined(_DIFFUSION, f"{why}; measure it at {format_celsius(kelvin)}"), why)

    def _nothing(self) -> str:
        notes = [c.value.note for c in self.coefficients if c.value.note]
        return f"{self.symbol} is not determined" + (f": {notes[0]}" if notes else "")

    def _bare(self) -> Found:
        if not self.bare:
            return Found(undetermined(_DIFFUSION, self._nothing()), self._nothing())
        return Found(self.bare[0].value, "stated without a temperature")

    def _moved(self, coefficient: Coefficient, kelvin: float, energy: float | None) -> Estimate:
        """ln D(T) = ln D(T') + E/k (1/T' - 1/T), with what the error of T' does to it."""
        t = coefficient.temperature
        assert t is not None
        value = coefficient.value
        own = self.line.slope if self.line is not None else energy
        ev, doubt = (own, 0.0) if own is not None else (ASSUMED_ENERGY, _ASSUMED_SPREAD)
        step = (1 / t.value - 1 / kelvin) / K_PER_EV
        weights = dict(value.weights)
        if value.scale == "linear":
            weights = {name: w / value.value for name, w in weights.items()}
        of_t = {name: w if t.scale == "log" else w / t.value for name, w in t.weights.items()}
        for name, w in of_t.items():
            weights[name] = weights.get(name, 0.0) - ev / (K_PER_EV * t.value) * w
        if doubt and abs(step) > _ROUNDING:
            weights[f"{self.source}.assumed activation energy"] = doubt * step
        moved = not of_t and abs(step) <= _ROUNDING
        if value.value <= 0 or (moved and value.scale == "log"):
            return value
        shape = value.shape if value.scale == "log" else None
        if value.scale == "linear" and value.shape is not None:
            return value if moved else value * math.exp(ev * step)
        return Estimate(value.value * math.exp(ev * step), value.dimension, "log", weights, shape)

    def _mean(self, values: Sequence[Estimate], near: Sequence[Coefficient]) -> Estimate:
        """Of several values at one temperature: generalised least squares, scatter included."""
        if len(values) == 1:
            return values[0]
        points = points_of([replace(c, value=v, temperature=None) for c, v in zip(near, values, strict=True)])
        if len(points) < 2:
            return values[0]
        name = f"{self.source}.{self.kind}.{self.channel}.mean.{near[0].kelvin}"
        solution = fit(points, np.ones((len(points), 1)), slope=0.0, source=name)
        return solution.estimate(np.ones(1), float(solution.coefficients[0]), _DIFFUSION, "log")


def points_of(coefficients: Sequence[Coefficient]) -> Points:
    """Logarithms and weights as `temperature` uses them; exact room temperature where none is given."""
    from ionscape.core.estimate import exact

    room = exact(298.15, dimension_of("K"))
    return collect(
        [c.temperature or room for c in coefficients],
        [c.value for c in coefficients],
        "ln D",
        [c.origin for c in coefficients],
    )


def courses(coefficients: Sequence[Coefficient], source: str) -> dict[tuple[str, str], Course]:
    """Coefficients sorted by kind and channel."""
    groups: dict[tuple[str, str], list[Coefficient]] = {}
    for c in coefficients:
        groups.setdefault((c.kind, c.channel), []).append(c)
    found = {key: Course(*key, tuple(group), source) for key, group in groups.items()}
    for (kind, channel), course in list(found.items()):
        if channel == "effective":
            family = SINGLE_ION if kind in SINGLE_ION else COLLECTIVE
            parts = [
                next(
                    (found[k, part] for k in (kind, *family) if (k, part) in found and found[k, part].line),
                    None,
                )
                for part in ("bulk", "boundary")
            ]
            if all(parts):
                found[kind, channel] = replace(course, parts=tuple(p for p in parts if p is not None))
    return found


def in_electronvolt(energy: Estimate) -> Estimate:
    """[J] to a pure number [eV]."""
    return replace(energy * (1 / elementary_charge), dimension=dimension_of("1"))
