"""What a fit of replacement profiles takes from a study: profiles, D_bulk, carriers, and what is assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.quantity import Quantity
from ionscape.core.registry import Series
from ionscape.replacement.bulk_input import BulkDiffusion, bulk_diffusion_at
from ionscape.replacement.fit_options import FitOptions
from ionscape.replacement.measured_profile import MeasuredProfile


@dataclass(frozen=True, eq=False)
class StudyInputs:
    """Everything that a joint fit needs.

    Attributes
    ----------
    profiles : tuple of MeasuredProfile
    bulk : tuple of BulkDiffusion
        One per profile, at its temperature.
    carrier_density : Estimate
        [m^-3]
    charge : int
        Of the native ion.
    vacancy_fraction, immobile_fraction : Estimate or None
        None: free.
    vacancies_assumed : bool
        Whether the study does not state the vacancy fraction.
    activation_energy : Estimate or None
        [J] of the dc conductivity times temperature.
    doubts : tuple of str
        About D_bulk and the activation energy.
    """

    profiles: tuple[MeasuredProfile, ...]
    bulk: tuple[BulkDiffusion, ...]
    carrier_density: Estimate
    charge: int
    vacancy_fraction: Estimate | None
    immobile_fraction: Estimate | None
    vacancies_assumed: bool
    activation_energy: Estimate | None
    doubts: tuple[str, ...] = ()

    @property
    def bulk_estimates(self) -> list[Estimate | None]:
        """D_bulk [m^2/s] of each profile, None where it is not known."""
        return [b.estimate if b.estimate.status == "determined" else None for b in self.bulk]

    @property
    def bulk_known(self) -> bool:
        """Whether D_bulk is known for any profile."""
        return any(estimate is not None for estimate in self.bulk_estimates)


def study_inputs(series: Series, options: FitOptions) -> StudyInputs:
    """Collect and check what the fit needs.

    Raises
    ------
    InputError
        If the sample does not say the density and charge of its carriers, or an input is ambiguous.
    """
    profiles = tuple(piece for piece in series.pieces if isinstance(piece, MeasuredProfile))
    sample = series.sample
    if sample.carrier_density is None or not sample.carrier_charge:
        raise InputError(f"the fit needs the carriers of sample {sample.name}: give carrier, e.g. Li+, and "
                         "carrier_density, e.g. 1.41e22 cm^-3 (or formula and density)")  # fmt: skip
    bulk = tuple(bulk_diffusion_at(series, profile.temperature) for profile in profiles)
    energy, doubts = _activation_energy(series)
    told = dict.fromkeys(text for one in bulk for text in one.doubts)
    return StudyInputs(
        profiles, bulk, sample.carrier_density, sample.carrier_charge,
        _vacancies(series, options), _share(series, options.immobile_fraction, "immobile fraction"),
        not _states(options, "vacancy_fraction"), energy, (*told, *doubts),
    )  # fmt: skip


def _states(options: FitOptions, name: str) -> bool:
    return name in options.model_fields_set


def _vacancies(series: Series, options: FitOptions) -> Estimate | None:
    if not _states(options, "vacancy_fraction"):
        from ionscape.replacement.site_energy_fit import ASSUMED_VACANCIES

        return ASSUMED_VACANCIES  # one unknown for all analyses that assume it
    return _share(series, options.vacancy_fraction, "vacancy fraction")


def _share(series: Series, stated: Quantity | str, what: str) -> Estimate | None:
    """A share as stated; the same text is the same unknown in all analyses of the sample."""
    if isinstance(stated, str):
        return None
    if not stated.uncertainty:
        return exact(stated.value)
    title = series.source.rpartition("/")[0]
    source = f"{title}/{series.sample.name}#{what} {stated.text}"
    scale = "log" if stated.value > 0 else "linear"
    return measured(stated.value, stated.uncertainty, source=source, scale=scale)  # type: ignore[arg-type]


def _activation_energy(series: Series) -> tuple[Estimate | None, Sequence[str]]:
    rows = series.inputs.get("activation_energy", ())
    if not rows:
        return None, ()
    if len(rows) > 1:
        raise InputError(f"'activation_energy' gives {len(rows)} values: name that of the bulk")
    found = rows[0].estimate
    if found.status != "determined":
        return None, (f"the activation energy is {found.status}: {found.note}",)
    return found, ()
