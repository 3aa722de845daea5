"""Which parameters do the profiles fix, which only together with others, and what would tell them apart?

All follows from Fisher's information of the residuals at the best fit: J^T J of the data, and the same of
what is known beforehand (priors). Its inverse bounds every unbiased estimate (Cramer and Rao).

Sources: R. A. Fisher, Philos. Trans. R. Soc. A 222, 309 (1922); for inverse problems A. Tarantola, Inverse
Problem Theory (SIAM 2005), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.estimate import Scale
from ionscape.core.outcome import Table
from ionscape.core.serial import storable
from ionscape.core.wording import capital, listed

FloatArray = NDArray[np.float64]

DEGENERATE = 0.95
"""Correlation, of the data alone, from which two parameters count as one."""
POOR = 0.3
"""Relative standard deviation, of the data alone, from which a parameter counts as not fixed."""
OPEN = 3.0
"""Standard deviation in e-foldings (or in 0.1 of a fraction, tenfold) from which it is not fixed at all."""
VAGUE = 100.0  # e-foldings, or 10 of a fraction: keeps an open direction finite
FRACTION_STEP = 0.1  # of a parameter on a linear scale: what counts as one e-folding of the others
BULK_PRECISION, VACANCY_PRECISION = 0.10, 0.02

TARGET = "site_energy_fwhm"
_BULK = ("bulk_diffusion", "diffusion_coefficient")
_WORDS = {
    "site_energy_fwhm": "the width (FWHM)",
    "site_energy_mean": "the mean of the site energies",
    "bulk_diffusion": "D_bulk",
    "diffusion_coefficient": "D_bulk",
    "diffusion_coefficient_foreign": "D of the foreign ion",
    "foreign_diffusion": "D of the foreign ion",
    "diffusion_ratio": "D_foreign/D_bulk",
    "vacancy_fraction": "the vacancy fraction",
    "immobile_fraction": "the immobile fraction",
}


@storable
@dataclass(frozen=True)
class Identifiability:
    """What P parameters owe to the data and what to prior knowledge. SDs are in each parameter's scale.

    Attributes
    ----------
    names : (P,) tuple of str
        Name, and after a space the profile or ion that it belongs to, where it does.
    scales : (P,) tuple of "log" or "linear"
        ``log``: all SDs of this parameter are relative.
    values : (P,) array
        Best values [SI].
    information, prior_information : (P, P) arrays
        Fisher's information of the data and of the priors.
    sd_data, sd, sd_conditional, sd_prior : (P,) arrays
        1 SD: from the data alone with all others free (inf: not fixed); with the priors; from data alone with
        all others known; of the priors alone (inf: none).
    correlation_data : (P, P) array
        Of the parameters, from the data alone.
    directions, direction_sd : (P, P) and (P,) arrays
        Rows: combinations of the parameters (e-foldings, or tenths of a fraction; length one) from the worst
        known to the best, by the data alone, and the SD along them.
    target : int
        Index of the parameter that matters most.
    instrument : (P,) tuple of bool
        Parameters of the measurement, not of the conductor: in the table, not in the sentences.
    extra : mapping of str to float
        SD of the target (in its scale) after one measurement more.
    """

    names: tuple[str, ...]
    scales: tuple[str, ...]
    values: FloatArray
    information: FloatArray
    prior_information: FloatArray
    sd_data: FloatArray
    sd: FloatArray
    sd_conditional: FloatArray
    sd_prior: FloatArray
    correlation_data: FloatArray
    directions: FloatArray
    direction_sd: FloatArray
    target: int
    instrument: tuple[bool, ...] = ()
    extra: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.instrument:
            object.__setattr__(self, "instrument", (False,) * len(self.names))

    @property
    def degenerate_pairs(self) -> tuple[tuple[int, int], ...]:
        """Indices of parameters that the data alone cannot tell apart (correlation beyond 0.95)."""
        return tuple((i, j) for i in range(len(self.names)) for j in range(i + 1, len(self.names))
                     if abs(self.correlation_data[i, j]) > DEGENERATE)  # fmt: skip

    def slope(self, of: int, against: int, held: Sequence[int] = ()) -> float:
        """d(of)/d(against), in their scales, when the others are refitted: how one follows the other.

        The prior of ``against`` is left out, for it is what is moved; ``held`` are others that stay.
        """
        total = self.information + self.prior_information
        others = [k for k in range(len(self.names)) if k != against and k not in held]
        response = -np.linalg.pinv(total[np.ix_(others, others)], rcond=1e-12) @ total[others, against]
        return float(response[others.index(of)])

    def sentences(self) -> tuple[str, ...]:
        """For the report, to stand before the results."""
        found = [self._first(), *self._follows(), *self._remedy()]
        return tuple(text for text in found if text)

    def table(self) -> Table:
        """One row per parameter."""
        rows = tuple(self._row(k) for k in range(len(self.names)))
        return Table(
            "identifiability", "What the profiles fix", ("Parameter", "Best value", "1 SD, profiles alone",
            "1 SD, all else known", "1 SD before", "1 SD with what was known", "Fixed by"), rows,
            "From Fisher's information at the best fit. ‘Profiles alone’: all parameters free, nothing known "
            "beforehand; ‘all else known’: the others held at their values; ‘before’: what the study states "
            "or assumes.",
        )  # fmt: skip

    # ---- words --------------------------------------------------------------------------------------
    def _fixed(self) -> NDArray[np.bool_]:
        poor = np.array([
            POOR if s == "log" else POOR * max(abs(v), _step(name, s, v))
            for name, s, v in zip(self.names, self.scales, map(float, self.values), strict=True)
        ])  # fmt: skip
        return np.asarray((self.sd_data <= poor) & (self.sd_data <= self.sd_prior))

    def _row(self, k: int) -> tuple[str, ...]:
        fixed = self._fixed()[k]
        by = "profiles" if fixed else ("prior knowledge" if np.isfinite(self.sd_prior[k]) else "nothing")
        if not fixed and self.sd[k] < 0.7 * self.sd_prior[k]:
            by = "both together" if np.isfinite(self.sd_prior[k]) else "the priors of others"
        spreads = (self.sd_data[k], self.sd_conditional[k], self.sd_prior[k], self.sd[k])
        return (capital(_word(self.names[k])), shown_value(self.names[k], float(self.values[k])),
                *(self._spread(k, float(s)) for s in spreads), by)  # fmt: skip

    def _step(self, k: int) -> float:
        return _step(self.names[k], self.scales[k], float(self.values[k]))

    def _spread(self, k: int, sd: float) -> str:
        return shown_spread(self.names[k], float(self.values[k]), self.scales[k], sd)

    def _first(self) -> str:
        fixed = [int(k) for k in np.flatnonzero(self._fixed()) if not self.instrument[k]]
        known = [f"{_word(self.names[k])} ({self._spread(k, float(self.sd_data[k]))})" for k in fixed]
        lost = [self._unfixed(k) for k in range(len(self.names))
                if k not in fixed and not self.instrument[k]]  # fmt: skip
        text = f"The profiles alone fix {listed(known)}" if known else "The profiles alone fix no parameter"
        return f"{text}; they do not fix {listed(lost)}." if lost else f"{text}: all of them."

    def _unfixed(self, k: int) -> str:
        alone = self._spread(k, float(self.sd_data[k]))
        alone = "not at all" if alone == "open" else f"{alone} from them"
        prior = self._spread(k, float(self.sd_prior[k])) if np.isfinite(self.sd_prior[k]) else ""
        return f"{_word(self.names[k])} ({alone}{f', {prior} before' if prior else ''})"

    def _follows(self) -> list[str]:
        """How the target moves with each quantity that is known from elsewhere only, the others held."""
        found: list[str] = []
        t = self.target
        unfixed = [k for k in range(len(self.names)) if not (self._fixed()[k] or self.instrument[k])]
        for k in range(len(self.names)):
            if k == t or self._fixed()[k] or self.instrument[k]:
                continue
            step = math.log(2.0) if self.scales[k] == "log" else self._step(k) / 2
            held = [h for h in unfixed if h not in (t, k)]
            moved = self._target_change(self.slope(t, k, held) * step)
            if abs(moved[0]) < 0.1 * min(float(self.sd[t]), POOR):
                continue
            how = (f"twice {_word(self.names[k])}" if self.scales[k] == "log" else
                   f"{100 * step:.0f} % more for {_word(self.names[k])}")  # fmt: skip
            degenerate = (min(t, k), max(t, k)) in self.degenerate_pairs
            tie = "cannot be told apart" if degenerate else "move together"
            found.append(f"{capital(_word(self.names[k]))} and {_word(self.names[t])} {tie}: {how} changes "
                         f"{_word(self.names[t])} by {moved[1]}.")  # fmt: skip
        return found

    def _target_change(self, shift: float) -> tuple[float, str]:
        value, log = float(self.values[self.target]), self.scales[self.target] == "log"
        change = math.expm1(min(shift, 50.0)) if log else shift
        unit, factor = _unit(self.names[self.target])
        amount = change * value / factor if log else shift / factor
        return change, f"{amount:+.3g} {unit}".replace("-", "−").strip()

    def _remedy(self) -> list[str]:
        t = self.target
        now = self._spread(t, float(self.sd[t]))
        if not self.extra:
            return [f"With all that is known, {_word(self.names[t])} comes out to {now}."]
        ranked = sorted(self.extra.items(), key=lambda pair: pair[1])
        told = [f"{label}: {self._spread(t, sd)}" for label, sd in ranked if sd < 0.9 * self.sd[t]]
        if not told:
            return [f"With all that is known, {_word(self.names[t])} comes out to {now}; none of the further "
                    "measurements considered would lower this by a tenth."]  # fmt: skip
        return [f"With all that is known, {_word(self.names[t])} comes out to {now}. One measurement more "
                f"would make it: {'; '.join(told)}."]  # fmt: skip


def identifiability(
    jacobian: ArrayLike, names: Sequence[str], *, prior_jacobian: ArrayLike | None = None,
    scales: Sequence[Scale], values: ArrayLike | None = None, target: str = TARGET,
    extra: Mapping[str, ArrayLike] | None = None, instrument: Sequence[bool] = (),
) -> Identifiability:  # fmt: skip
    """What the data fix, from whitened derivatives at the best fit.

    Parameters
    ----------
    jacobian : (m, P) array
        Derivatives of the data's residuals, each divided by its SD, in the parameters' scales (of ln p where
        that is ``log``).
    names : (P,) sequence of str
    prior_jacobian : (q, P) array, optional
        The same of the residuals that stand for prior knowledge.
    scales : (P,) sequence of "log" or "linear"
    values : (P,) array, optional
        Best values [SI]; 1 if not given.
    target : str
        The parameter that matters most; the first if there is none of that name.
    extra : mapping of str to (k, P) array, optional
        Measurements one could make besides: their whitened derivatives. A better D_bulk (± 10 %) and vacancy
        fraction (± 0.02) are always looked at where these are parameters.

    instrument : (P,) sequence of bool, optional
        Which parameters belong to the measurement, not to the conductor.

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    data, prior = _checked(jacobian, names), _checked(prior_jacobian, names)
    best = np.ones(len(names)) if values is None else np.asarray(values, dtype=float)
    steps = np.array([_step(name, scale, float(value))
                      for name, scale, value in zip(names, scales, best, strict=True)])  # fmt: skip
    information, prior_information = data.T @ data, prior.T @ prior
    alone = _covariance(information, steps)
    sd_alone = np.sqrt(np.diag(alone))
    conditional = 1 / np.sqrt(np.diag(information) + 1 / (VAGUE * steps) ** 2)
    spread = _sd(information + prior_information, steps)
    weak, vectors = np.linalg.eigh(information * np.outer(steps, steps))
    at = _target(names, target)
    further = _candidates(names, scales, best) | {k: _checked(v, names) for k, v in (extra or {}).items()}
    return Identifiability(
        names=tuple(names), scales=tuple(scales), values=best, information=information,
        prior_information=prior_information, sd_data=_or_open(sd_alone, steps), sd=spread,
        sd_conditional=_or_open(conditional, steps),
        sd_prior=_or_open(_sd(prior_information, steps), steps),
        correlation_data=alone / np.outer(sd_alone, sd_alone), directions=vectors.T.copy(),
        direction_sd=1 / np.sqrt(np.maximum(weak, 1 / VAGUE**2)), target=at,
        instrument=tuple(bool(flag) for flag in instrument),
        extra={label: float(_sd(information + prior_information + rows.T @ rows, steps)[at])
               for label, rows in further.items()},
    )  # fmt: skip


