"""The quantities of a joint fit of profiles: what is stated, what is free, and what profiles share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate
from ionscape.replacement.distribution_family import DistributionFamily
from ionscape.replacement.fit_parameters import Entry
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.stated_quantities import Stated, stated_linear, stated_log

SAME_TEMPERATURE = 0.5  # K
NO_BLUR = -100.0  # ln of its standard deviation
VACANCY_BOUNDS = (0.005, 0.5)
IMMOBILE_BOUND = 0.5
DIFFUSION_BOUNDS = (-90.0, -9.0)  # ln of m^2/s
FASTER = 15.0
"""ln of how much faster than the fastest foreign ion a native one of unknown D_bulk may be: beyond it the
fluxes' rounding errors force the simulation to tens of thousands of time steps."""



@dataclass(frozen=True)
class FitInputs:
    """What is stated for a fit.

    Attributes
    ----------
    carrier_density : Estimate
        [m^-3]
    charge : int
        Of the ions.
    bulk_diffusion : tuple of Estimate or None
        [m^2/s], one per profile at its temperature; None: free.
    bulk_names : tuple of str
        The quantity that each profile's D_bulk is; profiles of one temperature share it.
    vacancy_fraction, immobile_fraction : Estimate or None
        None: free.
    """

    carrier_density: Estimate
    charge: int
    bulk_diffusion: tuple[Estimate | None, ...]
    bulk_names: tuple[str, ...]
    vacancy_fraction: Estimate | None
    immobile_fraction: Estimate | None

    @property
    def bulk_known(self) -> bool:
        """Whether any D_bulk is known."""
        return any(one is not None for one in self.bulk_diffusion)


def fit_inputs(
    profiles: Sequence[MeasuredProfile], carrier_density: Estimate, charge: int,
    bulk_diffusion: Sequence[Estimate | None] | None, vacancy_fraction: Estimate | None,
    immobile_fraction: Estimate | None,
) -> FitInputs:  # fmt: skip
    """Checked.

    Raises
    ------
    InputError
        If a value is impossible, or there is not one D_bulk per profile.
    """
    bulk = list(bulk_diffusion) if bulk_diffusion is not None else [None] * len(profiles)
    if len(bulk) != len(profiles):
        raise InputError(f"one D_bulk per profile is needed, got {len(bulk)} for {len(profiles)} profiles")
    known = [None if e is None or e.status != "determined" else e for e in bulk]
    for estimate in (carrier_density, *(e for e in known if e is not None)):
        if estimate.status != "determined" or not estimate.value > 0:
            raise InputError("the fit needs a carrier density and diffusion coefficients larger than zero")
    if charge == 0:
        raise InputError("the charge of the ions cannot be zero")
    vacancies, immobile = _determined(vacancy_fraction), _determined(immobile_fraction)
    if vacancies is not None and not 0 < vacancies.value < VACANCY_BOUNDS[1]:
        raise InputError(
            f"the vacancy fraction must lie between 0 and {VACANCY_BOUNDS[1]:g}, got {vacancies.value:g}"
        )
    if immobile is not None and not 0 <= immobile.value < IMMOBILE_BOUND:
        raise InputError(
            f"the immobile fraction must be at least 0 and below {IMMOBILE_BOUND:g}, got {immobile.value:g}"
        )
    shared, names = _shared(profiles, known)
    return FitInputs(carrier_density, charge, shared, names, vacancies, immobile)


def _determined(estimate: Estimate | None) -> Estimate | None:
    return None if estimate is None or estimate.status != "determined" else estimate


def _shared(
    profiles: Sequence[MeasuredProfile], known: Sequence[Estimate | None]
) -> tuple[tuple[Estimate | None, ...], tuple[str, ...]]:
    """D_bulk of every profile, taken over from one at the same temperature, and the quantities' names."""
    groups: list[tuple[Estimate | None, float]] = []
    member = []
    order = sorted(range(len(profiles)), key=lambda k: known[k] is None)
    place: dict[int, int] = {}
    for k in order:
        at, one = profiles[k].temperature.value, known[k]
        for n, (other, temperature) in enumerate(groups):
            near = abs(temperature - at) <= SAME_TEMPERATURE
            same = one is not None and other is not None and one.to_json() == other.to_json()
            if same or (near and one is None):
                place[k] = n
                break
        else:
            place[k] = len(groups)
            groups.append((one, at))
    member = [place[k] for k in range(len(profiles))]
    labels = [
        "bulk_diffusion" if len(groups) == 1
        else f"bulk_diffusion ({', '.join(p.label for p, m in zip(profiles, member, strict=True) if m == n)})"
        for n in range(len(groups))
    ]  # fmt: skip
    return tuple(groups[m][0] for m in member), tuple(labels[m] for m in member)


