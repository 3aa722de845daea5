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

    Returns
    -------
    Verdict
        ``use`` where the 95 % interval of H_R holds 1 and is narrower than a factor of 4.
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
    word, about = _of_ratio(haven_ratio, bool(mismatch or no_single_coefficient))
    if word == "refuse" and not mismatch and not no_single_coefficient:
        settle.append(
            "D* of the same channel (isotope profile, or NMR with pulsed gradients) within a few kelvin of"
            " the conductivity"
        )
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


def _of_ratio(ratio: Estimate | None, secondary: bool) -> tuple[Word, list[str]]:
    if ratio is None or ratio.status in ("undetermined", "refused"):
        why = f" ({ratio.note})" if ratio is not None and ratio.note else ""
        text = (
            f"the Haven ratio is not known{why}: D_σ is defined, but what single ions do does not follow"
            " from it"
        )
        return "refuse", [] if secondary else [text]
    if ratio.status == "bound":
        side = "below" if ratio.side == "upper" else "above"
        return "refuse", [f"of the Haven ratio only a bound is known, {side} {format_number(ratio.value, 2)}"]
    low, high = ratio.interval(0.95)
    span = (
        f"H_R = {format_quantity(ratio, '1')}, 95 % interval {format_number(low, 3)} to"
        f" {format_number(high, 3)}"
    )
    if not low <= 1 <= high:
        side = (
            "the ions' ways are correlated"
            if high < 1
            else "more than uncorrelated ions can show: see the warnings"
        )
        return "use with H_R", [span, f"the interval excludes 1: {side}"]
    if low <= 0 or high / low > NARROW:
        return "use with H_R", [span, "too uncertain to be taken as 1: carry it with its error"]
    return "use", [span, "the interval contains 1: σ and D follow from each other"]


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
