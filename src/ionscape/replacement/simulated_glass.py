"""What a study's inputs and options say of the conductor that is simulated: parameters with their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.field_types import estimate_of
from ionscape.core.formula import parse_ion
from ionscape.core.number_format import format_celsius
from ionscape.core.outcome import Row
from ionscape.core.propagation import logarithm
from ionscape.core.quantity import DIMENSIONLESS, dimension_of
from ionscape.core.registry import Series
from ionscape.replacement.bulk_input import bulk_diffusion_at
from ionscape.replacement.diffusion_law import ConstantDiffusion, DiffusionLaw, SiteEnergyDiffusion
from ionscape.replacement.programme import Course, Programme, Stage, Trace
from ionscape.replacement.programme_text import StatedStage, checked_ion, drive_sd, programme_from
from ionscape.replacement.simulate_options import SimulateOptions
from ionscape.replacement.site_energy_distribution import (
    ExponentialTails,
    Gaussian,
    Mixture,
    SiteEnergyDistribution,
)
from ionscape.replacement.system import Conductor, Ion

ASSUMED_VACANCIES = (0.10, 0.04)
ASSUMED_PERMITTIVITY = 8.0
ONE_TEMPERATURE = 0.5  # K within which stages count as of one temperature
CURRENT, BULK, ENERGY, WIDTH, VACANCIES = "current", "D_bulk", "activation energy", "FWHM", "vacancies"
DENSITY, THICKNESS, PERMITTIVITY, IMMOBILE = "carrier density", "thickness", "permittivity", "immobile share"

Values = Mapping[str, float]


@dataclass(frozen=True)
class Glass:
    """A conductor whose parameters have errors, and the programme that is done to it.

    Attributes
    ----------
    ions : tuple of str
        The native one first, then in the order of arrival.
    parameters : mapping of str to Estimate
        By a name that can be printed.
    stages : tuple of StatedStage
    reference : float
        [K] for which D_bulk holds: that of the first stage that is driven.
    options : SimulateOptions
    notes, doubts : tuple of str
        What was assumed, and what would make the result wrong.
    """

    ions: tuple[str, ...]
    parameters: Mapping[str, Estimate]
    stages: tuple[StatedStage, ...]
    reference: float
    options: SimulateOptions
    notes: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def best(self) -> dict[str, float]:
        """Best values of the parameters [SI]."""
        return {name: estimate.value for name, estimate in self.parameters.items()}

    def conductor(self, values: Values, intermixing_time: float) -> Conductor:
        """The conductor with these values [SI] of its parameters."""
        return Conductor(
            tuple(self._ion(name, values) for name in self.ions), values[DENSITY], values[THICKNESS],
            values[PERMITTIVITY], intermixing_time,
        )  # fmt: skip

    def programme(self, values: Values) -> Programme:
        """The stages, every current and voltage scaled by its common error."""
        scale = values.get(CURRENT, 1.0)
        plain = programme_from(self.stages)
        return Programme(tuple(replace(s, value=_scaled(s.value, scale)) for s in plain.stages))

    def law(self, name: str, values: Values) -> DiffusionLaw:
        """D of one ion against its filling."""
        native = name == self.ions[0]
        # D_bulk is that of all native ions, as the conductivity gives it: those that move are faster.
        diffusion = values[BULK] * (1 / (1 - values.get(IMMOBILE, 0.0)) if native else values[ratio_of(name)])
        energy = values.get(energy_of(name), values.get(ENERGY, 0.0))
        distribution = self.distribution(name, values)
        if distribution is None or (name == self.ions[-1] and not native):
            return ConstantDiffusion(diffusion, energy, self.reference)
        return SiteEnergyDiffusion(
            distribution, diffusion, values[VACANCIES], self.options.filling, energy, self.reference
        )

    def distribution(self, name: str, values: Values) -> SiteEnergyDistribution | None:
        """Of an ion's site energies; None where its D is constant."""
        form = self.options.distribution
        own = values.get(width_of(name))
        if form == "constant" and own is None:
            return None
        if isinstance(form, tuple) and own is None:
            parts = tuple(
                Gaussian(values[f"FWHM {k}"], g.mean.value) for k, g in enumerate(form, start=1)
            )
            return Mixture(parts, tuple(g.share.value for g in form))
        width = values[WIDTH] if own is None else own
        if form == "exponential tails":
            share = self.options.lower_share
            return ExponentialTails(width, 0.0, 1.0 if share is None else share.value)
        return Gaussian(width)

    def _ion(self, name: str, values: Values) -> Ion:
        immobile = values.get(IMMOBILE, 0.0) if name == self.ions[0] else 0.0
        return Ion(name, self.law(name, values), parse_ion(name).charge, immobile)


