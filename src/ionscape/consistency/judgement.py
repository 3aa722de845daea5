"""May the Nernst-Einstein relation be used? *use*, *use with H_R* or *refuse*, with reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_number, format_quantity

Word = Literal["use", "use with H_R", "refuse"]

ELECTRONIC_LIMIT = 0.01
"""Share of the electrons in the conductivity below which it changes nothing that is measured to 1 %."""
NARROW = 4.0
"""Upper over lower end of the 95 % interval of H_R beyond which 'contains 1' says little."""
USELESS = 10.0
"""Upper over lower end of that interval beyond which H_R is not known at all."""
SURE = 1.25
"""Largest factor from 1 to an end of that interval at which σ and D are said to follow from each other."""
UNSTATED = 0.001
"""Relative standard uncertainty below which errors were left out: a sample's geometry alone has more."""

SAME_CHANNEL = (
    "D* of the same channel (isotope profile, or NMR with pulsed gradients) within a few kelvin of the"
    " conductivity"
)
STATE_ERRORS = "the uncertainties of D*, of σ and of the carrier density, e.g. '(2.6 ± 0.1)e-8 cm^2/s'"
ABOVE_ONE = (
    "the carrier density n (too large a one makes D_σ too small)",
    "whether D* and σ are of one channel, and D* a tracer's (a chemical or ambipolar coefficient, with"
    " electrons, is larger)",
    "the conductivity without contacts and cracks (four electrodes, another thickness)",
)

LOSS_TANGENT = (
    "loss tangent: Pang et al. 2021 hold that a brittle electrolyte (tan δ < 1) breaks the relation. Linear"
    " response needs no viscous medium: mobility and diffusion belong together by fluctuation and dissipation"
    " in a crystal as in a liquid. tan δ is context here and decides nothing"
)


@dataclass(frozen=True)
class Verdict:
    """The answer for one channel of one sample.

    Attributes
    ----------
    word : "use", "use with H_R" or "refuse"
    reasons : tuple of str
        Most important first.
    settle : tuple of str
        What measurement would settle what is open.
    context : tuple of str
        What was looked at and decides nothing.
    """

    word: Word
    reasons: tuple[str, ...]
    settle: tuple[str, ...] = ()
    context: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """For the findings."""
        text = f"Nernst-Einstein: {self.word}. {_capital('; '.join(self.reasons))}."
        return text + (f" To settle it: {'; '.join(self.settle)}." if self.settle else "")


def verdict(
    haven_ratio: Estimate | None,
    *,
    mismatch: str = "",
    instead: str = "",
    no_single_coefficient: Sequence[str] = (),
    electronic_share: Estimate | None = None,
    driven_by_gradient: bool = False,
    thermodynamic_factor: Estimate | None = None,
    loss_tangent: Estimate | None = None,
    bends: bool = False,
    composite: str = "",
    far: str = "",
    remedy: str = "",
) -> Verdict:
    """Whether σ and D of a channel may be turned into each other.

    Parameters
    ----------
    haven_ratio : Estimate or None
        H_R of that channel; None where it was not measured.
    mismatch : str
        Why D* and σ at hand belong to different channels; empty if they belong together.
    instead : str
        What to measure in that case.
    no_single_coefficient : sequence of str
        Why there is no diffusion coefficient (D_NMR that depends on gradient or diffusion time, mean squared
        displacement with a slope other than 1).
    electronic_share : Estimate, optional
        σ_e/σ.
    driven_by_gradient : bool
        Whether a gradient of composition drives the transport in question, not a field.
    thermodynamic_factor : Estimate, optional
        Θ = ∂(μ/kT)/∂ln c.
    loss_tangent : Estimate, optional
        tan δ: reported, never decisive.
    bends : bool
        Whether D or σ is not Arrhenius-like, so that extrapolated values do not count.
    composite : str
        Of bulk and boundaries together: that H_R mixes theirs and is no correlation factor.
    far : str
        Which coefficient is extrapolated farther than its points reach; empty if none.
    remedy : str
        The measurement that would make H_R known where it is too uncertain or extrapolated too far.

    Returns
    -------
    Verdict
        ``use`` where the 95 % interval of H_R holds 1 and is narrower than a factor of 4; ``refuse`` where
        H_R has no stated error, spans more than a factor of 10, is extrapolated too far, or lies above 1.
    """
    against: list[str] = []
    settle: list[str] = []
    if no_single_coefficient:
        against += [f"no single diffusion coefficient exists: {text}" for text in no_single_coefficient]
        settle.append("echo decays at longer diffusion times until D no longer changes, or a tracer profile")
    if mismatch:
        against.append(mismatch)
        settle += [instead] if instead else []
    share, share_against, share_settles = _electronic(electronic_share)
    against += share_against
    settle += share_settles
    gradient, gradient_against, gradient_settles = _gradient(driven_by_gradient, thermodynamic_factor)
    against += gradient_against
    settle += gradient_settles
    secondary = bool(mismatch or no_single_coefficient)
    word, about, about_settles = _of_ratio(haven_ratio, composite, far, remedy)
    if secondary and not _known(haven_ratio):
        about = []
    settle += [] if secondary else about_settles
    if bends:
        about.append("the points bend over temperature: only values measured at one temperature count")
    about = about[:1] if against else about
    reasons = (*against, *about, *share, *gradient)
    context = _context(loss_tangent, electronic_share)
    return Verdict("refuse" if against else word, reasons, tuple(settle), context)


