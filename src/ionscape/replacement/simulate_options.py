"""The fields a study may set for `replacement.simulate`; errors are found when the study is loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, model_validator

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel, Fraction, Length, positive
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.replacement.programme_text import StatedStage, checked_ion, stated_stages

DistributionName = Literal["gaussian", "exponential tails", "constant"]
DISTRIBUTIONS = get_args(DistributionName)
MOST_MIXINGS = 6


@dataclass(frozen=True)
class StatedIon:
    """What a study says of a foreign ion.

    Attributes
    ----------
    text : str
        As written.
    ratio : Quantity or None
        D of the foreign ion over D_bulk of the native one.
    fwhm : Quantity or None
        Of its own site energies; None: that of the native ion.
    activation_energy : Quantity or None
        Of its D; None: that of the native ion, so that the ratio does not depend on temperature.
    """

    text: str
    ratio: Quantity | None = None
    fwhm: Quantity | None = None
    activation_energy: Quantity | None = None


@dataclass(frozen=True)
class StatedGaussian:
    """One of several Gaussians: its share of the sites, its mean and its full width at half maximum."""

    text: str
    share: Quantity
    mean: Quantity
    fwhm: Quantity


@dataclass(frozen=True)
class MixingTime:
    """Time in which the site energies of two ions mix: ``never`` (inf), ``at once`` (0), or between."""

    text: str
    seconds: float


@dataclass(frozen=True)
class StatedCounting:
    """How a profile will be counted, for telling two predictions apart.

    Attributes
    ----------
    text : str
        As written.
    native, foreign : float
        Counts per slice at the bulk density, and where an ion has replaced all others.
    slice, resolution : float
        [m] thickness of a slice, 1 SD of the depth resolution.
    depth_error, scale_error : float
        Relative 1 SD of all depths together, and of each ion's normalisation.
    """

    text: str
    native: float = 15000.0
    foreign: float = 15000.0
    slice: float = 0.5e-9
    resolution: float = 1.0e-9
    depth_error: float = 0.01
    scale_error: float = 0.01


_ION_FIELDS = {"ratio": "fraction", "fwhm": "energy", "activation_energy": "energy"}
_GAUSSIAN_FIELDS = {"share": "fraction", "mean": "energy", "fwhm": "energy"}
_COUNTING_FIELDS = {"native": "fraction", "foreign": "fraction", "slice": "length", "resolution": "length",
                    "depth_error": "fraction",
                    "scale_error": "fraction"}  # fmt: skip


def _words(value: Any) -> str:
    return str(getattr(value, "text", None) or value)


def _stages(value: Any) -> tuple[StatedStage, ...]:
    stages = value if isinstance(value, (list, tuple)) else [value]
    if any(isinstance(stage, Mapping) and stage.get("current_file") for stage in stages):
        raise InputError("a logged current belongs to a measurement: state its mean here")
    found = stated_stages(value)
    for stage in found:
        if stage.surface == "blocking" and stage.control != "rest":
            raise InputError(f"{stage.text!r}: name the ion that enters; here ions are replaced")
    return found


def _ions(value: Any) -> dict[str, StatedIon]:
    """``{Rb+: 1.94e-4, Cs+: {ratio: 4.5e-5 ± 1e-6, fwhm: 200 meV}}``."""
    if not isinstance(value, Mapping):
        raise InputError(f"expected ions and their ratios such as '{{Rb+: 1.94e-4}}', got {value!r}")
    return {checked_ion(name): _ion(str(name), stated) for name, stated in value.items()}


def _ion(name: str, stated: Any) -> StatedIon:
    if isinstance(stated, StatedIon):
        return stated
    if not isinstance(stated, Mapping):
        return StatedIon(_words(stated), _quantity(stated, "fraction", f"{name}: ratio"))
    _only(stated, _ION_FIELDS, name)
    found = {key: _quantity(text, _ION_FIELDS[key], f"{name}: {key}") for key, text in stated.items()}
    return StatedIon(_as_text(stated), **found)


def _distribution(value: Any) -> Any:
    """A name, or Gaussians such as ``[{share: 70 %, mean: 0 meV, fwhm: 200 meV}, ...]``."""
    if not isinstance(value, (list, tuple)):
        if value not in DISTRIBUTIONS:
            raise InputError(f"expected {', '.join(DISTRIBUTIONS)} or a list of Gaussians, got {value!r}")
        return value
    if len(value) < 2:
        raise InputError("a sum of Gaussians needs at least two; for one, state site_energy_fwhm")
    return tuple(_gaussian(stated) for stated in value)


def _gaussian(stated: Any) -> StatedGaussian:
    if isinstance(stated, StatedGaussian):
        return stated
    if not isinstance(stated, Mapping) or set(stated) != set(_GAUSSIAN_FIELDS):
        raise InputError(f"expected e.g. '{{ share: 70 %, mean: 0 meV, fwhm: 200 meV }}', got {stated!r}")
    mean = parse_quantity(_words(stated["mean"]), "energy")
    share, fwhm = (_quantity(stated[key], _GAUSSIAN_FIELDS[key], key) for key in ("share", "fwhm"))
    return StatedGaussian(_as_text(stated), share, mean, fwhm)


def _mixing(value: Any) -> tuple[MixingTime, ...]:
    """``never``, ``at once``, ``1 d``, or a list of them."""
    texts = value if isinstance(value, (list, tuple)) else [value]
    found = tuple(_mixing_time(text) for text in texts)
    if len({time.seconds for time in found}) < len(found):
        raise InputError("the intermixing times must differ from each other")
    if not 1 <= len(found) <= MOST_MIXINGS:
        raise InputError(f"give 1 to {MOST_MIXINGS} intermixing times, got {len(found)}")
    return found


def _mixing_time(value: Any) -> MixingTime:
    if isinstance(value, MixingTime):
        return value
    text = _words(value).strip()
    if text.lower() in ("never", "at once"):
        return MixingTime(text.lower(), math.inf if text.lower() == "never" else 0.0)
    try:
        return MixingTime(text, _quantity(text, "time", "intermixing_time").value)
    except InputError as error:
        raise InputError(f"expected 'never', 'at once' or a time such as '1 d', got {text!r}") from error


def _counting(value: Any) -> StatedCounting:
    """``{native: 15000, foreign: 15000, slice: 0.5 nm, resolution: 1 nm}``."""
    if isinstance(value, StatedCounting):
        return value
    if not isinstance(value, Mapping):
        raise InputError(
            f"expected e.g. '{{ native: 15000, foreign: 15000, slice: 0.5 nm }}', got {value!r}"
        )
    _only(value, _COUNTING_FIELDS, "counting")
    found = {
        key: _quantity(text, _COUNTING_FIELDS[key], f"counting: {key}", zero=key not in _NOT_ZERO).value
        for key, text in value.items()
    }
    return StatedCounting(_as_text(value), **found)


_NOT_ZERO = ("native", "foreign", "slice")


def _quantity(value: Any, dimension: str, what: str, *, zero: bool = False) -> Quantity:
    found = parse_quantity(_words(value), dimension)
    if not (found.value > 0 or (zero and found.value == 0)):
        raise InputError(f"{what}: must be {'at least' if zero else 'larger than'} zero, got {found.text!r}")
    return found


def _only(value: Mapping[Any, Any], known: Mapping[str, str], what: str) -> None:
    for key in value:
        if key not in known:
            raise InputError(f"{what}: unknown key {key!r}, there are {', '.join(known)}")


def _as_text(value: Mapping[Any, Any]) -> str:
    return ", ".join(f"{key}: {_words(text)}" for key, text in value.items())


def _times(value: Any) -> tuple[Quantity, ...]:
    texts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_quantity(text, "time", "save_at") for text in texts)


def _read_by(read: Callable[[Any], Any]) -> PlainValidator:
    return PlainValidator(read)


class SimulateOptions(FieldModel):
    """Of `replacement.simulate`.

    The inputs: ``conductivity`` (or ``bulk_diffusion``), ``site_energy_fwhm``, ``vacancy_fraction`` and
    ``diffusion_ratio`` refer to results or state values.
    """

    programme: Annotated[tuple[StatedStage, ...], _read_by(_stages)] = Field(
        description="stages in order: 'Rb+ 243 nA/cm^2 for 24 h at 70 degC', 'Cs+ 5 V for 24 h at 70 degC', "
        "'rest for 30 d at 22 degC'"
    )
    ions: Annotated[dict[str, StatedIon], _read_by(_ions)] = Field(
        default_factory=dict,
        description="D of each foreign ion over that of the native one, e.g. {Rb+: 1.94e-4 ± 0.05e-4}, where "
        "diffusion_ratio does not give it; or {Rb+: {ratio: 1.94e-4, fwhm: 250 meV, activation_energy: "
        "0.9 eV}}: an ion that arrived before another has site energies too, as wide as the native ion's "
        "unless stated",
    )
    native_ion: str = Field("", description="the sample's carrier unless given")
    distribution: Annotated[DistributionName | tuple[StatedGaussian, ...], _read_by(_distribution)] = Field(
        "gaussian", description="of the site energies, as wide as site_energy_fwhm: 'gaussian', 'exponential "
        "tails' (see lower_share), 'constant' (D does not depend on filling), or a sum of Gaussians with "
        "their own widths: [{share: 70 %, mean: 0 meV, fwhm: 200 meV}, {share: 30 %, ...}]"
    )  # fmt: skip
    lower_share: Fraction | None = Field(
        None, description="of 'exponential tails': the share of the width that lies below the peak; 100 %, a "
        "sharp upper edge, if not given"
    )  # fmt: skip
    filling: Literal["zero temperature", "Fermi-Dirac"] = Field(
        "zero temperature", description="of the site energies: sharp, or smeared by the temperature"
    )
    immobile_fraction: Fraction | None = Field(
        None, description="share of the native ions that can never move; none unless given"
    )
    intermixing_time: Annotated[tuple[MixingTime, ...], _read_by(_mixing)] = Field(
        (MixingTime("never", math.inf),),
        description="in which the site energies of native and foreign ions mix: 'never', 'at once', a time "
        "such as '1 d', or a list of them to compare",
    )
    description: Literal["electroneutral", "Nernst-Planck-Poisson", "both"] = Field(
        "electroneutral", description="the film without excess charge (fast), with Poisson's equation, or "
        "both compared"
    )  # fmt: skip
    activation_energy: Annotated[Quantity, positive("energy")] | None = Field(
        None, description="of the native ion's D_bulk, for stages at other temperatures than the first; from "
        "the inputs where they hold several temperatures"
    )  # fmt: skip
    cells: int = Field(600, ge=100, le=20000, description="of the mesh, which is graded to the front")
    film_depth: Length | None = Field(
        None, description="depth of the film that is computed, in equal cells; found from the charge, with "
        "cells graded to the fronts, unless given"
    )  # fmt: skip
    save_at: Annotated[tuple[Quantity, ...], _read_by(_times)] = Field(
        (), description="times from the start at which profiles are drawn besides the ends of the stages"
    )
    counting: Annotated[StatedCounting, _read_by(_counting)] = Field(
        StatedCounting("default"),
        description="how the profile will be measured, which says whether two intermixing times can be told "
        "apart: counts per slice 'native' and 'foreign' (15000), 'slice' (0.5 nm), 'resolution' (1 nm), "
        "'depth_error' and 'scale_error' (relative, 1 %)",
    )

    @model_validator(mode="after")
    def _complete(self) -> SimulateOptions:
        if self.native_ion:
            checked_ion(self.native_ion)
        if self.distribution != "exponential tails" and self.lower_share is not None:
            raise InputError("lower_share belongs to distribution 'exponential tails'")
        return self


__all__ = ["MixingTime", "SimulateOptions", "StatedCounting", "StatedGaussian", "StatedIon"]