def ratio_of(ion: str) -> str:
    """Name of the parameter D of a foreign ion over D_bulk."""
    return f"D ratio of {ion}"


def width_of(ion: str) -> str:
    """Name of the parameter width of a foreign ion's own site energies."""
    return f"FWHM of {ion}"


def energy_of(ion: str) -> str:
    """Name of the parameter activation energy of a foreign ion's D."""
    return f"activation energy of {ion}"


def glass_of(series: Series, options: SimulateOptions) -> Glass:
    """The conductor of a study.

    Raises
    ------
    InputError
        If something is missing or undetermined (with the reason and what to give).
    """
    ions = _ions(series, options)
    driven = [stage for stage in options.programme if stage.control != "rest"]
    if not driven:
        raise InputError("the programme only rests: give at least one stage with a current or a voltage")
    kelvin = [_mean(_temperature(stage)) for stage in driven]
    parameters, notes = _of_sample(series)
    bulk, bulk_notes, doubts = _bulk(series, options, kelvin[0])
    parameters |= bulk | _widths(series, options, notes) | _foreign(series, options, ions)
    if options.immobile_fraction is not None:
        parameters[IMMOBILE] = estimate_of(options.immobile_fraction, f"{series.source}.immobile_fraction")
    spread = drive_sd(options.programme)
    if spread:
        parameters[CURRENT] = measured(1.0, spread, source=f"{series.source}.current", scale="log")
    return Glass(ions, parameters, options.programme, kelvin[0], options, (*bulk_notes, *notes), doubts)


def _ions(series: Series, options: SimulateOptions) -> tuple[str, ...]:
    stated = options.native_ion or series.sample.carrier
    if not stated:
        raise InputError("which ion is native? State the sample's 'carrier', e.g. 'carrier: Li+'")
    native = checked_ion(stated)
    arrived = dict.fromkeys(stage.ion for stage in options.programme if stage.ion and stage.ion != native)
    unused = [ion for ion in options.ions if ion not in arrived]
    if unused:
        raise InputError(f"ions: {', '.join(unused)} never enters in the programme")
    return (native, *arrived)


# ---- parameters ---------------------------------------------------------------------------------------
def _of_sample(series: Series) -> tuple[dict[str, Estimate], list[str]]:
    sample, notes = series.sample, list[str]()
    if sample.carrier_density is None or sample.thickness is None:
        missing = "carrier_density" if sample.carrier_density is None else "thickness"
        raise InputError(f"a simulation needs the sample's {missing}")
    permittivity = sample.extra.get("permittivity")
    if permittivity is None:
        permittivity = exact(ASSUMED_PERMITTIVITY)
        notes.append(f"relative permittivity {ASSUMED_PERMITTIVITY:g} (assumed; it moves the excess charge "
                     "only)")  # fmt: skip
    return {DENSITY: sample.carrier_density, THICKNESS: sample.thickness, PERMITTIVITY: permittivity}, notes


def _bulk(
    series: Series, options: SimulateOptions, reference: float
) -> tuple[dict[str, Estimate], list[str], tuple[str, ...]]:
    """D_bulk at the reference temperature, and its activation energy where stages are at others."""
    kelvin = exact(reference, dimension_of("K"))
    diffusion, doubts, origin = bulk_diffusion_at(series, kelvin)
    if diffusion.status != "determined":
        raise InputError(f"D_bulk at {format_celsius(reference)}: {diffusion.note}")
    found, notes = {BULK: diffusion}, [f"D_bulk: {origin}"] if origin else []
    others = [t for stage in options.programme for t in _ends(_temperature(stage))]
    farthest = max(others, key=lambda t: abs(t - reference))
    if options.activation_energy is not None:
        found[ENERGY] = estimate_of(options.activation_energy, f"{series.source}.activation_energy")
    elif abs(farthest - reference) > ONE_TEMPERATURE:
        other = bulk_diffusion_at(series, exact(farthest, dimension_of("K")))[0]
        if other.status != "determined":
            raise InputError(f"a stage is at {format_celsius(farthest)}, and D_bulk there is not known: give "
                             f"activation_energy ({other.note})")  # fmt: skip
        step = Boltzmann / (1 / farthest - 1 / reference)
        lift = (logarithm(diffusion) - logarithm(other)) * step
        found[ENERGY] = replace(lift, dimension=dimension_of("J"))
    return found, notes, doubts


