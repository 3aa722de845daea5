"""What a heading of a tracer profile, an isotope image or an echo decay says: quantity and unit."""

from __future__ import annotations

import re
from functools import lru_cache

from ionscape.core import measurement as m
from ionscape.read.columns import SWEEP, TEMPERATURE, UNIT_PLACES, Heading, heading, plain_text
from ionscape.read.isotope_names import ISOTOPE, isotopes_in, without_isotopes

UNCERTAINTY = "uncertainty"  # of the fraction or the intensity, whichever the table holds
SECOND_POSITION = "y"  # of a table of pixels
RATE = "rate_"  # counts per second, with the isotope

LENGTH, DURATION, SLOPE, B, SHARE = "length", "duration", "gradient", "b-value", "fraction"
_SCALES: dict[str, dict[str, float]] = {
    LENGTH: {
        **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
        **dict.fromkeys(("cm", "centimetre", "centimeter"), 1e-2),
        **dict.fromkeys(("mm", "millimetre", "millimeter"), 1e-3),
        **dict.fromkeys(("um", "μm", "micron", "microns", "micrometre", "micrometer"), 1e-6),
        **dict.fromkeys(("nm", "nanometre", "nanometer"), 1e-9),
        **dict.fromkeys(("å", "angstrom", "ångström"), 1e-10),
    },
    DURATION: {
        **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
        **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
        **dict.fromkeys(("us", "μs", "usec", "microsecond", "microseconds"), 1e-6),
        **dict.fromkeys(("min", "minute", "minutes"), 60.0),
        **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    },
    SLOPE: {"t/m": 1.0, "mt/m": 1e-3, "g/cm": 1e-2, "gauss/cm": 1e-2, "g/m": 1e-4, "t/cm": 1e2, "%": 1.0},
    B: {"s/m2": 1.0, "s/mm2": 1e6, "s/cm2": 1e4, "s/um2": 1e12, "ms/um2": 1e9},
    SHARE: {"%": 1e-2, "at%": 1e-2, "percent": 1e-2, "1": 1.0},
}
_WORDS = {
    m.POSITION: """x z position pos depth distance penetrationdepth tiefe distancefromsurface depthfromsurface
        crosssection linescan""",
    SECOND_POSITION: "y",
    m.FRACTION_UNCERTAINTY: "dc uc sc δc",
    m.INTENSITY_UNCERTAINTY: "di ui si",
    m.SPUTTER_TIME: "sputtertime sputtime sputteringtime erosiontime etchtime time t sputterzeit",
    m.FRACTION: """c fraction isotopefraction isotopicfraction tracerfraction isotopeconcentration
        isotopicconcentration normalisedconcentration normalizedconcentration concentration abundance
        isotopicabundance enrichment atomfraction molefraction""",
    m.GRADIENT: """g gz gradient gradientstrength gradientamplitude gradstrength gradients gradientfield
        fieldgradient pfgstrength""",
    m.GRADIENT_PULSE: """littledelta smalldelta gradientpulse pulselength pulseduration gradientduration
        gradientpulselength gradientpulseduration gradientlength ld""",
    m.DIFFUSION_TIME: "bigdelta largedelta diffusiontime diffusiondelay bd observationtime",
    m.B_VALUE: "b bvalue bfactor",
    m.INTENSITY: """i s e intensity signal integral echo echointensity amplitude area attenuation i/i0 s/s0
        e/e0 signalintensity echoattenuation normalisedintensity normalizedintensity magnitude""",
}
_DIMENSION = {
    m.POSITION: LENGTH,
    SECOND_POSITION: LENGTH,
    m.SPUTTER_TIME: DURATION,
    m.FRACTION: SHARE,
    m.GRADIENT: SLOPE,
    m.GRADIENT_PULSE: DURATION,
    m.DIFFUSION_TIME: DURATION,
    m.B_VALUE: B,
}
_EXACT_UNITS = {
    m.POSITION: "metre",
    m.SPUTTER_TIME: "second",
    m.GRADIENT: "T/m",
    m.GRADIENT_PULSE: "second",
    m.DIFFUSION_TIME: "second",
    m.B_VALUE: "s/m2",
}
_EXACT = {
    *_EXACT_UNITS,
    m.FRACTION,
    m.FRACTION_UNCERTAINTY,
    m.INTENSITY,
    m.INTENSITY_UNCERTAINTY,
    m.GRAIN_LABELS,
    m.BOUNDARY_MASK,
}
_QUANTITY_OF_WORD = {word: quantity for quantity, words in _WORDS.items() for word in words.split()}
# The two deltas of Stejskal and Tanner differ by their size alone.
_DELTAS = {
    "δ": m.GRADIENT_PULSE,
    "delta": m.GRADIENT_PULSE,
    "Δ": m.DIFFUSION_TIME,
    "Delta": m.DIFFUSION_TIME,
    "DELTA": m.DIFFUSION_TIME,
}
_LABELS = {"label", "profile", "peak", "region", "sample", "site", "name", "sweep", "series", "nucleus"}
_UNCERTAIN = re.compile(
    r"uncertainty|uncertainties|error|stderr|std(?:dev|ev)?|standarddeviation|sd|sigma|σ|±|\+/-|unsicherheit|err"
)
_COUNT_WORDS = re.compile(
    r"[\s_()\[\]/,;:.{}|-]|counts?|cts|intensity|intensities|int|signal|ions?|raw|total|sum|image|map|number|of|i|n",
    re.IGNORECASE,
)
RATE_UNIT = re.compile(
    r"\bcps\b|(?:counts?|cts|c)\s*(?:/\s*s|\s+s\s*\^?-1|\s*per\s*second)|_cps\b", re.IGNORECASE
)