def without_nuisances(jacobian: ArrayLike, n_shared: int) -> FloatArray:
    """Derivatives of data for the first ``n_shared`` parameters when the further ones are fitted too.

    What the further columns can mimic is taken away (projection; the Schur complement of the information), so
    that the rest adds to the information of the shared parameters.

    Parameters
    ----------
    jacobian : (k, n_shared + n) array
        Whitened.
    """
    rows = np.asarray(jacobian, dtype=float)
    shared, nuisance = rows[:, :n_shared], rows[:, n_shared:]
    if nuisance.shape[1] == 0:
        return shared
    basis, singular, _ = np.linalg.svd(nuisance, full_matrices=False)
    basis = basis[:, singular > 1e-10 * max(float(singular[0]), 1e-300)]
    return np.asarray(shared - basis @ (basis.T @ shared))


def root_of(information: FloatArray) -> FloatArray:
    """(P, P) rows whose outer products sum to the information."""
    variances, vectors = np.linalg.eigh((information + information.T) / 2)
    return np.asarray(np.sqrt(np.clip(variances, 0.0, None))[:, None] * vectors.T)


def shown_value(name: str, value: float) -> str:
    """A parameter's value as the field prints it."""
    unit, factor = _unit(name)
    return f"{value / factor:.3g} {unit}".strip()


