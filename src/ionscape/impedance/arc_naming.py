"""What an arc is: bulk, grain boundary, interface or electrode, with a confidence and the reasons in words.

Every way of naming the arcs that respects their order in frequency is given a likelihood: how well each
capacitance fits the range of its kind (as permittivity for bulk and boundary, per electrode area for
interface and electrode), the ratio of boundary to bulk capacitance (grain size over boundary width in the
brick-layer model), the exponent, and how steady the capacitance stays over temperature. The confidence in a
name is its share in the sum over all namings.

Ranges: J. T. S. Irvine, D. C. Sinclair and A. R. West, Adv. Mater. 2, 132 (1990), table 1, taken over to the
sample's own geometry where it is known.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from ionscape.core.errors import InputError
from ionscape.core.number_format import format_number
from ionscape.core.serial import storable

BULK, BOUNDARY, UNRESOLVED = "bulk", "grain boundary", "bulk and grain boundary"
INTERFACE, ELECTRODE = "interface", "electrode"
NORMAL = NormalDist()
NAMES = (BULK, BOUNDARY, UNRESOLVED, INTERFACE, ELECTRODE)

# eps_r of ionic solids; a boundary that appears alone; a double layer or reaction per electrode area [F/m^2].
PERMITTIVITY = {BULK: (5.0, 200.0), BOUNDARY: (60.0, 1e5), UNRESOLVED: (5.0, 3e3)}
AREAL_CAPACITANCE = {INTERFACE: (1e-5, 1e-3), ELECTRODE: (1e-3, 10.0)}
BOUNDARY_RATIO = (2.5, 1e4)  # C_gb/C_bulk: grain size over boundary width
EDGE = 0.2  # decades over which a range fades, geometry known
EDGE_TYPICAL = 0.3  # and for a typical pellet, geometry not known
# F, of a typical pellet, geometry not known (Irvine, Sinclair and West, Adv. Mater. 2, 132 (1990)).
TYPICAL = {
    BULK: (1e-12, 1e-10), BOUNDARY: (1e-11, 1e-8), UNRESOLVED: (1e-12, 1e-8), INTERFACE: (1e-9, 1e-7),
    ELECTRODE: (1e-7, 1e-5),
}  # fmt: skip
# Spread of log10 C over a temperature series that would not surprise.
STEADINESS = {BULK: 0.12, BOUNDARY: 0.2, UNRESOLVED: 0.2, INTERFACE: 0.3, ELECTRODE: 0.4}
RARER = {INTERFACE: 0.2}  # odds of a surface or reaction layer against the other kinds
REPEATED = 0.1  # odds that two arcs are of one kind
OTHER = 0.02  # odds that the tables above do not hold for an arc
DECADES = 14.0  # over which such an arc may lie
PRIOR_UNRESOLVED = {True: 0.4, False: 0.15, None: 0.25}  # polycrystalline: known, known not, not known
# Share of the odds for a lone bulk arc that boundaries of the same relaxation time may be hidden in it.
HIDDEN_BOUNDARY = {True: 0.95, False: 0.0, None: 0.85}
NO_GRAINS = 1e-3  # odds of boundaries in a glass or a single crystal
ARC_ABOVE = 0.1  # odds of "bulk" where a part of the sample relaxes above the window
# Where ranges overlap, C_gb is hardly larger than C_bulk, or the fit misses structure.
MOST_CONFIDENT = 0.9
CLOSE_RATIO = 10.0  # C_gb/C_bulk below which the two kinds are not plainly apart
# An arc above all windows: nothing but its place tells, and what is too fast to see is mostly the bulk.
TOO_FAST = {BULK: 1.0, UNRESOLVED: 1.0, BOUNDARY: 0.2, INTERFACE: 0.1, ELECTRODE: 0.05}
UNSEEN_CONFIDENCE = 0.6  # of an arc whose apex is in no spectrum


@dataclass(frozen=True)
class ArcFacts:
    """What naming needs to know of one arc over a series.

    Attributes
    ----------
    label : str
        ``"arc 1"``, as the report calls it.
    capacitance : float
        Geometric mean over the series [F].
    decades_uncertain : float
        Standard uncertainty of its log10.
    decades_spread : float
        Standard deviation of log10 C over the series; nan for one temperature.
    exponent : float
        Mean alpha.
    apex_seen : bool
        Whether its apex lies in the window of at least one spectrum: else its capacitance is not quoted.
    too_fast : bool
        Whether its apex lies above the window in all spectra: then its capacitance is no evidence.
    """

    label: str
    capacitance: float
    decades_uncertain: float = 0.05
    decades_spread: float = math.nan
    exponent: float = 0.9
    apex_seen: bool = True
    too_fast: bool = False


@storable
@dataclass(frozen=True)
class ArcName:
    """The name of one arc.

    Attributes
    ----------
    label : str
    name : str
        One of `NAMES`; a second arc of one kind is numbered ("interface 2").
    confidence : float
        Probability of the name under the tables above; 1 where the user gave it.
    reasons : tuple of str
    rival : str
        Boundary or interface, where the capacitance lies in the ranges of both; else empty.
    """

    label: str
    name: str
    confidence: float
    reasons: tuple[str, ...]
    rival: str = ""

    @property
    def slug(self) -> str:
        """As used in quantities: ``grain_boundary``."""
        return self.name.replace(" ", "_")


def name_arcs(
    arcs: Sequence[ArcFacts], *, reference_capacitance: float | None = None, area: float | None = None,
    polycrystalline: bool | None = None, chosen: Mapping[str, str] | None = None, arc_above: bool = False,
    structured: bool = False,
) -> tuple[ArcName, ...]:  # fmt: skip
    """Name the arcs of a series.

    Parameters
    ----------
    arcs : sequence of ArcFacts
        From high to low frequency.
    reference_capacitance : float, optional
        eps0 A/L [F]; with it permittivities are judged instead of capacitances of a typical pellet.
    area : float, optional
        Electrode area [m^2].
    polycrystalline : bool, optional
        Whether the sample has grains, if known: a lone arc may then hold bulk and boundary unresolved.
    chosen : mapping of str to str, optional
        Names that the user gives, by label.
    arc_above : bool
        Whether a part of the sample relaxes above the window (a thermally activated resistance in series):
        the arcs seen are then less likely the bulk.
    structured : bool
        Whether the fits miss structure: no name is then certain.

    Raises
    ------
    InputError
        If a chosen label does not exist or a chosen name is none of `NAMES`.
    """
    fixed = _checked(arcs, chosen or {})
    if not arcs:
        return ()
    scale = _Scale(reference_capacitance, area)
    options = list(_namings(len(arcs), fixed, arcs))
    weights = [_likelihood(arcs, naming, scale, polycrystalline, arc_above) for naming in options]
    weights = _with_hidden_boundaries(options, weights, polycrystalline)
    total = math.fsum(weights)
    best = options[max(range(len(options)), key=weights.__getitem__)]
    named, counts = [], dict[str, int]()
    for i, arc in enumerate(arcs):
        kind = best[i]
        share = math.fsum(w for w, o in zip(weights, options, strict=True) if o[i] == kind) / total
        counts[kind] = counts.get(kind, 0) + 1
        name = kind if counts[kind] == 1 else f"{kind} {counts[kind]}"
        given = arc.label in fixed
        share = min(share, _most(arcs, best, i, scale, structured))
        reasons = ("named so in the study",) if given else _reasons(arcs, best, i, scale)
        rival = "" if given else _rival(arc, kind, scale)
        named.append(ArcName(arc.label, name, 1.0 if given else share, reasons, rival))
    return tuple(named)


@dataclass(frozen=True)
class _Scale:
    """Ranges of log10 C for every kind, in this sample's geometry."""

    reference: float | None
    area: float | None

    @property
    def edge(self) -> float:
        return EDGE if self.reference is not None else EDGE_TYPICAL

    def range_of(self, kind: str) -> tuple[float, float]:
        """log10 of the lowest and highest capacitance [F] of a kind."""
        cell = self.reference if kind in PERMITTIVITY else self.area
        if cell is None:
            low, high = TYPICAL[kind]
        else:
            low, high = (edge * cell for edge in (PERMITTIVITY | AREAL_CAPACITANCE)[kind])
        return math.log10(low), math.log10(high)


