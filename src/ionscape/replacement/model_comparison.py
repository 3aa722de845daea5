"""Which distribution of site energies do the profiles ask for, and do they need one at all?

Each family is fitted by least squares and judged by the Bayesian information criterion; neighbouring slices
that deviate together count as fewer points. The alternative without site energies is the one that Gunawan
2024 (section 3.1) mentions: ions of two kinds, one mobile with a constant D, the other never moving.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import Estimate
from ionscape.core.number_format import format_quantity
from ionscape.core.outcome import Table
from ionscape.core.serial import storable
from ionscape.core.wording import capital
from ionscape.fit.information import bic, effective_count
from ionscape.replacement.fit_result import SiteEnergyFit
from ionscape.replacement.measured_profile import MeasuredProfile

WORDS = {
    "gaussian": "one Gaussian",
    "two gaussians": "two Gaussians of one width",
    "exponential tail": "an exponential tail of deep sites",
    "constant": "a constant D and an immobile share",
}
CLEAR, BARELY = 10.0, 2.0
"""Differences of the criterion that decide, and that say nothing."""


@storable
@dataclass(frozen=True)
class Contender:
    """One family, fitted.

    Attributes
    ----------
    distribution : str
    criterion : float
        Bayesian information criterion; inf where no fit was found.
    chi_square : float
        Of the data, errors as stated.
    n_parameters : int
    fwhm : Estimate or None
        [J], where the family has a width.
    plateaus : tuple of (str, float)
        Item and plateau of the best model.
    immobile_fraction : float
        Of the best model.
    failure : str
        Why there is no fit.
    """

    distribution: str
    criterion: float
    chi_square: float
    n_parameters: int
    fwhm: Estimate | None
    plateaus: tuple[tuple[str, float], ...]
    immobile_fraction: float
    failure: str = ""


@storable
@dataclass(frozen=True)
class ModelComparison:
    """Contenders, the best first; values that count, and how many of them are independent."""

    contenders: tuple[Contender, ...]
    n_data: int
    n_effective: float

    @property
    def best(self) -> Contender:
        """That of the lowest criterion."""
        return self.contenders[0]

    def sentences(self) -> tuple[str, ...]:
        """The verdict and its reasons."""
        best = self.best
        ties = [c for c in self.contenders[1:] if c.criterion - best.criterion < BARELY]
        likely = [c for c in self.contenders[1:] if BARELY <= c.criterion - best.criterion < CLEAR]
        worse = [c for c in self.contenders[1:] if CLEAR <= c.criterion - best.criterion < math.inf]
        found = [f"The profiles ask for {WORDS[best.distribution]}"]
        if ties:
            found[0] += f", but {_names(ties)} describes them as well: they cannot be told apart"
        if likely:
            found[0] += f"; less likely: {_names(likely)}"
        if worse:
            found[0] += f"; ruled out: {_names(worse)}"
        found[0] += " (Bayesian information criterion, differences: " + ", ".join(
            f"{WORDS[c.distribution]} {_number(c.criterion - best.criterion)}" for c in self.contenders[1:]
            if math.isfinite(c.criterion)
        ) + ")."  # fmt: skip
        found += self._constant()
        return tuple(found)

    def _constant(self) -> list[str]:
        """Why a constant D does not do, or that it does."""
        constant = next((c for c in self.contenders if c.distribution == "constant"), None)
        if constant is None or not math.isfinite(constant.criterion):
            return []
        if constant is self.best:
            return ["A constant D and a share of immobile ions is enough: these profiles are no evidence of "
                    "a distribution of site energies."]  # fmt: skip
        if constant.criterion - self.best.criterion < CLEAR:
            return []
        seen = {item: value for item, value in self.best.plateaus if math.isfinite(value)}
        if len(seen) > 1 and max(seen.values()) - min(seen.values()) > 0.01:
            each = ", ".join(f"{100 * value:.2g} % ({item})" for item, value in seen.items())
            return ["Ions that never move would leave the same plateau behind every foreign ion; the "
                    f"plateaus are {each}."]  # fmt: skip
        return ["With a constant D the front would be steeper, or the plateau level: the profile is neither."]

    def table(self) -> Table:
        """One row per family."""
        rows = []
        for c in self.contenders:
            if c.failure:
                rows.append((capital(WORDS[c.distribution]), "–", "–", "–", "–", c.failure))
                continue
            width = "–" if c.fwhm is None else format_quantity(c.fwhm, "meV")
            immobile = f"{100 * c.immobile_fraction:.2g} %" if c.immobile_fraction > 0 else "–"
            rows.append((capital(WORDS[c.distribution]), str(c.n_parameters), f"{c.chi_square:.5g}",
                         _number(c.criterion - self.best.criterion), width, immobile))  # fmt: skip
        return Table(
            "model_comparison", "Distributions of site energies compared",
            ("Model", "Parameters", "χ²", "Δ BIC", "FWHM", "Immobile"), tuple(rows),
            f"{self.n_data} values, worth {self.n_effective:.0f} independent ones. The lowest Bayesian "
            "information criterion is the best; a difference above 10 decides, one below 2 says nothing.",
        )  # fmt: skip


def compare_distributions(
    profiles: Sequence[MeasuredProfile], *, carrier_density: Estimate, charge: int = 1,
    bulk_diffusion: Sequence[Estimate | None] | None = None, vacancy_fraction: Estimate | None,
    immobile_fraction: Estimate | None, distributions: Sequence[str] = tuple(WORDS),
    source: str = "comparison of distributions", fit: Callable[..., SiteEnergyFit] | None = None, **more: Any,
) -> ModelComparison:  # fmt: skip
    """Fit every family to the same profiles and compare.

    Parameters
    ----------
    profiles, carrier_density, charge, bulk_diffusion, vacancy_fraction, immobile_fraction
        As in `fit_site_energies`; with a constant D the immobile fraction is always free.
    distributions : sequence of str
        Names of families.
    source : str
        Root of the latents' names.
    fit : callable, optional
        `fit_site_energies`, or what stands for it.
    **more
        Passed on to it.

    Raises
    ------
    AnalysisError
        If no family could be fitted.
    """
    if fit is None:
        from ionscape.replacement.site_energy_fit import fit_site_energies

        fit = fit_site_energies
    found: dict[str, SiteEnergyFit] = {}
    failures: dict[str, str] = {}
    for name in distributions:
        try:
            found[name] = fit(
                profiles, carrier_density=carrier_density, charge=charge, bulk_diffusion=bulk_diffusion,
                vacancy_fraction=vacancy_fraction, distribution=name, draws=0, source=f"{source} {name}",
                immobile_fraction=None if name == "constant" else immobile_fraction, **more,
            )  # fmt: skip
        except AnalysisError as error:
            failures[name] = str(error)
    if not found:
        raise AnalysisError(f"no distribution could be fitted: {next(iter(failures.values()), 'none given')}")
    return compared(found, failures)


def compared(fits: dict[str, SiteEnergyFit], failures: dict[str, str] | None = None) -> ModelComparison:
    """Comparison of fits of the same profiles, by the families' names."""
    closest = min(fits.values(), key=lambda one: one.sum_of_squares)
    points = max(one.n_data for one in fits.values())
    independent = _independent(closest)
    contenders = [_contender(name, one, independent) for name, one in fits.items()]
    contenders.sort(key=lambda one: one.criterion)
    lost = [Contender(name, math.inf, math.nan, 0, None, (), 0.0, why)
            for name, why in (failures or {}).items()]  # fmt: skip
    return ModelComparison((*contenders, *lost), points, independent * points)


def _independent(fit: SiteEnergyFit) -> float:
    """Share of the values that are independent, by what the closest fit leaves."""
    worth = total = 0.0
    for one in fit.profiles:
        for block in (one.native_residuals, one.foreign_residuals):
            left = block[np.isfinite(block)]
            if left.size:
                worth += effective_count(left[None])
                total += left.size
    return worth / total if total else 1.0


def _contender(name: str, fit: SiteEnergyFit, independent: float) -> Contender:
    criterion = bic(fit.sum_of_squares, fit.n_data, fit.n_parameters, fit.n_data * independent)
    wide = name != "constant" and fit.site_energy_fwhm.status == "determined"
    immobile = fit.immobile_fraction
    return Contender(
        name, criterion, fit.sum_of_squares, fit.n_parameters, fit.site_energy_fwhm if wide else None,
        tuple((one.item, one.plateau_fraction.value) for one in fit.profiles),
        immobile.value if immobile.status in ("determined", "bound") else 0.0,
    )  # fmt: skip


def _names(contenders: Sequence[Contender]) -> str:
    return ", ".join(WORDS[c.distribution] for c in contenders)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= CLEAR else f"{value:.1f}"