def item_names(profiles: Sequence[MeasuredProfile]) -> tuple[str, ...]:
    """The foreign ion, with the profile's label where several profiles are of one ion.

    Raises
    ------
    InputError
        If two profiles of one ion have the same label.
    """
    count = Counter(p.foreign_ion for p in profiles)
    names = tuple(
        p.foreign_ion if count[p.foreign_ion] == 1 else f"{p.foreign_ion} ({p.label})" for p in profiles
    )
    if len(set(names)) < len(names):
        raise InputError(f"profiles that are fitted together need different labels, got {', '.join(names)}")
    return names


def entries_of(
    profiles: Sequence[MeasuredProfile], inputs: FitInputs, family: DistributionFamily, items: Sequence[str],
    foreign: Sequence[tuple[float, float]],
) -> tuple[Entry, ...]:  # fmt: skip
    """All quantities of the model: of the distribution, the conductor, and each profile.

    ``foreign``: bounds of ln of each foreign ion's D [m^2/s].
    """
    found = [Entry(p.name, "linear", None, p.start, p.lower, p.upper) for p in family.parameters]
    found.append(_vacancies(inputs.vacancy_fraction, family))
    found.append(_immobile(inputs.immobile_fraction))
    for name in dict.fromkeys(inputs.bulk_names):
        estimate = inputs.bulk_diffusion[inputs.bulk_names.index(name)]
        if estimate is None:
            lowest, highest = DIFFUSION_BOUNDS
            fastest = min(highest, min(high for _, high in foreign) + FASTER)
            found.append(Entry(name, "log", None, min(-41.0, fastest), lowest, fastest))
        else:
            found.append(Entry(name, "log", stated_log(estimate)))
    found += [Entry(f"diffusion_coefficient_foreign {item}", "log", None, (low + high) / 2, low, high)
              for item, (low, high) in zip(items, foreign, strict=True)]  # fmt: skip
    found.append(Entry("carrier_density", "log", stated_log(inputs.carrier_density), instrument=True))
    for k, profile in enumerate(profiles):
        found += _of_instrument(k, profile)
    causes = dict.fromkeys(cause for p in profiles for cause in p.systematic)
    found += [Entry(f"systematic {c}", "linear", Stated(0.0, {c: 1.0}), instrument=True) for c in causes]
    return tuple(found)


def _vacancies(stated: Estimate | None, family: DistributionFamily) -> Entry:
    low, high = (math.log(v) for v in VACANCY_BOUNDS)
    if not family.parameters:
        return Entry("vacancy_fraction", "log", Stated(math.log(0.1), {}))
    if stated is None:
        return Entry("vacancy_fraction", "log", None, math.log(0.1), low, high)
    return Entry("vacancy_fraction", "log", stated_log(stated))


def _immobile(stated: Estimate | None) -> Entry:
    if stated is None:
        return Entry("immobile_fraction", "linear", None, 0.01, 0.0, IMMOBILE_BOUND)
    return Entry("immobile_fraction", "linear", stated_linear(stated))


def _of_instrument(k: int, profile: MeasuredProfile) -> list[Entry]:
    own = f"{profile.source} "
    width, error = profile.resolution
    blur = Stated(NO_BLUR, {})
    if width > 0:
        blur = Stated(math.log(width), {own + "depth resolution": error / width} if error else {})
    return [
        Entry(f"temperature {k}", "log", stated_log(profile.temperature), instrument=True),
        Entry(f"charge {k}", "log", _factor(profile.charge_scale_source, profile.charge_scale_sd),
              instrument=True),
        Entry(f"depth scale {k}", "log", _factor(profile.depth_scale_source, profile.depth_scale_sd),
              instrument=True),
        Entry(f"resolution {k}", "log", blur, instrument=True),
        _scale(f"native scale {k}", own + "native normalisation", profile.native_scale_sd),
        _scale(f"foreign scale {k}", own + "foreign sensitivity",
               profile.foreign_scale_sd if profile.foreign is not None else 0.0),
    ]  # fmt: skip


def _factor(source: str, sd: float) -> Stated:
    return Stated(0.0, {source: sd} if sd else {})


def _scale(name: str, source: str, sd: float) -> Entry:
    if math.isinf(sd):
        return Entry(name, "linear", None, 0.0, -0.9, 9.0, instrument=True)
    return Entry(name, "linear", Stated(0.0, {source: sd} if sd else {}), instrument=True)