def _checked(arcs: Sequence[ArcFacts], chosen: Mapping[str, str]) -> dict[str, str]:
    labels = [arc.label for arc in arcs]
    for label, name in chosen.items():
        if label not in labels:
            found = ", ".join(labels) or "none"
            raise InputError(f"arcs: there is no {label!r}; the arcs found, from high frequency, are {found}")
        if name not in NAMES:
            raise InputError(f"arcs: {label} cannot be {name!r}; choose from {', '.join(NAMES)}")
    return dict(chosen)


def _namings(count: int, fixed: Mapping[str, str], arcs: Sequence[ArcFacts]) -> list[tuple[str, ...]]:
    """All namings in which the order bulk, boundary, interface, electrode is kept; one bulk at most."""
    if fixed:
        free = [NAMES if arc.label not in fixed else (fixed[arc.label],) for arc in arcs]
        every = [n for n in itertools.product(*free) if _allowed(n)]
        return every or list(itertools.product(*free))
    picks = itertools.combinations_with_replacement
    alone = [(UNRESOLVED, *rest) for rest in picks((INTERFACE, ELECTRODE), count - 1)]
    ordered = [*picks((BULK, BOUNDARY, INTERFACE, ELECTRODE), count)]
    return [n for n in (*ordered, *alone) if _allowed(n)]


