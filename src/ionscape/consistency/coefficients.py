"""Rows of any technique as diffusion coefficients that can be compared: which one, of what, at which T."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ionscape.consistency.effective import FROM_EFFECTIVE
from ionscape.core.coefficient import COLLECTIVE, SINGLE_ION, symbol_of
from ionscape.core.estimate import Estimate, refused
from ionscape.core.nernst_einstein import diffusion_coefficient
from ionscape.core.number_format import format_celsius, format_quantity
from ionscape.core.outcome import Row
from ionscape.core.quantity import dimension_of
from ionscape.core.sample import Sample

Convention = Literal["D_sigma", "2 D*"]

DEFAULT_KINDS: Mapping[str, str] = {
    "tracer": "D*",
    "nmr": "D_NMR",
    "simulated": "D_MD",
    "conductivity": "D_sigma",
    "cait": "D_CAIT",
    "chemical": "D_chemical",
}
"""What the values of an input are, where they do not say so themselves."""

_DIFFUSION, _PERMEABILITY, _CONDUCTIVITY = (dimension_of(u) for u in ("m^2/s", "m/s", "S/m"))
CONDUCTED = {
    "conductivity_bulk": "bulk",
    "conductivity_grain_boundary": "boundary",
    "conductivity_total": "effective",
}
_SHORT = {"bulk": "bulk", "boundary": "gb", "effective": "eff"}
_ENDINGS = (
    "", "_bulk", "_boundary", "_effective", "_conductivity", "_long_time", "_short_time", "_mean",
)  # fmt: skip
"""Of ``diffusion_coefficient``: parts of a decay, axes of a tensor, predictions do not stand for all ions."""
FOREIGN = "diffusion_coefficient_foreign"
"""Of an ion that replaced the carrier: never to be compared with the carrier's own."""
ONE_CRYSTAL = ("glass", "single crystal")


@dataclass(frozen=True, eq=False)
class Coefficient:
    """One diffusion coefficient, named by what it is.

    Attributes
    ----------
    kind : str
        A key of `ionscape.core.coefficient.KINDS`.
    channel : str
        ``bulk``, ``boundary`` (the value is then (l/δ) D_gb) or ``effective``.
    value : Estimate
        [m^2/s]
    temperature : Estimate or None
        [K]
    origin : str
        The row it comes from.
    relation : str
        How it follows from what was measured; empty where it was measured as such.
    """

    kind: str
    channel: str
    value: Estimate
    temperature: Estimate | None
    origin: str
    relation: str = ""

    @property
    def symbol(self) -> str:
        """As printed: ``D*_bulk``, ``D_σ,eff``, ``(l/δ)D*_gb``."""
        return symbol(self.kind, self.channel)

    @property
    def kelvin(self) -> float | None:
        """Temperature [K], None where it is not known."""
        known = self.temperature is not None and self.temperature.status == "determined"
        return self.temperature.value if known and self.temperature is not None else None

    @property
    def of_single_ions(self) -> bool:
        """Whether it counts the ways of single ions, not those of charge."""
        return self.kind in SINGLE_ION


@dataclass(frozen=True)
class Reading:
    """What rows gave.

    Attributes
    ----------
    coefficients : tuple of Coefficient
    left_out : tuple of str
        One sentence for every kind of row that should be a coefficient and cannot be used.
    """

    coefficients: tuple[Coefficient, ...]
    left_out: tuple[str, ...]

    def chosen(self, kinds: Sequence[str], channel: str) -> list[Coefficient]:
        """Those of some kinds and one channel."""
        return [c for c in self.coefficients if c.kind in kinds and c.channel == channel]