def _widths(series: Series, options: SimulateOptions, notes: list[str]) -> dict[str, Estimate]:
    if options.distribution == "constant" and all(ion.fwhm is None for ion in options.ions.values()):
        return {}
    found: dict[str, Estimate] = {}
    if isinstance(options.distribution, tuple):
        for k, gaussian in enumerate(options.distribution, start=1):
            found[f"FWHM {k}"] = estimate_of(gaussian.fwhm, f"{series.source}.distribution.{k}.fwhm")
    elif options.distribution != "constant":
        found[WIDTH] = _one(series, "site_energy_fwhm", "the width of the site energies")
    if series.inputs.get("vacancy_fraction"):
        found[VACANCIES] = _one(series, "vacancy_fraction", "the vacancy fraction")
    else:
        value, spread = ASSUMED_VACANCIES
        found[VACANCIES] = measured(value, spread, source=f"{series.source}.vacancy_fraction")
        notes.append(f"{100 * value:g} ± {100 * spread:g} % of the sites vacant (assumed)")
    return found


def _foreign(series: Series, options: SimulateOptions, ions: Sequence[str]) -> dict[str, Estimate]:
    """D over D_bulk of each foreign ion: as stated, else from the rows of ``diffusion_ratio``."""
    found: dict[str, Estimate] = {}
    for name in ions[1:]:
        stated = options.ions.get(name)
        root = f"{series.source}.ions.{name}"
        if stated is not None and stated.ratio is not None:
            found[ratio_of(name)] = estimate_of(stated.ratio, f"{root}.ratio")
        else:
            found[ratio_of(name)] = _ratio(series, name, alone=len(ions) == 2)
        if stated is not None and stated.fwhm is not None:
            found[width_of(name)] = estimate_of(stated.fwhm, f"{root}.fwhm")
        if stated is not None and stated.activation_energy is not None:
            found[energy_of(name)] = estimate_of(stated.activation_energy, f"{root}.activation_energy")
    return found


def _ratio(series: Series, ion: str, *, alone: bool) -> Estimate:
    rows = [row for row in series.inputs.get("diffusion_ratio", ()) if _belongs(row, ion, alone)]
    if not rows:
        raise InputError(f"D of {ion} is not known: state 'ions: {{{ion}: 1e-4}}' (D over D_bulk) or give "
                         "diffusion_ratio from a fit of its profile")  # fmt: skip
    return _determined(rows, f"the diffusion ratio of {ion}")


def _belongs(row: Row, ion: str, alone: bool) -> bool:
    if row.estimate.dimension != DIMENSIONLESS:
        return False
    return row.item == ion or row.item.startswith((f"{ion} ", f"{ion},")) or (alone and not row.item)


def _one(series: Series, key: str, what: str) -> Estimate:
    rows = list(series.inputs.get(key, ()))
    if not rows:
        raise InputError(f"{what} is not known: give {key}, a value such as '250 ± 5 meV' or a fit's result"
                         if key == "site_energy_fwhm" else f"{what} is not known: give {key}")  # fmt: skip
    return _determined(rows, what)


def _determined(rows: Sequence[Row], what: str) -> Estimate:
    """The best known of several rows."""
    usable = [row.estimate for row in rows if row.estimate.status == "determined"]
    if not usable:
        raise InputError(f"{what} is {rows[0].estimate.status}: {rows[0].estimate.note}")
    return min(usable, key=lambda estimate: estimate.standard_uncertainty)


# ---- courses ------------------------------------------------------------------------------------------
def _temperature(stage: StatedStage) -> Course:
    if stage.temperature is None:
        raise InputError(f"at which temperature? Write '{stage.text} at 70 degC'")
    return stage.temperature


def _ends(course: Course) -> tuple[float, ...]:
    return tuple(float(v) for v in course.values) if isinstance(course, Trace) else (float(course),)


def _mean(course: Course) -> float:
    values = _ends(course)
    return sum(values) / len(values)


def _scaled(course: Course, scale: float) -> Course:
    return Trace(course.time, course.values * scale) if isinstance(course, Trace) else course * scale


__all__ = ["Glass", "Stage", "energy_of", "glass_of", "ratio_of", "width_of"]
