"""A polynomial that stands for the model of one profile where the posterior lies.

Slice means are fitted by a polynomial in the profile's inputs, from curves computed at points scattered as
the posterior is. What it is off by is known from curves that it has not seen, and put right by importance
weights.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_LEARNT, _SOFT = 4.0, 0.5  # SD of the points learnt from: where the wall begins, and how steep it is
_NEGLIGIBLE = 1e-3  # of the largest effect on the whitened data: a direction that does nothing


@dataclass(frozen=True)
class ProfileEmulator:
    """Polynomial from inputs y to slice means.

    One input, ln of the spread of the front, enters by its exponential: where the front is sharper than the
    instrument can see, the means no longer depend on it.

    Attributes
    ----------
    spread : int
        Place of that input.
    reference : float
        Its value where the exponential is one.
    centre : (Y,) array
    project : (Y, d) array
        Whitened coordinates are (y - centre) @ project.
    exponents : (F, d) int array
    coefficients : (F, N) array
    """

    spread: int
    reference: float
    centre: FloatArray
    project: FloatArray
    exponents: NDArray[np.int_]
    coefficients: FloatArray

    def means(self, y: FloatArray) -> FloatArray:
        """(K, N) for inputs (K, Y)."""
        return np.asarray(_features(self._whitened(y), self.exponents) @ self.coefficients)

    def wall(self, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A sum of squares (K,) that keeps draws where the polynomial was learnt, and half its gradient."""
        white = self._whitened(y)
        beyond = np.sign(white) * np.maximum(np.abs(white) - _LEARNT, 0.0) / _SOFT
        by_inputs = beyond / _SOFT @ self.project.T
        by_inputs[:, self.spread] *= np.exp(np.minimum(y[:, self.spread] - self.reference, 50.0))
        return np.sum(beyond**2, axis=1), np.asarray(by_inputs)

    def pull(self, y: FloatArray, by_means: FloatArray) -> FloatArray:
        """(K, Y): the gradient by the inputs of what has the gradient ``by_means`` (K, N) by the means."""
        white = self._whitened(y)
        by_features = by_means @ self.coefficients.T
        by_white = np.empty_like(white)
        features = _features(white, self.exponents)
        for axis in range(white.shape[1]):
            slopes = features[:, self._lowered[:, axis]] * self.exponents[:, axis]
            by_white[:, axis] = np.einsum("kf,kf->k", by_features, slopes)
        by_inputs = by_white @ self.project.T
        by_inputs[:, self.spread] *= np.exp(np.minimum(y[:, self.spread] - self.reference, 50.0))
        return np.asarray(by_inputs)

    @cached_property
    def _lowered(self) -> NDArray[np.intp]:
        """(F, d) place of each monomial divided by a coordinate (of any where it cannot be)."""
        place = {tuple(row): n for n, row in enumerate(self.exponents.tolist())}
        steps = np.eye(self.exponents.shape[1], dtype=np.int_)
        return np.array([
            [place.get(tuple((row - step).tolist()), 0) for step in steps] for row in self.exponents
        ], dtype=np.intp).reshape(self.exponents.shape)  # fmt: skip

    def _whitened(self, y: FloatArray) -> FloatArray:
        return np.asarray((bent(y, self.spread, self.reference) - self.centre) @ self.project)


def bent(y: FloatArray, spread: int, reference: float) -> FloatArray:
    """Inputs (K, Y) with the exponential of one of them, relative to a reference, in its place."""
    found = y.copy()
    found[:, spread] = np.exp(np.minimum(y[:, spread] - reference, 50.0))
    return found


@dataclass(frozen=True)
class Frame:
    """Coordinates of an emulator; see `ProfileEmulator`."""

    spread: int
    reference: float
    centre: FloatArray
    project: FloatArray

    @property
    def dimensions(self) -> int:
        """Number of whitened coordinates."""
        return int(self.project.shape[1])


def coordinates(points: FloatArray, effect: FloatArray | None, spread: int) -> Frame:
    """Whitened directions, of one SD each, that change the data.

    Parameters
    ----------
    points : (K, Y) array
        Inputs scattered as the posterior.
    effect : (N, Y) array or None
        Whitened derivatives of the means by the inputs; None: every direction counts.
    spread : int
        Place of ln of the spread of the front.
    """
    reference = float(np.median(points[:, spread]))
    points = bent(points, spread, reference)
    centre, deviation = points.mean(axis=0), points.std(axis=0)
    live = deviation > 1e-12 * (1 + np.abs(centre))
    project = np.zeros((points.shape[1], 0))
    if not live.any():
        return Frame(spread, reference, centre, project)
    scaled = (points - centre)[:, live] / deviation[live]
    variances, vectors = np.linalg.eigh(np.atleast_2d(np.cov(scaled, rowvar=False)))
    kept = variances > 1e-8
    if effect is not None:
        root = vectors * np.sqrt(np.maximum(variances, 0.0))
        influence = np.linalg.norm(effect[:, live] * deviation[live] @ root, axis=0)
        kept &= influence > _NEGLIGIBLE * max(influence.max(initial=0.0), 1e-300)
    project = np.zeros((points.shape[1], int(kept.sum())))
    project[live] = vectors[:, kept] / np.sqrt(variances[kept]) / deviation[live][:, None]
    return Frame(spread, reference, centre, project)


def monomials(dimensions: int, degree: int) -> NDArray[np.int_]:
    """(F, d) exponents of all monomials up to a degree."""
    found = [
        np.bincount(list(chosen), minlength=dimensions)
        for total in range(degree + 1)
        for chosen in itertools.combinations_with_replacement(range(dimensions), total)
    ]
    return np.array(found, dtype=np.int_).reshape(len(found), dimensions)


def fitted_emulator(
    points: FloatArray, means: FloatArray, frame: Frame, degree: int, weights: FloatArray | None = None
) -> ProfileEmulator:
    """Least-squares polynomial through means (K, N) at inputs (K, Y), with weights (K,) of the points."""
    centre, project = frame.centre, frame.project
    exponents = monomials(project.shape[1], degree)
    features = _features((bent(points, frame.spread, frame.reference) - centre) @ project, exponents)
    root = np.ones(len(points)) if weights is None else np.sqrt(weights)
    coefficients = np.linalg.lstsq(features * root[:, None], means * root[:, None], rcond=1e-10)[0]
    return ProfileEmulator(
        frame.spread, frame.reference, centre, project, exponents, np.asarray(coefficients)
    )


def _features(white: FloatArray, exponents: NDArray[np.int_]) -> FloatArray:
    """(K, F) monomials of whitened coordinates (K, d)."""
    powers = np.ones((int(exponents.max(initial=0)) + 1, *white.shape))
    for k in range(1, powers.shape[0]):
        powers[k] = powers[k - 1] * white
    found = np.ones((white.shape[0], exponents.shape[0]))
    for axis in range(white.shape[1]):
        found *= powers[exponents[:, axis], :, axis].T
    return found