def _context(loss_tangent: Estimate | None, electronic_share: Estimate | None) -> tuple[str, ...]:
    loss = "" if loss_tangent is None else f"tan δ = {format_quantity(loss_tangent, '1')}; "
    unstated = "the electronic share of the conductivity is not stated and taken as nothing"
    return (*((unstated,) if electronic_share is None else ()), f"{loss}{LOSS_TANGENT}")


def _known(ratio: Estimate | None) -> bool:
    return ratio is not None and ratio.status not in ("undetermined", "refused")


def _of_ratio(
    ratio: Estimate | None, composite: str, far: str, remedy: str
) -> tuple[Word, list[str], list[str]]:
    """Word, reasons, and what would settle it."""
    if ratio is None or not _known(ratio):
        why = f" ({ratio.note})" if ratio is not None and ratio.note else ""
        text = (
            f"the Haven ratio is not known{why}: D_σ is defined, but what single ions do does not follow"
            " from it"
        )
        return "refuse", [text], [SAME_CHANNEL]
    if ratio.status == "bound":
        side = "below" if ratio.side == "upper" else "above"
        text = f"of the Haven ratio only a bound is known, {side} {format_number(ratio.value, 2)}"
        return "refuse", [text], [SAME_CHANNEL]
    if not has_error(ratio):
        text = f"H_R = {format_quantity(ratio, '1')} has no stated error; it cannot be tested against 1"
        return "refuse", [text], [STATE_ERRORS]
    return _of_known_ratio(ratio, composite, far, remedy)


def _of_known_ratio(
    ratio: Estimate, composite: str, far: str, remedy: str
) -> tuple[Word, list[str], list[str]]:
    low, high = ratio.interval(0.95)
    factor = high / low if low > 0 else math.inf
    span = (
        f"H_R = {format_quantity(ratio, '1')}, 95 % interval {format_number(low, 3)} to"
        f" {format_number(high, 3)}"
    )
    if far or factor > USELESS:
        wide = [f"the interval spans a factor of {format_number(factor, 2)}"] if factor > USELESS else []
        return "refuse", [span, *([far] if far else []), *wide], [remedy or SAME_CHANNEL]
    if low > 1:
        return "refuse", [span, "above 1 beyond its error, more than uncorrelated ions show"], [*ABOVE_ONE]
    if high < 1:
        said = composite or "the ions' ways are correlated"
        return "use with H_R", [span, f"the interval excludes 1: {said}"], []
    if factor > NARROW:
        return "use with H_R", [span, "too uncertain to be taken as 1: carry it with its error"], []
    off = max(high, 1 / low)
    if off <= SURE:
        return "use", [span, "the interval contains 1: σ and D follow from each other"], []
    return "use", [span, f"not distinguishable from 1 (within a factor of {format_number(off, 2)})"], []


def has_error(ratio: Estimate) -> bool:
    """Whether an H_R has an error to be tested with; not where D* and σ were stated without any."""
    relative = ratio.spread if ratio.scale == "log" else ratio.spread / abs(ratio.value or 1.0)
    return ratio.status == "determined" and relative > UNSTATED


def _electronic(share: Estimate | None) -> tuple[list[str], list[str], list[str]]:
    if share is None:
        return [], [], []
    text = f"electrons carry {format_quantity(share * 100.0, '1')} % of the conductivity"
    if share.status != "determined":
        end = share.value if share.status == "bound" and share.side == "upper" else math.inf
        if end <= ELECTRONIC_LIMIT:
            return [f"electrons carry less than {format_number(100 * end, 2)} % of the conductivity"], [], []
        return (
            [],
            ["the electronic share of the conductivity is not known well enough"],
            ["the electronic conductivity by polarisation between blocking electrodes"],
        )
    if share.value > 1:
        return (
            [],
            [
                f"the stated electronic conductivity is {format_number(share.value, 2)} times the smallest"
                " conductivity at hand, of which it can only be a part: check its unit, sample and"
                " temperature"
            ],
            ["the electronic conductivity of this sample at the temperature of each conductivity"],
        )
    if share.interval(0.95)[1] <= ELECTRONIC_LIMIT:
        return [text], [], []
    return (
        [],
        [f"{text}: σ is not that of the ions"],
        ["σ_ion = σ − σ_e in place of σ, with σ_e of the same sample"],
    )


def _gradient(driven: bool, factor: Estimate | None) -> tuple[list[str], list[str], list[str]]:
    if not driven:
        return [], [], []
    if factor is None or factor.status != "determined":
        return (
            [],
            ["a gradient of composition drives the transport and the thermodynamic factor is not known"],
            ["the thermodynamic factor, from the open-circuit voltage against composition (D̃ = D_σ Θ)"],
        )
    return [f"under a gradient of composition D̃ = D_σ Θ with Θ = {format_quantity(factor, '1')}"], [], []


def _capital(text: str) -> str:
    """With a capital, unless the sentence begins with a symbol."""
    return text if text[:2] in ("H_", "D_", "D*") else text[:1].upper() + text[1:]
