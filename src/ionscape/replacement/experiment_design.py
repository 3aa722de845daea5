"""One replacement before it is done: charge for a wanted depth, voltage, and what its profile will tell.

The charge follows from front theory (the replaced depth times what leaves it, 1 - plateau) and is corrected
by simulations until the front lies where it is wanted. What the profile will tell is Fisher's information of
its counts, simulated profile by simulated profile, with D of the foreign ion, the depth scale, the charge and
both normalisations fitted too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann, elementary_charge

from ionscape.core.errors import AnalysisError, InputError
from ionscape.replacement.diffusion_law import SiteEnergyDiffusion
from ionscape.replacement.front_theory import front
from ionscape.replacement.identifiability import Identifiability, identifiability, without_nuisances
from ionscape.replacement.instrument import slice_edges, slice_means
from ionscape.replacement.profile_forward import electroneutral_profile, film_faces
from ionscape.replacement.profile_summary import summarise
from ionscape.replacement.site_energy_distribution import Gaussian

FloatArray = NDArray[np.float64]

SHARED = ("site_energy_fwhm", "vacancy_fraction", "bulk_diffusion")
"""What several profiles of one glass have in common; all in their logarithms."""
FILLING = np.linspace(0.0, 1.0, 1025)
CELLS = 180
DEPTH_PRECISION = 0.002  # relative, of the front's depth
_LOWEST = 1e-9
_STEPS = {"fwhm": 0.02, "vacancies": 0.1, "bulk": 0.05, "foreign": 0.05, "charge": 0.01}  # of logarithms
_DEPTH_STEP = 1e-3


@dataclass(frozen=True)
class Glass:
    """What is to be examined.

    Attributes
    ----------
    fwhm : float
        Of its site energies [J], as far as known.
    vacancy_fraction : float
    carrier_density : float
        [m^-3]
    thickness : float
        [m]
    charge : int
        Of the native ion.
    immobile_fraction : float
        Of the native ions. D_bulk stays that of all of them, as the conductivity gives it: those that move
        have D_bulk/(1 - immobile_fraction).
    """

    fwhm: float
    vacancy_fraction: float
    carrier_density: float
    thickness: float
    charge: int = 1
    immobile_fraction: float = 0.0

    @property
    def charge_density(self) -> float:
        """[C/m^3]"""
        return abs(self.charge) * elementary_charge * self.carrier_density

    def law(self, bulk_diffusion: float) -> SiteEnergyDiffusion:
        """D of the native ions that move [m^2/s], for D_bulk of all of them."""
        mobile = bulk_diffusion / (1 - self.immobile_fraction)
        return SiteEnergyDiffusion(Gaussian(self.fwhm), mobile, self.vacancy_fraction)


@dataclass(frozen=True)
class Spectrometer:
    """How a profile will be measured.

    Attributes
    ----------
    counts, foreign_counts : float
        Per point, of the native ion in the bulk and of the foreign one where it has replaced all.
    slice : float
        [m] between two points.
    resolution : float
        [m] 1 SD of the depth resolution.
    depth_error, charge_error, scale_error : float
        Relative 1 SD of all depths together, of the charge over the carrier density, and of each ion's
        normalisation (inf: free).
    """

    counts: float = 15000.0
    foreign_counts: float = 15000.0
    slice: float = 0.5e-9
    resolution: float = 1.0e-9
    depth_error: float = 0.01
    charge_error: float = 0.01
    scale_error: float = 0.01


@dataclass(frozen=True)
class Attachment:
    """One foreign ion at constant current, simulated.

    Attributes
    ----------
    ion : str
    temperature : float
        [K]
    bulk_diffusion, foreign_diffusion : float
        [m^2/s]
    length : float
        Q [m]: charge over the density of charges.
    duration : float
        [s]
    faces, native : (C + 1,) and (C,) arrays
        [m], and the native fraction between them, at the end.
    plateau_fraction, front_depth, front_width : float
        Depths in m; see `profile_summary`.
    film_voltage, bulk_voltage : float
        [V] at the end.
    """

    ion: str
    temperature: float
    bulk_diffusion: float
    foreign_diffusion: float
    length: float
    duration: float
    faces: FloatArray
    native: FloatArray
    plateau_fraction: float
    front_depth: float
    front_width: float
    film_voltage: float
    bulk_voltage: float

    @property
    def voltage(self) -> float:
        """[V] across the sample."""
        return self.film_voltage + self.bulk_voltage

    def charge(self, glass: Glass) -> float:
        """[C/m^2]"""
        return self.length * glass.charge_density

    def current_density(self, glass: Glass) -> float:
        """[A/m^2]"""
        return self.charge(glass) / self.duration


def attach(
    glass: Glass, ion: str, *, temperature: float, bulk_diffusion: float, foreign_diffusion: float,
    length: float, duration: float, cells: int = CELLS,
) -> Attachment:  # fmt: skip
    """Simulate one experiment.

    Parameters
    ----------
    glass : Glass
    ion : str
        Name of the foreign ion; its charge is that of the native one.
    temperature : float
        [K]
    bulk_diffusion, foreign_diffusion : float
        [m^2/s]
    length : float
        Q [m]
    duration : float
        [s]
    cells : int
        Of the film.

    Raises
    ------
    AnalysisError
        If no front forms: the foreign ion diffuses about as fast as the native one.
    """
    law, faces = _levels(glass, temperature), film_faces(cells)
    shift = math.log(duration) - 2 * math.log(length)
    native = np.zeros(0)
    for refining in range(3):
        native = electroneutral_profile(
            law + math.log(bulk_diffusion) + shift, math.log(foreign_diffusion) + shift, None, faces,
            glass.immobile_fraction,
        )  # fmt: skip
        if refining < 2:
            faces = film_faces(cells, native, faces)
    seen = summarise(faces * length, native)
    if not math.isfinite(seen.front_depth):
        raise AnalysisError(f"{ion}: no front forms, the foreign ion is too fast for one")
    film, bulk = _voltages(glass, temperature, bulk_diffusion, foreign_diffusion, length / duration,
                           faces * length, native)  # fmt: skip
    return Attachment(
        ion, temperature, bulk_diffusion, foreign_diffusion, length, duration, faces * length, native, *seen,
        film, bulk,
    )  # fmt: skip


def attachment_for_depth(
    glass: Glass, ion: str, depth: float, *, temperature: float, bulk_diffusion: float,
    foreign_diffusion: float, duration: float | None = None, current_density: float | None = None,
    cells: int = CELLS,
) -> Attachment:  # fmt: skip
    """The experiment whose front lies at a depth.

    Parameters
    ----------
    depth : float
        [m]
    duration, current_density : float, optional
        [s], [A/m^2]: one of the two.

    Raises
    ------
    InputError
        Unless one of duration and current is given.
    AnalysisError
        If no front forms there.
    """
    if (duration is None) == (current_density is None):
        raise InputError("either the time or the current density of the attachment must be given")
    length = closed_form_length(glass, depth, temperature=temperature, bulk_diffusion=bulk_diffusion,
                                foreign_diffusion=foreign_diffusion)  # fmt: skip
    for _ in range(8):
        time = duration
        if current_density is not None:
            time = length * glass.charge_density / current_density
        assert time is not None
        found = attach(glass, ion, temperature=temperature, bulk_diffusion=bulk_diffusion,
                       foreign_diffusion=foreign_diffusion, length=length, duration=time,
                       cells=cells)  # fmt: skip
        if abs(found.front_depth / depth - 1) < DEPTH_PRECISION:
            return found
        length *= depth / found.front_depth
    raise AnalysisError(f"{ion}: no charge was found that brings a front to {depth * 1e9:.4g} nm")


def closed_form_length(
    glass: Glass, depth: float, *, temperature: float, bulk_diffusion: float, foreign_diffusion: float
) -> float:
    """Q [m] for a front at a depth [m] by front theory: depth times the share of ions that leaves.

    In front theory profiles of all charges are alike, so that one at Q = 1 tells.
    """
    density = glass.charge_density
    sharp = front(
        glass.law(bulk_diffusion), foreign_diffusion, density, density, carrier_density=glass.carrier_density,
        temperature=temperature, native_charge=glass.charge, foreign_charge=glass.charge,
        immobile_fraction=glass.immobile_fraction,
    )  # fmt: skip
    return depth / sharp.front_depth


def _levels(glass: Glass, temperature: float) -> FloatArray:
    """ln(D/D_bulk) of the native ions that move at `FILLING`."""
    return glass.law(1.0).log_diffusion(np.maximum(FILLING, _LOWEST), temperature)


def _voltages(
    glass: Glass, temperature: float, bulk: float, foreign: float, velocity: float, faces: FloatArray,
    native: FloatArray,
) -> tuple[float, float]:  # fmt: skip
    """[V] across film and bulk: E e/kT = [j + (D - D_M) du/dx]/(D u + D_M (1 - u)), j over the charges."""
    levels, w = bulk * np.exp(_levels(glass, temperature)), glass.immobile_fraction

    def conductance(u: FloatArray) -> tuple[FloatArray, FloatArray]:
        d = np.interp(u, FILLING, levels)
        return d, d * np.maximum(u - w, 0.0) + foreign * (1 - u)

    ohmic = velocity * float(np.sum(np.diff(faces) / conductance(native)[1]))
    u = np.linspace(float(native[0]), 1.0, 2001)
    d, total = conductance(u)
    diffusion = float(np.trapezoid((d - foreign) / total, u))
    behind = velocity * (glass.thickness - faces[-1]) / bulk  # L/sigma, whoever carries it
    volt = Boltzmann * temperature / (abs(glass.charge) * elementary_charge)
    return volt * (ohmic + diffusion), volt * behind


# ---- what the profile will tell -------------------------------------------------------------------------
def expected_derivatives(glass: Glass, planned: Attachment, spectrometer: Spectrometer) -> FloatArray:
    """Whitened derivatives (2 N, 3) of the expected counts with respect to ln of `SHARED`.

    What D of the foreign ion, the depth scale, the charge and the normalisations can mimic is taken out.
    """
    edges, blur = _edges(planned, spectrometer), spectrometer.resolution
    plain = slice_means(planned.faces, planned.native, edges, blur)

    def changed(log_fwhm: float = 0.0, log_vacancies: float = 0.0, log_bulk: float = 0.0,
                log_foreign: float = 0.0, log_charge: float = 0.0) -> FloatArray:  # fmt: skip
        moved = replace(glass, fwhm=glass.fwhm * math.exp(log_fwhm),
                        vacancy_fraction=glass.vacancy_fraction * math.exp(log_vacancies))  # fmt: skip
        length = planned.length * math.exp(log_charge)
        shift = math.log(planned.duration) - 2 * math.log(length)
        native = electroneutral_profile(
            _levels(moved, planned.temperature) + math.log(planned.bulk_diffusion) + log_bulk + shift,
            math.log(planned.foreign_diffusion) + log_foreign + shift, None, planned.faces / planned.length,
            glass.immobile_fraction,
        )  # fmt: skip
        return slice_means(planned.faces * (length / planned.length), native, edges, blur)

    columns = []
    for place, step in enumerate(_STEPS.values()):
        shifts = step * np.eye(len(_STEPS))[place]
        ends = [changed(*(sign * shifts)) for sign in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * step))
    stretched = [slice_means(planned.faces, planned.native, edges * (1 + s), blur)
                 for s in (_DEPTH_STEP, -_DEPTH_STEP)]  # fmt: skip
    columns.append((stretched[0] - stretched[1]) / (2 * _DEPTH_STEP))
    return _whitened(plain, np.column_stack(columns), spectrometer)


def _whitened(plain: FloatArray, slopes: FloatArray, spectrometer: Spectrometer) -> FloatArray:
    u, none = np.clip(plain, 0.0, 1.0), np.zeros(plain.size)
    sd = np.sqrt((u + 1 / spectrometer.counts) / spectrometer.counts)
    sd_foreign = np.sqrt((1 - u + 1 / spectrometer.foreign_counts) / spectrometer.foreign_counts)
    native = np.column_stack([slopes, u, none]) / sd[:, None]
    foreign = np.column_stack([-slopes, none, 1 - u]) / sd_foreign[:, None]
    # What is known of the nuisances beforehand: charge, depth scale, normalisations; nothing of D_M.
    known = [(4, spectrometer.charge_error), (5, spectrometer.depth_error),
             (6, spectrometer.scale_error), (7, spectrometer.scale_error)]  # fmt: skip
    priors = np.zeros((len(known), native.shape[1]))
    for row, (column, sd_known) in enumerate(known):
        priors[row, column] = 0.0 if math.isinf(sd_known) else 1 / max(sd_known, 1e-9)
    return without_nuisances(np.concatenate([native, foreign, priors]), len(SHARED))


def _edges(planned: Attachment, spectrometer: Spectrometer) -> FloatArray:
    """Of the slices, to half as deep again as the front and past its tail."""
    deepest = min(max(1.5 * planned.front_depth, planned.front_depth + 3 * planned.front_width),
                  float(planned.faces[-1]))  # fmt: skip
    count = max(round(deepest / spectrometer.slice), 4)
    return slice_edges((np.arange(count) + 0.5) * spectrometer.slice)


def expected_identifiability(
    glass: Glass, derivatives: Sequence[FloatArray], temperatures: Sequence[float], *,
    vacancy_sd: float, bulk_covariance: FloatArray, bulk_diffusion: Sequence[float],
    extra: Mapping[str, FloatArray] | None = None,
) -> Identifiability:  # fmt: skip
    """What profiles fitted together with one distribution will fix.

    Parameters
    ----------
    glass : Glass
    derivatives : sequence of (M, 3) arrays
        Of `expected_derivatives`, one per profile.
    temperatures : sequence of float
        [K] of each profile: those of one temperature share D_bulk.
    vacancy_sd : float
        Of the vacancy fraction beforehand; inf: not known.
    bulk_covariance : (K, K) array
        Of ln D_bulk beforehand at the K different temperatures in the order in which they occur first; an
        infinite variance: not known.
    bulk_diffusion : (K,) sequence of float
        [m^2/s]
    """
    distinct = list(dict.fromkeys(temperatures))
    names = [SHARED[0], SHARED[1], *(_bulk_name(t, distinct) for t in distinct)]
    rows = []
    for block, temperature in zip(derivatives, temperatures, strict=True):
        wide = np.zeros((block.shape[0], len(names)))
        wide[:, :2] = block[:, :2]
        wide[:, 2 + distinct.index(temperature)] = block[:, 2]
        rows.append(wide)
    prior = np.zeros((1 + len(distinct), len(names)))
    prior[0, 1] = glass.vacancy_fraction / max(vacancy_sd, 1e-6)
    prior[1:, 2:] = _roots_of_precision(np.asarray(bulk_covariance, dtype=float))
    values = [glass.fwhm, glass.vacancy_fraction, *bulk_diffusion]
    return identifiability(np.concatenate(rows), names, prior_jacobian=prior, scales=["log"] * len(names),
                           values=values, extra=extra)  # fmt: skip


def _bulk_name(temperature: float, distinct: Sequence[float]) -> str:
    return SHARED[2] if len(distinct) == 1 else f"{SHARED[2]} ({temperature - 273.15:.3g} °C)"


def _roots_of_precision(covariance: FloatArray) -> FloatArray:
    """R with R^T R the inverse of a covariance; nothing where a variance is infinite."""
    root = np.zeros_like(covariance)
    known = np.flatnonzero(np.isfinite(np.diag(covariance)))
    if known.size:
        inner = covariance[np.ix_(known, known)] + 1e-10 * np.eye(known.size)
        root[np.ix_(known, known)] = np.linalg.cholesky(np.linalg.inv(inner)).T
    return root
