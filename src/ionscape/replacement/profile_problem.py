"""Profiles against the model: residuals and their derivatives, of all profiles of one conductor together.

In units of its own charge Q = q/(z e n0) and time a profile depends on five numbers only: the levels of the
distribution over kT, the vacancy fraction, D_foreign/D_bulk, D_foreign t/Q^2 and the immobile fraction. With
the depth that Q takes in the instrument, and its blur, these are the *inputs* y of a profile; all that is
stated or sought acts through them (and through scales of the signals, which are linear).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.replacement.distribution_family import DistributionFamily
from ionscape.replacement.fit_parameters import Parameters
from ionscape.replacement.instrument import slice_means
from ionscape.replacement.measured_profile import MeasuredProfile
from ionscape.replacement.profile_forward import electroneutral_profile, electroneutral_sensitivities
from ionscape.replacement.profile_observation import Linearised, Means, Observation, observation_of
from ionscape.replacement.profile_quantities import FitInputs, entries_of, item_names

FloatArray = NDArray[np.float64]
T = TypeVar("T")
OTHER_INPUTS = ("log_vacancies", "log_ratio", "log_spread", "immobile", "log_depth", "log_blur")
_LEVEL_STEP, _DEPTH_STEP, _BLUR_STEP = 1e-3, 3e-4, 1e-2
_NO_BLUR = -60.0
FILLING = np.linspace(0.0, 1.0, 1025)


class ProfileProblem:
    """Whitened residuals of several profiles, and of what is known beforehand.

    Parameters
    ----------
    profiles : sequence of MeasuredProfile
    inputs : FitInputs
        What is stated.
    family : DistributionFamily
    cells : int
        Of the film.
    threads : int

    Attributes
    ----------
    parameters : Parameters
    observations : tuple of Observation
    items : tuple of str
        What each profile's results are called: the ion, or the ion and the profile's label.
    """

    def __init__(
        self, profiles: Sequence[MeasuredProfile], inputs: FitInputs, family: DistributionFamily, *,
        cells: int = 180, threads: int = 1,
    ) -> None:  # fmt: skip
        if not profiles:
            raise InputError("a fit needs at least one profile")
        self.family, self.inputs, self.threads = family, inputs, threads
        self.cells = cells
        self.items = item_names(profiles)
        self.reference_temperature = float(np.mean([p.temperature.value for p in profiles]))
        self.observations = tuple(
            observation_of(p, inputs.carrier_density, inputs.charge, cells) for p in profiles
        )
        bounds = [seen.foreign_bounds for seen in self.observations]
        self.parameters = Parameters(entries_of(profiles, inputs, family, self.items, bounds))
        self.evaluations, self.bluntest = 0, False

    # ---- layout -------------------------------------------------------------------------------------
    @property
    def names(self) -> tuple[str, ...]:
        """Of the fitted vector."""
        return self.parameters.names

    @property
    def n_levels(self) -> int:
        """Parameters of the distribution."""
        return len(self.family.parameters)

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Of a profile's inputs y."""
        return (*(p.name for p in self.family.parameters), *OTHER_INPUTS)

    def for_trials(self) -> ProfileProblem:
        """The same for trials whose fronts may lie anywhere: none sharper than the coarsest cells."""
        changed = self.with_observations(self.observations)
        changed.bluntest = True
        return changed

    def with_observations(self, observations: Sequence[Observation]) -> ProfileProblem:
        """The same with other meshes, points or errors."""
        changed = object.__new__(ProfileProblem)
        changed.__dict__.update(self.__dict__)
        changed.observations = tuple(observations)
        return changed

    # ---- from theta to the inputs of a profile --------------------------------------------------------
    def inputs_of(self, k: int, g: FloatArray) -> FloatArray:
        """y (K, Y) of profile k from quantities g (K, G)."""
        y = g @ self._input_matrix[k].T + self._input_offset[k]
        warm = np.exp(g[:, self._at(f"temperature {k}")] - math.log(self.reference_temperature))
        for n, parameter in enumerate(self.family.parameters):
            if parameter.energy:
                y[:, n] /= warm
        return np.asarray(y)

    def input_slopes(self, k: int, g: FloatArray, y: FloatArray) -> FloatArray:
        """d y/d g (K, Y, G)."""
        slopes = np.repeat(self._input_matrix[k][None], g.shape[0], axis=0)
        at = self._at(f"temperature {k}")
        warm = np.exp(g[:, at] - math.log(self.reference_temperature))
        for n, parameter in enumerate(self.family.parameters):
            if parameter.energy:
                slopes[:, n] /= warm[:, None]
                slopes[:, n, at] = -y[:, n]
        return np.asarray(slopes)

    @cached_property
    def _input_matrix(self) -> list[FloatArray]:
        return [self._matrix_of(k) for k in range(len(self.observations))]

    @cached_property
    def _input_offset(self) -> list[FloatArray]:
        found = []
        for seen in self.observations:
            offset = np.zeros(len(self.input_names))
            density = math.log(self.inputs.carrier_density.value)
            row = dict(zip(self.input_names, range(offset.size), strict=True))
            offset[row["log_depth"]] = math.log(seen.length) + density
            offset[row["log_spread"]] = math.log(seen.course.duration) - 2 * (math.log(seen.length) + density)
            found.append(offset)
        return found

    def _matrix_of(self, k: int) -> FloatArray:
        """d y/d g apart from the temperature in the levels."""
        row = dict(zip(self.input_names, range(len(self.input_names)), strict=True))
        matrix = np.zeros((len(self.input_names), len(self.parameters.entries)))
        for parameter in self.family.parameters:
            matrix[row[parameter.name], self._at(parameter.name)] = 1
        matrix[row["log_vacancies"], self._at("vacancy_fraction")] = 1
        matrix[row["immobile"], self._at("immobile_fraction")] = 1
        bulk, foreign = self._at(self.bulk_name(k)), self._at(self.foreign_name(k))
        matrix[row["log_ratio"], [foreign, bulk]] = 1, -1
        density, charge = self._at("carrier_density"), self._at(f"charge {k}")
        matrix[row["log_spread"], [foreign, density, charge]] = 1, 2, -2
        matrix[row["log_depth"], [density, charge, self._at(f"depth scale {k}")]] = -1, 1, -1
        matrix[row["log_blur"], self._at(f"resolution {k}")] = 1
        return matrix

    def bulk_name(self, k: int) -> str:
        """The quantity that is profile k's D_bulk."""
        return self.inputs.bulk_names[k]

    def foreign_name(self, k: int) -> str:
        """The quantity that is profile k's D of the foreign ion."""
        return f"diffusion_coefficient_foreign {self.items[k]}"

    def _at(self, name: str) -> int:
        return self.parameters.index(name)

    # ---- the model ------------------------------------------------------------------------------------
    def curve(self, k: int, y: FloatArray) -> FloatArray:
        """Fractions (C,) of the native ion in the cells, immobile ions included, for inputs y (Y,)."""
        n, seen = self.n_levels, self.observations[k]
        self.evaluations += 1
        levels, foreign = self._levels(y), float(y[n + 2])
        fractions = electroneutral_profile(
            levels + foreign - float(y[n + 1]), foreign, seen.course.relative, seen.faces,
            max(float(y[n + 3]), 0.0), bluntest=self.bluntest,
        )  # fmt: skip
        return fractions if seen.correction is None else fractions + seen.correction

    def curve_slopes(self, k: int, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same, and its derivatives by the inputs (C, Y); zero for the instrument's, the last two."""
        n, seen = self.n_levels, self.observations[k]
        self.evaluations += 1
        levels, foreign = self._levels(y), float(y[n + 2])
        solver = [int(i) for i in self.active[k] if i < n + 4]
        by_native = np.zeros((len(solver), FILLING.size))
        by_foreign, by_immobile = np.zeros(len(solver)), np.zeros(len(solver))
        for row, i in enumerate(solver):
            if i <= n:
                by_native[row] = self._level_slope(y, i)
            elif i == n + 3:
                by_native[row], by_immobile[row] = 1 / (1 - max(float(y[i]), 0.0)), 1.0
            else:
                by_native[row] = -1.0 if i == n + 1 else 1.0
                by_foreign[row] = 0.0 if i == n + 1 else 1.0
        fractions, along = electroneutral_sensitivities(
            levels + foreign - float(y[n + 1]), foreign, seen.course.relative, seen.faces,
            max(float(y[n + 3]), 0.0), by_native, by_foreign, by_immobile,
        )  # fmt: skip
        slopes = np.zeros((fractions.size, y.size))
        slopes[:, solver] = along.T
        return (fractions if seen.correction is None else fractions + seen.correction), slopes

    def _levels(self, y: FloatArray) -> FloatArray:
        """ln of D over D_bulk (T,) of the native ions that move.

        D_bulk is that of all native ions, as the conductivity gives it: where a share w never moves, the
        others have D_bulk/(1 - w).
        """
        n = self.n_levels
        levels = self.family.levels(y[:n], float(y[n]), FILLING)
        return np.asarray(levels - math.log1p(-max(float(y[n + 3]), 0.0)))

    def _level_slope(self, y: FloatArray, i: int) -> FloatArray:
        """d levels/d one of the distribution's parameters or ln of the vacancies (T,)."""
        n, step = self.n_levels, _LEVEL_STEP * max(abs(y[i]), 0.1)
        ends = []
        for sign in (-1.0, 1.0):
            at = y[: n + 1].copy()
            at[i] += sign * step
            ends.append(self.family.levels(at[:n], float(at[n]), FILLING))
        return np.asarray((ends[1] - ends[0]) / (2 * step))

    def seen(
        self, k: int, y: FloatArray, fractions: FloatArray, edges: FloatArray | None = None
    ) -> FloatArray:
        """Means over the slices (N,) as the instrument sees a curve."""
        length, blur = math.exp(y[-2]), math.exp(y[-1]) if y[-1] > _NO_BLUR else 0.0
        at = self.observations[k].edges if edges is None else edges
        return slice_means(self.observations[k].faces * length, fractions, at, blur)

    @cached_property
    def active(self) -> list[NDArray[np.intp]]:
        """Inputs of each profile that anything unknown can change."""
        found = []
        moved = np.abs(self.parameters.matrix).sum(axis=1) > 0
        for k, matrix in enumerate(self._input_matrix):
            touched = (np.abs(matrix) > 0) @ moved
            if moved[self._at(f"temperature {k}")]:
                for n, parameter in enumerate(self.family.parameters):
                    touched[n] |= parameter.energy
            found.append(np.flatnonzero(touched))
        return found

    def means(self, theta: FloatArray) -> list[Means]:
        """Slice means of every profile for theta (P,), without derivatives."""
        g, _ = self.parameters.quantities(theta[None])
        inputs = [self.inputs_of(k, g)[0] for k in range(len(self.observations))]
        curves = self._done([partial(self.curve, k, y) for k, y in enumerate(inputs)])
        return [
            Means(y, curve, self.seen(k, y, curve), np.zeros((0, y.size)))
            for k, (y, curve) in enumerate(zip(inputs, curves, strict=True))
        ]

    def means_and_slopes(self, g: FloatArray) -> list[Means]:
        """Slice means and their derivatives by the inputs, for quantities g (1, G)."""
        numbers = range(len(self.observations))
        return self._done([partial(self._one, k, self.inputs_of(k, g)[0]) for k in numbers])

    def _one(self, k: int, y: FloatArray) -> Means:
        fractions, slopes = self.curve_slopes(k, y)
        derivative = np.zeros((self.observations[k].keep.size, y.size))
        for i in self.active[k]:
            if i < y.size - 2:  # what the instrument does is (almost) linear in the fractions
                derivative[:, i] = self.seen(k, y, slopes[:, i])
            else:
                step = np.zeros_like(y)
                step[i] = _DEPTH_STEP if i == y.size - 2 else _BLUR_STEP
                rise = self.seen(k, y + step, fractions) - self.seen(k, y - step, fractions)
                derivative[:, i] = rise / (2 * step[i])
        return Means(y, fractions, self.seen(k, y, fractions), derivative)

    def evaluated(self, k: int, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cells' fractions (K, C) and slice means (K, N) of profile k for inputs (K, Y)."""
        curves = self._done([partial(self.curve, k, y) for y in inputs])
        means = [self.seen(k, y, curve) for y, curve in zip(inputs, curves, strict=True)]
        return np.array(curves), np.array(means)

    def _done(self, tasks: list[Callable[[], T]]) -> list[T]:
        if self.threads <= 1:
            return [task() for task in tasks]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(lambda task: task(), tasks))

    # ---- residuals ------------------------------------------------------------------------------------
    def residuals_of(self, k: int, g: FloatArray, mean: FloatArray) -> FloatArray:
        """Whitened residuals (K, M_k), model less data, for quantities g (K, G) and slice means (K, N)."""
        seen = self.observations[k]
        native = (1 + g[:, self._at(f"native scale {k}")])[:, None] * mean
        for cause, change in seen.profile.systematic.items():
            native = native + g[:, self._at(f"systematic {cause}")][:, None] * change
        blocks = [(native - seen.profile.native) * seen.weight]
        if seen.has_foreign:
            assert seen.profile.foreign is not None
            foreign = (1 + g[:, self._at(f"foreign scale {k}")])[:, None] * (1 - mean)
            blocks.append((foreign - seen.profile.foreign) * seen.weight_foreign)
        return np.concatenate(blocks, axis=1)

    def by_quantities(self, k: int, g: FloatArray, means: Means) -> FloatArray:
        """d residuals/d g (M_k, G) of one profile."""
        seen = self.observations[k]
        by_g = means.derivative @ self.input_slopes(k, g[None], means.inputs[None])[0]
        scale = 1 + g[self._at(f"native scale {k}")]
        native = scale * by_g
        native[:, self._at(f"native scale {k}")] += means.mean
        for cause, change in seen.profile.systematic.items():
            native[:, self._at(f"systematic {cause}")] += change
        blocks = [native * seen.weight[:, None]]
        if seen.has_foreign:
            foreign = -(1 + g[self._at(f"foreign scale {k}")]) * by_g
            foreign[:, self._at(f"foreign scale {k}")] += 1 - means.mean
            blocks.append(foreign * seen.weight_foreign[:, None])
        return np.concatenate(blocks)

    def pulled(
        self, k: int, g: FloatArray, mean: FloatArray, residuals: FloatArray, by_g: FloatArray
    ) -> FloatArray:
        """Half the gradient of the sum of squares by the means (K, N); by the scales goes to ``by_g``."""
        seen = self.observations[k]
        native_at, foreign_at = self._at(f"native scale {k}"), self._at(f"foreign scale {k}")
        pull = residuals[:, : mean.shape[1]] * seen.weight
        by_mean = (1 + g[:, native_at])[:, None] * pull
        by_g[:, native_at] += np.einsum("kn,kn->k", pull, mean)
        for cause, change in seen.profile.systematic.items():
            by_g[:, self._at(f"systematic {cause}")] += pull @ change
        if seen.has_foreign:
            pull = residuals[:, mean.shape[1] :] * seen.weight_foreign
            by_mean = by_mean - (1 + g[:, foreign_at])[:, None] * pull
            by_g[:, foreign_at] += np.einsum("kn,kn->k", pull, 1 - mean)
        return np.asarray(by_mean)

    def linearised(self, theta: FloatArray) -> Linearised:
        """Everything at one theta (P,)."""
        g, slope = self.parameters.quantities(theta[None])
        means = self.means_and_slopes(g)
        blocks, rows = [], []
        for k, found in enumerate(means):
            blocks.append(self.residuals_of(k, g, found.mean[None])[0])
            rows.append(self.by_quantities(k, g[0], found))
        return Linearised(g[0], slope[0], tuple(means), tuple(blocks), np.concatenate(rows))

    def model(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals (K, m) and Jacobian (K, m, P) with the prior's rows last: for `ionscape.fit`."""
        residuals, jacobians = [], []
        rows, offsets = self.parameters.prior
        for one in theta:
            at = self.linearised(one)
            residuals.append(np.concatenate([*at.residuals, rows @ one - offsets]))
            jacobians.append(np.concatenate([at.by_theta(self.parameters), rows]))
        return np.array(residuals), np.array(jacobians)

    def residuals(self, theta: FloatArray) -> FloatArray:
        """(m,) whitened residuals of all profiles, then those of the priors, for theta (P,)."""
        g, _ = self.parameters.quantities(theta[None])
        rows, offsets = self.parameters.prior
        blocks = [
            self.residuals_of(k, g, found.mean[None])[0]
            for k, found in enumerate(self.means(theta))
        ]
        return np.concatenate([*blocks, rows @ theta - offsets])

    def jacobian(self, theta: FloatArray) -> FloatArray:
        """(m, P) derivatives of `residuals`."""
        at = self.linearised(theta)
        return np.concatenate([at.by_theta(self.parameters), self.parameters.prior[0]])


def thermal_energy(problem: ProfileProblem) -> float:
    """kT [J] at the temperature to which the energies of the fit refer."""
    return Boltzmann * problem.reference_temperature