def shown_spread(name: str, value: float, scale: str, sd: float) -> str:
    """1 SD as people say it: ``± 3.1 meV``, ``± 12 %``, ``factor 2.4``, ``open``."""
    if not math.isfinite(sd) or sd > OPEN * _step(name, scale, value):
        return "open"
    unit, factor = _unit(name)
    if scale == "linear":
        return f"± {sd / factor:.2g} {unit}".strip()
    if unit == "meV" or unit == "":
        return f"± {sd * value / factor:.2g} {unit}".strip() if sd < POOR else f"factor {math.exp(sd):.2g}"
    return f"± {100 * sd:.2g} %" if sd < POOR else f"factor {math.exp(sd):.2g}"


def _checked(jacobian: ArrayLike | None, names: Sequence[str]) -> FloatArray:
    rows = np.zeros((0, len(names))) if jacobian is None else np.asarray(jacobian, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise ValueError(f"derivatives of shape {rows.shape} do not belong to {len(names)} parameters")
    return rows


def _covariance(information: FloatArray, steps: FloatArray) -> FloatArray:
    """Inverse of the information, with very vague limits so that open directions stay finite."""
    scaled = information * np.outer(steps, steps) + np.eye(steps.size) / VAGUE**2
    root = 1 / np.sqrt(np.diag(scaled))
    inverse = np.linalg.inv(scaled * np.outer(root, root)) * np.outer(root, root)
    return np.asarray(inverse * np.outer(steps, steps))


def _sd(information: FloatArray, steps: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(np.diag(_covariance(information, steps))))


def _or_open(sd: FloatArray, steps: FloatArray) -> FloatArray:
    return np.where(sd / steps > OPEN, math.inf, sd)


def _step(name: str, scale: str, value: float) -> float:
    """What counts as one e-folding: of a fraction a tenth, of an energy itself."""
    if scale == "log":
        return 1.0
    return abs(value) or 1e-20 if _base(name).startswith("site_energy") else FRACTION_STEP


def _target(names: Sequence[str], target: str) -> int:
    return next((k for k, name in enumerate(names) if _base(name) == target), 0)


def _candidates(names: Sequence[str], scales: Sequence[Scale], values: FloatArray) -> dict[str, FloatArray]:
    """A better D_bulk, a better vacancy fraction, both."""
    bulk, vacancy = np.zeros((0, len(names))), np.zeros((0, len(names)))
    for k, name in enumerate(names):
        row = np.zeros((1, len(names)))
        if _base(name) in _BULK and scales[k] == "log":
            row[0, k] = 1 / BULK_PRECISION
            bulk = np.vstack([bulk, row])
        elif _base(name) == "vacancy_fraction":
            row[0, k] = (values[k] if scales[k] == "log" else 1.0) / VACANCY_PRECISION
            vacancy = np.vstack([vacancy, row])
    found = {
        "D_bulk to ± 10 % (dc conductivity by impedance at the experiment's temperature)": bulk,
        "the vacancy fraction to ± 0.02 (density and a count of sites, by NMR or simulation)": vacancy,
        "D_bulk to ± 10 % and the vacancy fraction to ± 0.02": (
            np.vstack([bulk, vacancy]) if bulk.size and vacancy.size else np.zeros((0, 1))
        ),
    }
    return {label: rows for label, rows in found.items() if rows.size}


def _base(name: str) -> str:
    return name.partition(" ")[0].rstrip(",")


def _word(name: str) -> str:
    base, _, item = name.partition(" ")
    word = _WORDS.get(base.rstrip(","), base.replace("_", " "))
    return f"{word}, {item.strip('()')}" if item else word


def _unit(name: str) -> tuple[str, float]:
    from ionscape.core.number_format import format_unit
    from ionscape.core.quantity import unit_scale

    base = _base(name)
    if base.startswith("site_energy"):
        return "meV", unit_scale("meV")[0]
    if base in (*_BULK, "diffusion_coefficient_foreign", "foreign_diffusion"):
        return format_unit("cm^2/s"), 1e-4
    return "", 1.0
