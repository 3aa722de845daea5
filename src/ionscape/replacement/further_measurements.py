"""What one experiment more would do for a fit: derivatives of profiles that were not measured yet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.replacement.experiment_design import (
    SHARED,
    Attachment,
    Glass,
    Spectrometer,
    attach,
    expected_derivatives,
)
from ionscape.replacement.identifiability import Identifiability, identifiability

FloatArray = NDArray[np.float64]
SLOWER, LESS = 4.0, 0.5


def with_further_experiments(
    known: Identifiability, glass: Glass, done: Attachment, spectrometer: Spectrometer
) -> Identifiability:
    """The same, with what a second foreign ion and a second charge would add to `Identifiability.extra`.

    Parameters
    ----------
    known : Identifiability
        Of a fit; its width and vacancy fraction, and the first D_bulk, are those of the glass.
    glass : Glass
        With the fit's values.
    done : Attachment
        One of the fitted experiments, simulated with the fit's values.
    spectrometer : Spectrometer
        As the further profile would be measured.
    """
    return identifiability(
        _root(known.information), known.names, prior_jacobian=_root(known.prior_information),
        scales=["log" if scale == "log" else "linear" for scale in known.scales], values=known.values,
        extra=further_experiments(known, glass, done, spectrometer), instrument=known.instrument,
    )  # fmt: skip


def further_experiments(
    known: Identifiability, glass: Glass, done: Attachment, spectrometer: Spectrometer
) -> Mapping[str, FloatArray]:
    """Label to whitened derivatives (M, P) by the parameters of ``known``: `identifiability`'s ``extra``.

    A second foreign ion has its own D, which is fitted too; it is taken four times slower, as the next
    heavier alkali ion in a borate glass. Both experiments are at the temperature of the one that was done.
    """
    wanted = {
        f"a second foreign ion, {SLOWER:g} times slower than {done.ion}": (1 / SLOWER, 1.0),
        f"a second profile with {done.ion} after half the charge": (1.0, LESS),
    }
    found = {}
    for label, (slower, less) in wanted.items():
        try:
            planned = attach(
                glass, done.ion, temperature=done.temperature, bulk_diffusion=done.bulk_diffusion,
                foreign_diffusion=done.foreign_diffusion * slower, length=done.length * less,
                duration=done.duration * less,
            )  # fmt: skip
        except AnalysisError:
            continue
        found[label] = _wide(expected_derivatives(glass, planned, spectrometer), known)
    return found


def _wide(rows: FloatArray, known: Identifiability) -> FloatArray:
    """Columns of `SHARED` put where the fit has these parameters, in its scales."""
    wide = np.zeros((rows.shape[0], len(known.names)))
    for column, name in enumerate(SHARED):
        k = next((k for k, other in enumerate(known.names) if other.partition(" ")[0] == name), None)
        if k is not None:
            wide[:, k] = rows[:, column] / (1.0 if known.scales[k] == "log" else known.values[k])
    return wide


def _root(information: FloatArray) -> FloatArray:
    variances, vectors = np.linalg.eigh((information + information.T) / 2)
    return np.asarray(np.sqrt(np.clip(variances, 0.0, None))[:, None] * vectors.T)