@dataclass(frozen=True)
class Terms:
    """How rows are read.

    Attributes
    ----------
    kinds, channels : mapping of str to str
        Input name to kind and channel of the values there that do not say so themselves.
    cait_convention : "D_sigma" or "2 D*"
        What a D_CAIT stands for. Gunawan 2024, eqs 8-9, uses 2 D*, which fixes the Haven ratio at 0.5.
    grain_size, boundary_thickness : Estimate or None
        [m]; the size is the path along the flux per boundary (`grain_size_of`).
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    cait_convention: Convention = "D_sigma"
    grain_size: Estimate | None = None
    boundary_thickness: Estimate | None = None


def symbol(kind: str, channel: str = "") -> str:
    """``D*_bulk``, ``D_σ,eff``, ``(l/δ)D*_gb``."""
    base = symbol_of(kind)
    if not channel:
        return base
    named = f"{base}{',' if '_' in base else '_'}{_SHORT.get(channel, channel)}"
    return f"(l/δ){named}" if channel == "boundary" else named


def ratio_symbol(single: str, collective: str, channel: str) -> str:
    """``D*_gb/D_σ,gb``: l/δ cancels."""
    return "/".join(symbol(kind, channel).removeprefix("(l/δ)") for kind in (single, collective))


def coefficients_of(
    inputs: Mapping[str, Sequence[Row]], sample: Sample, terms: Terms | None = None
) -> Reading:
    """Diffusion coefficients among the rows of a study.

    Parameters
    ----------
    inputs : mapping of str to rows
        Input name ("tracer", "conductivity", "on"...) to rows. Used are diffusion coefficients [m^2/s],
        conductivities of bulk, grain boundaries and the whole [S/m], D_gb/δ [m/s]; all others are ignored.
    sample : Sample
        Its carriers turn conductivities into D_σ (Nernst-Einstein).
    terms : Terms, optional

    Notes
    -----
    Brick layer: L/(R_gb A) is σ_gb l/δ, so that it stands for (l/δ) D_σ,gb; l times D_gb/δ is (l/δ) D*_gb.
    In a glass or a single crystal the total conductivity is that of the bulk.
    """
    agreed = terms or Terms()
    if agreed.grain_size is None:
        agreed = replace(agreed, grain_size=sample.extra.get("grain_size"))
    if agreed.boundary_thickness is None:
        agreed = replace(agreed, boundary_thickness=sample.extra.get("grain_boundary_thickness"))
    found: dict[tuple[object, ...], Coefficient] = {}
    doubts: dict[str, int] = {}
    for name, rows in inputs.items():
        if rows and all(row.quantity == FOREIGN for row in rows):
            doubts[f"{FOREIGN} in {name!r} is of ions that replaced the carrier, not of the carrier"] = 1
        doubled = _written_twice(rows)
        for row in rows:
            made = None if id(row) in doubled else _coefficient(name, row, sample, agreed)
            if isinstance(made, Coefficient):
                found.setdefault(_identity(made, len(found)), made)
            elif made is not None:
                doubts[made] = doubts.get(made, 0) + 1
    ordered = sorted(found.values(), key=lambda c: c.kelvin or 0.0)
    return Reading(tuple(ordered), tuple(_counted(text, n) for text, n in doubts.items()))


def _identity(c: Coefficient, number: int) -> tuple[object, ...]:
    """The same for one value that is named twice, or written as D_gb/δ and as (l/δ) D_gb."""
    if c.value.status != "determined":
        return (number,)
    return (c.kind, c.channel, c.kelvin, f"{c.value.value:.9e}")


def _written_twice(rows: Sequence[Row]) -> set[int]:
    """Ids of rows that another row says: D_gb beside D_gb/δ, and D_gb/δ beside the (l/δ)D_gb it came from."""
    from_effective = [row for row in rows if FROM_EFFECTIVE in row.item]
    has_product = any(row.estimate.dimension == _DIFFUSION and not _is_derived(row) for row in from_effective)
    has_velocity = any(row.quantity.startswith("boundary_permeability") for row in rows)
    twice = [row for row in rows if has_velocity and _is_derived(row)]
    twice += [row for row in from_effective if has_product and row.estimate.dimension == _PERMEABILITY]
    return {id(row) for row in twice}


def _is_derived(row: Row) -> bool:
    """D_gb beside the D_gb/δ that it was made from."""
    return row.quantity.startswith("boundary_diffusion_coefficient")


def _counted(text: str, n: int) -> str:
    return text if n == 1 else f"{text} ({n} values)"


def _coefficient(name: str, row: Row, sample: Sample, terms: Terms) -> Coefficient | str | None:
    """A coefficient, the reason why there is none, or None for a row that is none."""
    dimension = row.estimate.dimension
    if dimension == _CONDUCTIVITY:
        return _of_conductivity(name, row, sample, terms)
    if dimension == _PERMEABILITY and _names_boundary(name, row, terms):
        return _of_permeability(name, row, terms)
    if dimension != _DIFFUSION:
        return None
    if _is_derived(row):
        return _of_boundary_diffusion(name, row, terms)
    if row.quantity != name and row.quantity.removeprefix("diffusion_coefficient") not in _ENDINGS:
        return None
    kind = row.kind or terms.kinds.get(name) or DEFAULT_KINDS.get(name, "")
    channel = row.channel or _channel_in_name(row.quantity) or _stated_channel(name, sample, terms)
    if not kind or not channel:
        return _unsaid(name, row, kind, channel)
    return _by_convention(
        Coefficient(kind, channel, row.estimate, row.temperature, _origin(row, name)), terms
    )


def _names_boundary(name: str, row: Row, terms: Terms) -> bool:
    """Whether a velocity is D_gb/δ; a surface exchange coefficient is one too."""
    said = row.channel or terms.channels.get(name)
    return "boundary_permeability" in (name, row.quantity) or (said == "boundary" and row.quantity == name)


def _channel_in_name(quantity: str) -> str:
    for ending, channel in (("_bulk", "bulk"), ("_effective", "effective")):
        if quantity == f"diffusion_coefficient{ending}":
            return channel
    return ""


def _stated_channel(name: str, sample: Sample, terms: Terms) -> str:
    return terms.channels.get(name) or ("bulk" if sample.morphology in ONE_CRYSTAL else "")


def _unsaid(name: str, row: Row, kind: str, channel: str) -> str:
    what = f"the value stated in {name!r}" if row.quantity == name else f"{row.quantity} in {name!r}"
    lacks, mend = [], []
    if not kind:
        lacks.append("which coefficient it is")
        mend.append(f"'kinds: {{{name}: D*}}' (or D_NMR, D_sigma, D_CAIT, D_chemical, D_MD)")
    if not channel:
        lacks.append("whether it is of the bulk, of the boundaries, or effective over many grains")
        mend.append(f"'channels: {{{name}: effective}}' (or bulk, boundary)")
    return f"{what} does not say {' nor '.join(lacks)}: add {' and '.join(mend)}"


def _origin(row: Row, name: str) -> str:
    if row.quantity == name:
        return f"stated ({name})"
    return f"{row.quantity}, {row.item}" if row.item else row.quantity


# ---- conversions --------------------------------------------------------------------------------------
def _of_conductivity(name: str, row: Row, sample: Sample, terms: Terms) -> Coefficient | str | None:
    channel = row.channel or CONDUCTED.get(row.quantity, "")
    if not channel and row.quantity in (name, "conductivity"):
        channel = _stated_channel(name, sample, terms)
        if not channel:
            return _unsaid(name, row, "D_sigma", "")
    if not channel:
        return None  # conductivity_grain_boundary_specific, conductivity_total_before...
    if channel == "effective" and sample.morphology in ONE_CRYSTAL:
        channel = "bulk"
    value = _nernst_einstein(row, sample)
    relation = "Nernst-Einstein"
    if channel == "boundary":
        relation += "; L/(RA) = σ_gb l/δ (brick layer), n of the bulk"
    return Coefficient("D_sigma", channel, value, row.temperature, _origin(row, name), relation)


def _nernst_einstein(row: Row, sample: Sample) -> Estimate:
    if row.estimate.status in ("undetermined", "refused"):
        return replace(row.estimate, dimension=_DIFFUSION)
    if sample.carrier_density is None or sample.carrier_charge is None:
        return refused(_DIFFUSION, missing_carriers(sample))
    if row.temperature is None or row.temperature.status != "determined":
        return refused(
            _DIFFUSION,
            "the temperature of this conductivity is not known: write e.g. '1.0e-3 S/cm at 22 degC'",
        )
    return diffusion_coefficient(row.estimate, row.temperature, sample.carrier_density, sample.carrier_charge)


def missing_carriers(sample: Sample) -> str:
    """What the sample lacks for Nernst-Einstein, in one sentence; empty if nothing."""
    if sample.carrier_density is None:
        return (
            f"the Nernst-Einstein relation needs the number density of the carriers of sample {sample.name}: "
            "give carrier_density (e.g. 5.0e21 cm^-3), or density, formula and carrier"
        )
    if sample.carrier_charge is None:
        return f"the charge of the carriers of sample {sample.name} is not known: give carrier, e.g. Li+"
    return ""


def _of_permeability(name: str, row: Row, terms: Terms) -> Coefficient | str:
    kind = row.kind or terms.kinds.get(name) or DEFAULT_KINDS.get(name) or "D*"
    if terms.grain_size is None:
        return (
            f"{row.quantity} is D_gb/δ: to compare it with diffusion coefficients it is multiplied by the "
            "grain size l, which the sample does not state: give e.g. 'grain_size: 16 ± 11 um'"
        )
    value = row.estimate * terms.grain_size
    relation = f"(D_gb/δ) l, l = {format_quantity(terms.grain_size, 'um')} along the flux per boundary"
    return Coefficient(kind, "boundary", value, row.temperature, _origin(row, name), relation)


def _of_boundary_diffusion(name: str, row: Row, terms: Terms) -> Coefficient | str:
    kind = row.kind or terms.kinds.get(name) or DEFAULT_KINDS.get(name) or "D*"
    if terms.grain_size is None or terms.boundary_thickness is None:
        return (
            f"{row.quantity} is D_gb itself: to compare it, the sample must state grain_size (l) and "
            "grain_boundary_thickness (δ)"
        )
    value = row.estimate * terms.grain_size / terms.boundary_thickness
    return Coefficient(kind, "boundary", value, row.temperature, _origin(row, name), "D_gb times l/δ")


def _by_convention(coefficient: Coefficient, terms: Terms) -> Coefficient:
    """D_CAIT as D_σ, or as twice D*."""
    if coefficient.kind != "D_CAIT" or terms.cait_convention == "D_sigma":
        return coefficient
    return replace(
        coefficient,
        kind="D*",
        value=coefficient.value / 2.0,
        relation="D_CAIT/2, by the convention D_CAIT = 2 D*",
    )


CAIT_IS_TWICE = (
    "the convention D_CAIT = 2 D* (Gunawan 2024, eqs 8-9) fixes the Haven ratio at 0.5 everywhere: a D* or an"
    " H_R that rests on it is assumed, not measured"
)


def describe(coefficient: Coefficient, unit: str = "cm^2/s") -> str:
    """``D*_eff = (3.0 ± 0.2)×10⁻⁹ cm²/s at 22 °C``."""
    at = f" at {format_celsius(coefficient.kelvin)}" if coefficient.kelvin is not None else ""
    return f"{coefficient.symbol} = {format_quantity(coefficient.value, unit)}{at}"


__all__ = [
    "CAIT_IS_TWICE",
    "COLLECTIVE",
    "DEFAULT_KINDS",
    "SINGLE_ION",
    "Coefficient",
    "Convention",
    "Reading",
    "Terms",
    "coefficients_of",
    "describe",
    "missing_carriers",
    "ratio_symbol",
    "symbol",
]
