"""The samples of a study: fields, plausibility, and estimates whose uncertainty all results share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact, measured
from ionscape.core.formula import atoms, ions_per_mass, parse_ion
from ionscape.core.quantity import Quantity, dimension_of
from ionscape.core.sample import Sample, disc_area
from ionscape.study.problems import Place, Problems, listed
from ionscape.study.validation import Fields, quantity, validated


def _text(value: Any, check: Callable[[str], object]) -> str:
    if not isinstance(value, str):
        raise InputError(f"expected a text, got {value!r}")
    check(value)
    return value


def _of(dimension: str) -> BeforeValidator:
    return BeforeValidator(lambda value: quantity(value, dimension))


Length = Annotated[Quantity, _of("length")]


class SampleFields(Fields):
    """What a study may say about a sample.

    Quantities are texts with a unit and, if known, an uncertainty: ``0.210 ± 0.002 cm``. ``morphology``
    says whether grain boundaries are possible: a lone arc of a glass or single crystal is then its bulk.
    ``permittivity`` is the relative one of the bulk, at low frequency but above that of the electrodes.
    """

    formula: Annotated[str, BeforeValidator(lambda value: _text(value, atoms))] = ""
    carrier: Annotated[str, BeforeValidator(lambda value: _text(value, parse_ion))] = ""
    carrier_density: Annotated[Quantity, _of("number density")] | None = None
    density: Annotated[Quantity, _of("density")] | None = None
    thickness: Length | None = None
    thickness_before: Length | None = None
    thickness_after: Length | None = None
    diameter: Length | None = None
    area: Annotated[Quantity, _of("area")] | None = None
    grain_size: Length | None = None
    grain_boundary_thickness: Length | None = None
    porosity: Annotated[Quantity, _of("fraction")] | None = None
    permittivity: Annotated[Quantity, _of("fraction")] | None = None
    morphology: Literal["", "glass", "single crystal", "polycrystalline"] = ""
    sure: tuple[str, ...] = ()


_GEOMETRY = ("thickness", "thickness_before", "thickness_after", "diameter", "area")
_CARRIED_ALONG = ("density", "grain_size", "grain_boundary_thickness", "porosity", "permittivity")
_QUANTITIES = (*_GEOMETRY, "carrier_density", *_CARRIED_ALONG)

# Plausible range in SI, and in words.
_RANGES: dict[str, tuple[float, float, str]] = {
    "thickness": (1e-9, 0.1, "1 nm to 10 cm"),
    "thickness_before": (1e-9, 0.1, "1 nm to 10 cm"),
    "thickness_after": (1e-9, 0.1, "1 nm to 10 cm"),
    "diameter": (1e-6, 0.5, "1 um to 50 cm"),
    "area": (1e-12, 0.2, "1 um^2 to 2000 cm^2"),
    "grain_size": (1e-10, 0.1, "1 angstrom to 10 cm"),
    "grain_boundary_thickness": (1e-11, 1e-3, "0.1 angstrom to 1 mm"),
    "density": (50.0, 25000.0, "0.05 to 25 g/cm^3"),
    "permittivity": (1.0, 1e5, "1 to 1e5 (it is relative to that of the vacuum)"),
    "carrier_density": (1e16, 3e29, "1e10 to 3e23 cm^-3 (no solid holds more atoms)"),
}


def read_samples(
    title: str, content: Mapping[str, Any], problems: Problems
) -> tuple[dict[str, Sample], list[str]]:
    """All samples, and what they leave unsaid; what is wrong goes to ``problems``."""
    samples: dict[str, Sample] = {}
    bare: dict[str, list[str]] = {}
    for name, fields in content.items():
        place: Place = ("samples", name)
        if fields is not None and not isinstance(fields, dict):
            problems.add(place, "expected the sample's fields, e.g. 'thickness: 2 mm'")
            continue
        found = validated(SampleFields, fields or {}, place, problems)
        if found is None:
            continue
        _question(found, place, problems)
        sample = _sample(title, name, found, place, problems)
        if sample is not None and not problems.within(place):
            samples[name] = sample
            bare.setdefault(_exact(found), []).append(name)
    return samples, _unsaid(bare)


def _question(found: SampleFields, place: Place, problems: Problems) -> None:
    for field in found.sure:
        if field not in _QUANTITIES:
            problems.add((*place, "sure"), f"{field!r} is no quantity of a sample")
    for field in _QUANTITIES:
        value: Quantity | None = getattr(found, field)
        if value is None:
            continue
        complaint = _complaint(field, value, field in found.sure)
        if complaint:
            problems.add((*place, field), complaint)
    if found.diameter is not None and found.area is not None:
        problems.add((*place, "area"), "give either diameter or area, not both")


def _complaint(field: str, value: Quantity, sure: bool) -> str:
    if field == "porosity":
        return "" if 0 <= value.value < 1 else f"must be between 0 and 1 (or 100 %), got {value.text!r}"
    if value.value <= 0:
        return f"must be larger than zero, got {value.text!r}"
    if field == "permittivity" and value.value < 1:
        return f"a relative permittivity cannot be below 1, got {value.text!r}"
    if sure:
        return ""
    low, high, words = _RANGES[field]
    anyway = f"; if it is so, add 'sure: [{field}]' to the sample"
    if not low <= value.value <= high:
        return f"{value.text!r} lies outside {words}: check the number and its unit{anyway}"
    if field in _GEOMETRY and value.uncertainty is not None and value.uncertainty > value.value / 2:
        return f"the uncertainty in {value.text!r} is more than half of the value: check it{anyway}"
    return ""


def _sample(title: str, name: str, found: SampleFields, place: Place, problems: Problems) -> Sample | None:
    if problems.within(place):
        return None
    estimates: dict[str, Estimate] = {}
    for field in _QUANTITIES:
        value: Quantity | None = getattr(found, field)
        if value is not None:
            estimates[field] = measured(value.value, value.uncertainty or 0.0, value.dimension,
                                        source=f"{title}/samples.{name}.{field}")  # fmt: skip
    area = disc_area(estimates["diameter"]) if "diameter" in estimates else estimates.get("area")
    return Sample(
        name,
        thickness=estimates.get("thickness"),
        thickness_before=estimates.get("thickness_before"),
        thickness_after=estimates.get("thickness_after"),
        area=area,
        formula=found.formula,
        carrier=found.carrier,
        carrier_charge=parse_ion(found.carrier).charge if found.carrier else None,
        carrier_density=estimates.get("carrier_density") or _carriers(found, estimates, place, problems),
        extra={field: estimates[field] for field in _CARRIED_ALONG if field in estimates},
        morphology=found.morphology,
    )


def _carriers(
    found: SampleFields, estimates: Mapping[str, Estimate], place: Place, problems: Problems
) -> Estimate | None:
    """n = rho N_A nu / M: all ions of the carrier's kind."""
    if not (found.carrier and found.formula):
        return None
    try:
        per_mass = ions_per_mass(found.formula, parse_ion(found.carrier).element)
    except InputError as error:
        problems.add((*place, "carrier"), str(error))
        return None
    density = estimates.get("density")
    return None if density is None else density * exact(per_mass, dimension_of("1/kg"))


def _exact(found: SampleFields) -> str:
    """The geometry stated without an uncertainty, in words."""
    bare = [f for f in _GEOMETRY if (value := getattr(found, f)) is not None and value.uncertainty is None]
    return " and ".join(filter(None, [", ".join(bare[:-1]), *bare[-1:]]))


def _unsaid(bare: Mapping[str, list[str]]) -> list[str]:
    return [f"{fields} of {listed(names)} stated without an uncertainty and taken as exact: intervals of "
            "conductivities are too narrow by it" for fields, names in bare.items() if fields]  # fmt: skip
