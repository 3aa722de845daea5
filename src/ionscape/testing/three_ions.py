"""A second experiment on a replaced glass, Cs+ into Rb+ into the glass, by another method than the solver's.

Electroneutral, three mobile ions, nothing mixed: central differences on equal cells, and scipy's BDF with a
sparse numerical Jacobian. For tests only: it knows one set of equations and is slow.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.testing.lithium_borate import (
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    FWHM_IN_SD,
    TRUTH,
    NativeLaw,
    Truth,
)

FloatArray = NDArray[np.float64]
LENGTH = 200e-9
FEW = 5e-10  # fraction of the ions that have not come yet


def replaced_twice(
    charges: tuple[float, float], truth: Truth = TRUTH, *, cells: int = 2500, tolerance: float = 1e-5
) -> tuple[FloatArray, FloatArray]:
    """Faces [m], and fractions (3, cells) of Li+, Rb+ and Cs+ after Rb+ and then Cs+ came in.

    Each comes for ``truth.duration`` at constant current. D_Rb falls with the filling u_Li + u_Rb by the same
    site energies as D_Li with u_Li; D_Cs is constant (Gunawan 2024, section 3.2, carried to two ions).

    Parameters
    ----------
    charges : (float, float)
        Of Rb+ and Cs+, as depths [m] that they would replace completely.
    truth : Truth
    cells : int
    tolerance : float
        Relative, of the integration over time.
    """
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    thermal = BOLTZMANN * truth.temperature / ELEMENTARY_CHARGE
    law = NativeLaw(truth.fwhm / FWHM_IN_SD / thermal, 1 - truth.vacancy_fraction)
    width, bulk = LENGTH / cells, truth.bulk_diffusion
    rubidium, caesium = (truth.diffusion_ratio[ion] for ion in ("Rb+", "Cs+"))

    def rate(flux: float, entering: int, _: float, state: FloatArray) -> FloatArray:
        u = np.stack([state[0::2], state[1::2]])
        middle, slope = (u[:, 1:] + u[:, :-1]) / 2, np.diff(u, axis=1) / width
        fractions = np.vstack([middle, 1 - middle.sum(axis=0)])
        slopes = np.vstack([slope, -slope.sum(axis=0)])
        d = bulk * np.stack([
            law.diffusion(middle[0])[0],
            rubidium * law.diffusion(middle.sum(axis=0))[0],
            np.full(cells - 1, caesium),
        ])  # fmt: skip
        field = (flux + (d * slopes).sum(axis=0)) / (d * fractions).sum(axis=0)
        inside = (d * (fractions * field - slopes))[:2]
        first = np.array([[0.0], [flux if entering == 1 else 0.0]])
        out = -np.diff(np.hstack([first, inside, [[flux], [0.0]]]), axis=1) / width
        return np.asarray(out.T.ravel())

    around = range(-3, 4)
    pattern: Any = diags([np.ones(2 * cells - abs(k)) for k in around], list(around), format="csc")
    state = np.empty(2 * cells)
    state[0::2], state[1::2] = 1 - 2 * FEW, FEW
    for entering, charge in enumerate(charges, start=1):
        flux = charge / truth.duration
        found: Any = solve_ivp(
            partial(rate, flux, entering), (0.0, truth.duration), state, method="BDF",
            jac_sparsity=pattern, rtol=tolerance, atol=tolerance / 100, t_eval=[truth.duration],
        )  # fmt: skip
        if not found.success:
            raise RuntimeError(found.message)
        state = found.y[:, -1]
    u = np.stack([state[0::2], state[1::2]])
    return np.linspace(0.0, LENGTH, cells + 1), np.vstack([u, 1 - u.sum(axis=0)])


def depth_of_charge(current_density: float, truth: Truth = TRUTH) -> float:
    """Depth [m] that a current density [A/m^2] over ``truth.duration`` replaces completely."""
    return current_density * truth.duration / (truth.carrier_density * ELEMENTARY_CHARGE)