def needs_unit(quantity: str) -> bool:
    """Whether numbers of this quantity mean nothing without a unit."""
    return _DIMENSION.get(quantity, SHARE) != SHARE


@lru_cache(maxsize=512)
def quantity_heading(cell: str, unit: str = "") -> Heading | None:
    """The meaning of a heading, or None if it is none of those that matter here.

    Parameters
    ----------
    cell : str
        E.g. ``"depth (nm)"``, ``"I(7Li)"``, ``"6Li/(6Li+7Li)"``, ``"g / G cm^-1"``, ``"b_value_s_per_mm2"``.
    unit : str
        From a row of units below the headings.

    Returns
    -------
    Heading or None
        With the quantity as `ionscape.core.measurement` names it, `SWEEP`, `TEMPERATURE`, `UNCERTAINTY` (of
        whatever the table holds), or `RATE` and an isotope; ``unit`` empty if none is stated.
    """
    text = plain_text(cell.strip().strip('"').strip())
    lower = text.lower()
    if lower in _EXACT:
        return Heading(lower, unit=_EXACT_UNITS.get(lower, "1"))
    return _of_isotope(text, unit) or _of_words(text, plain_text(unit)) or _of_table(cell, unit)


def is_quantity_unit_row(cells: list[str]) -> bool:
    """Whether a row holds nothing but units: ``nm``, ``counts``, ``s/m2``."""
    words = [plain_text(cell).strip("[]() ") for cell in cells if cell.strip()]
    known = [word for word in words if word in ("a.u.", "counts", "-", "1") or _dimensions(word)]
    return len(words) >= 2 and len(known) >= 0.6 * len(words)


