"""A profile that is kept on the mesh of its moment, and brought onto the final one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Profile(NamedTuple):
    """Faces (C + 1,) [m]; fractions and mixed parts (C, N); potential [V] at the surface and the cells'
    centres, field [V/m] at the faces (C + 1,); fluxes (C + 1, N)."""

    faces: FloatArray
    fractions: FloatArray
    mixed: FloatArray
    potential: FloatArray
    field: FloatArray
    flux: FloatArray

    def on(self, faces: FloatArray) -> Profile:
        """The same on other faces: amounts are kept, behind the film the bulk goes on."""
        if np.array_equal(faces, self.faces) or np.allclose(faces, self.faces, rtol=1e-9, atol=0):
            return self
        end, bulk_field = self.faces[-1], float(self.field[-1])
        fractions = averages(self.faces, self.fractions, faces)
        fractions[:, 1:] = np.maximum(fractions[:, 1:], 0.0)
        fractions[:, 0] = 1 - fractions[:, 1:].sum(axis=1)
        here = np.concatenate([[0.0], (self.faces[1:] + self.faces[:-1]) / 2, [end]])
        there = np.concatenate([[0.0], (faces[1:] + faces[:-1]) / 2])
        potential = np.interp(there, here, np.append(self.potential, 0.0), right=0.0)
        potential += bulk_field * (faces[-1] - np.maximum(there, min(end, faces[-1])))
        flux = np.stack([np.interp(faces, self.faces, each) for each in self.flux.T], axis=1)
        mixed = averages(self.faces, self.mixed, faces)
        return Profile(faces, fractions, mixed, potential, np.interp(faces, self.faces, self.field), flux)


def averages(here: FloatArray, values: FloatArray, there: FloatArray) -> FloatArray:
    """Cell averages (C, ...) over other cells; behind the last face the values of the last cell go on."""
    from scipy.interpolate import PchipInterpolator

    summed = np.cumsum((values.T * np.diff(here)).T, axis=0)
    amount = np.concatenate([np.zeros((1, *values.shape[1:])), summed])
    inside = PchipInterpolator(here, amount)(np.minimum(there, here[-1]))
    inside += np.multiply.outer(np.maximum(there - here[-1], 0.0), values[-1])
    return np.asarray((np.diff(inside, axis=0).T / np.diff(there)).T)