def _allowed(naming: tuple[str, ...]) -> bool:
    rank = {BULK: 0, UNRESOLVED: 0, BOUNDARY: 1, INTERFACE: 2, ELECTRODE: 3}
    ranks = [rank[n] for n in naming]
    if ranks != sorted(ranks) or ranks.count(0) > 1:
        return False
    return not (UNRESOLVED in naming and BOUNDARY in naming)


def _with_hidden_boundaries(
    options: Sequence[tuple[str, ...]], weights: Sequence[float], polycrystalline: bool | None
) -> list[float]:
    """Move odds of a lone bulk arc to the same arc with boundaries in it.

    Boundaries that relax as fast as the grains leave no trace in one arc: its capacitance cannot exclude
    them.
    """
    moved = list(weights)
    for k, naming in enumerate(options):
        sibling = tuple(UNRESOLVED if kind == BULK else kind for kind in naming)
        if BULK not in naming or BOUNDARY in naming or sibling not in options:
            continue
        part = HIDDEN_BOUNDARY[polycrystalline] * weights[k]
        moved[k] -= part
        moved[options.index(sibling)] += part
    return moved


def _most(
    arcs: Sequence[ArcFacts], naming: tuple[str, ...], i: int, scale: _Scale, structured: bool
) -> float:
    """The largest confidence that the evidence for one name allows."""
    arc, kind = arcs[i], naming[i]
    if not arc.apex_seen:
        return UNSEEN_CONFIDENCE
    close = False
    if kind in (BULK, BOUNDARY) and BULK in naming and BOUNDARY in naming:
        pair = [arcs[naming.index(each)].capacitance for each in (BOUNDARY, BULK)]
        close = pair[0] < CLOSE_RATIO * pair[1]
    return MOST_CONFIDENT if structured or close or _rival(arc, kind, scale) else 1.0


def _rival(arc: ArcFacts, kind: str, scale: _Scale) -> str:
    """Interface for a boundary and the other way round, where the capacitance allows both."""
    if kind not in (BOUNDARY, INTERFACE) or not arc.apex_seen:
        return ""
    at = math.log10(arc.capacitance)
    if all(low <= at <= high for low, high in (scale.range_of(BOUNDARY), scale.range_of(INTERFACE))):
        return INTERFACE if kind == BOUNDARY else BOUNDARY
    return ""


def _likelihood(
    arcs: Sequence[ArcFacts], naming: tuple[str, ...], scale: _Scale, polycrystalline: bool | None,
    arc_above: bool,
) -> float:  # fmt: skip
    value = REPEATED ** (len(naming) - len(set(naming)))
    value *= PRIOR_UNRESOLVED[polycrystalline] if UNRESOLVED in naming else 1.0
    value *= ARC_ABOVE if arc_above and BULK in naming else 1.0
    if polycrystalline is False and (BOUNDARY in naming or UNRESOLVED in naming):
        value *= NO_GRAINS
    for arc, kind in zip(arcs, naming, strict=True):
        if arc.too_fast:
            value *= TOO_FAST[kind]
            continue
        value *= RARER.get(kind, 1.0)
        value *= _capacitance_density(arc, kind, scale, arcs, naming)
        value *= _exponent_density(arc.exponent, kind) * _steadiness_density(arc.decades_spread, kind)
    return value