def _of_isotope(text: str, unit: str) -> Heading | None:
    isotopes = isotopes_in(text)
    if not isotopes:
        return None
    rest = without_isotopes(text)
    word = re.sub(r"[^a-zσ±+/-]", "", rest.lower())
    if _UNCERTAIN.search(word):
        return Heading(m.FRACTION_UNCERTAINTY) if "fraction" in word or len(isotopes) > 1 else None
    if len(isotopes) > 1 or "fraction" in word or "abundance" in word or "enrichment" in word:
        # 6Li/(6Li+7Li) names one of them twice; 6Li/7Li is a ratio, no fraction
        shared = len(isotopes) == 1 or len(ISOTOPE.findall(text)) > len(isotopes)
        return _fraction(text, unit) if shared else None
    if RATE_UNIT.search(rest) or RATE_UNIT.search(unit):
        return Heading(RATE + isotopes[0])
    return None if _COUNT_WORDS.sub("", rest) else Heading(m.COUNTS + isotopes[0], unit="1")


def _fraction(text: str, unit: str) -> Heading:
    percent = "%" in text or "%" in unit
    return Heading(m.FRACTION, 1e-2 if percent else 1.0, 0.0, "%" if percent else "1")


def _of_words(text: str, unit_below: str) -> Heading | None:
    for name, unit in _split(text, unit_below):
        quantity = _quantity(name)
        if quantity is None:
            continue
        dimension = _DIMENSION.get(quantity)
        if dimension is None:  # intensities, labels and uncertainties take any unit, or none
            factor = (
                1e-2 if quantity in (UNCERTAINTY, m.FRACTION_UNCERTAINTY) and unit.strip() == "%" else 1.0
            )
            return Heading(quantity, factor, 0.0, unit)
        if not unit:
            return Heading(quantity, unit="1" if dimension == SHARE else "")
        if dimension in (found := _dimensions(unit)):
            return Heading(quantity, found[dimension], 0.0, unit)
    return None


def _of_table(cell: str, unit: str) -> Heading | None:
    """The temperature and the number of a sweep, as tables of impedance have them too."""
    found = heading(cell, unit)
    return found if found is not None and found.quantity in (TEMPERATURE, SWEEP) else None


def _split(text: str, unit_below: str) -> list[tuple[str, str]]:
    """The ways to read a text as a name and a unit; the whole of it as a name comes last."""
    text = re.sub(r"_per_", "/", text)
    pairs = [(match[1], match[2]) for pattern in UNIT_PLACES if (match := pattern.fullmatch(text))]
    named = re.fullmatch(r"(.*?)[\s_]+(?:in|per)[\s_]+(\S+)", text)
    pairs += [(named[1], named[2])] if named else []
    known = [(name, unit) for name, unit in pairs if _dimensions(unit)]
    return [*known, (text, unit_below), *(pair for pair in pairs if pair not in known)]


def _dimensions(unit: str) -> dict[str, float]:
    """The kinds of unit that a text may be, with the factor to SI."""
    squeezed = re.sub(r"[\s·*^⋅()\[\]]|(?<=t)\.(?=%)", "", unit.lower())
    squeezed = re.sub(
        r"(cm|mm|um|μm|m)-([12])$", lambda found: f"/{found[1]}{found[2]}".removesuffix("1"), squeezed
    )
    squeezed = re.sub(r"(?<=[um])μ|μ(?=m2)", "u", squeezed)
    return {kind: scales[squeezed] for kind, scales in _SCALES.items() if squeezed in scales}


def _quantity(name: str) -> str | None:
    name = name.strip()
    if name in _DELTAS:
        return _DELTAS[name]
    key = re.sub(r"[\s_.()\[\]-]", "", name.lower())
    if key in _LABELS:
        return SWEEP
    if key in _QUANTITY_OF_WORD:
        return _QUANTITY_OF_WORD[key]
    whole = _UNCERTAIN.sub("", key)
    if whole == key:
        return None
    of = _QUANTITY_OF_WORD.get(re.sub(r"of$|^of|^u$|^d(?=c$)", "", whole))
    return {m.FRACTION: m.FRACTION_UNCERTAINTY, m.INTENSITY: m.INTENSITY_UNCERTAINTY}.get(
        of or "",
        UNCERTAINTY if whole in ("", "1", "of") else None,
    )