def _capacitance_density(
    arc: ArcFacts, kind: str, scale: _Scale, arcs: Sequence[ArcFacts], naming: tuple[str, ...]
) -> float:
    """Probability per decade of an arc's capacitance, were it of that kind."""
    at = math.log10(arc.capacitance)
    low, high = scale.range_of(kind)
    blur = math.hypot(scale.edge, min(arc.decades_uncertain, 1.0))
    bulk = arcs[naming.index(BULK)] if BULK in naming else None
    if kind == BOUNDARY and bulk is not None and not bulk.too_fast:
        low, high = (math.log10(bulk.capacitance * ratio) for ratio in BOUNDARY_RATIO)
        blur = math.hypot(EDGE, min(bulk.decades_uncertain + arc.decades_uncertain, 1.0))
    inside = (NORMAL.cdf((at - low) / blur) - NORMAL.cdf((at - high) / blur)) / (high - low)
    return (1 - OTHER) * inside + OTHER / DECADES


def _exponent_density(exponent: float, kind: str) -> float:
    """Bulk and boundary arcs are little depressed, two in one are more so; an electrode's may be anything."""
    lowest = {BULK: 0.72, BOUNDARY: 0.65, UNRESOLVED: 0.5, INTERFACE: 0.5, ELECTRODE: 0.4}[kind]
    return NORMAL.cdf((exponent - lowest) / 0.05) / (1 - lowest) + 0.05


def _steadiness_density(spread: float, kind: str) -> float:
    """Half-normal density of the spread of log10 C over the series; 1 for one temperature."""
    if math.isnan(spread):
        return 1.0
    width = STEADINESS[kind]
    return math.exp(-0.5 * min(spread / width, 6.0) ** 2) / width * 0.2


def _reasons(arcs: Sequence[ArcFacts], naming: tuple[str, ...], i: int, scale: _Scale) -> tuple[str, ...]:
    arc, kind = arcs[i], naming[i]
    reasons = (
        [_size_sentence(arc, kind, scale)]
        if arc.apex_seen
        else ["its apex lies in no spectrum's window, so that its capacitance is not known"]
    )
    if kind == BOUNDARY and BULK in naming and all(a.apex_seen for a in (arc, arcs[naming.index(BULK)])):
        ratio = arc.capacitance / arcs[naming.index(BULK)].capacitance
        little = ", little for a boundary (10 to 1000 times is usual in dense ceramics)"
        reasons.append(
            f"its capacitance is {ratio:.3g} times the bulk's{little if ratio < BOUNDARY_RATIO[0] else ''}"
        )
    if len(arcs) > 1:
        place = {0: "highest", len(arcs) - 1: "lowest"}.get(i, "middle")
        reasons.append(f"it relaxes at the {place} frequency of {len(arcs)} arcs")
    if kind == UNRESOLVED:
        reasons.append("only one arc is seen before the electrode: grains and boundaries may both be in it")
    if arc.apex_seen and not math.isnan(arc.decades_spread):
        change = 10**arc.decades_spread
        steady = "steady" if arc.decades_spread <= STEADINESS[kind] else "not steady"
        reasons.append(f"its capacitance is {steady} over the series (scatter of a factor {change:.2f})")
    return tuple(reasons)


def _size_sentence(arc: ArcFacts, kind: str, scale: _Scale) -> str:
    low, high = scale.range_of(kind)
    at, size = math.log10(arc.capacitance), format_number(arc.capacitance, 2)
    beyond = max(low - at, at - high, 0.0)
    verb = "in" if beyond == 0 else "at the edge of" if beyond <= scale.edge else "outside"
    if kind in PERMITTIVITY and scale.reference is not None:
        bounds = PERMITTIVITY[kind]
        epsilon = arc.capacitance / scale.reference
        return (f"C = {size} F is a permittivity of {epsilon:.3g}, {verb} the range of a {kind} "
                f"({bounds[0]:g} to {bounds[1]:g})")  # fmt: skip
    if kind in AREAL_CAPACITANCE and scale.area is not None:
        bounds = AREAL_CAPACITANCE[kind]
        return (f"C/A = {arc.capacitance / scale.area * 1e2:.2g} uF/cm2, {verb} the range of an {kind} "
                f"({bounds[0] * 1e2:g} to {bounds[1] * 1e2:g})")  # fmt: skip
    article = "an" if kind in AREAL_CAPACITANCE else "a"
    return (f"C = {size} F, {verb} the range of {article} {kind} in a typical pellet "
            f"({format_number(10**low, 1)} to {format_number(10**high, 1)} F)")  # fmt: skip
