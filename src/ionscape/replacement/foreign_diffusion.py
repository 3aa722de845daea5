"""D of the foreign ion from the zones of one profile: eq. (3) of Gunawan 2024."""

from __future__ import annotations

import math

from ionscape.core.errors import InputError


def diffusion_of_foreign_ion(
    *, native_bulk: float, native_front: float, native_layer: float, diffusion_bulk: float,
    diffusion_front: float, diffusion_layer: float, gradient_front: float, field_bulk: float,
) -> float:  # fmt: skip
    """D of the foreign ion [m^2/s] in the replaced layer, from the current being one and the same.

    Three zones: bulk B ahead of the front, front F, replaced layer D behind it ("diffusion zone"). With the
    field E in units of kT/e per length, the current in B is D_B n_B E_B; in D it is
    [D_D n_D + D_foreign (n_B - n_D)] E_D, which gives D_foreign once E_D/E_B is known. The flux of native
    ions through F, D_F (n_F E_F - dn/dx), is set equal to that in B; with E_F = (E_B + E_D)/2 and
    n_F = (n_B + n_D)/2 this gives E_D/E_B = [4 (D_B/D_F) n_B + (4/E_B) dn/dx - (n_B + n_D)]/(n_B + n_D).
    Fields and gradients here point along the depth and are positive, so the gradient adds; the paper writes
    it with a minus and a field of the other sign.

    Parameters
    ----------
    native_bulk, native_front, native_layer : float
        Densities n of the native ion, or fractions; that of the front is only checked to lie between.
    diffusion_bulk, diffusion_front, diffusion_layer : float
        D [m^2/s] of the native ion at these densities.
    gradient_front : float
        dn/dx at the front [density/m].
    field_bulk : float
        e E/kT in the bulk [1/m], positive: flux of the native ion over D_B n_B.

    Raises
    ------
    InputError
        If the zones do not belong to a replacement, or the field would have to turn round.
    """
    b, f, d = native_bulk, native_front, native_layer
    _refuse_wrong_zones(b, f, d, (diffusion_bulk, diffusion_front), diffusion_layer)
    if not (field_bulk > 0 and math.isfinite(field_bulk)):
        raise InputError(f"eq. (3) needs the bulk's field, larger than zero, got {field_bulk:g} per m")
    if not (gradient_front >= 0 and math.isfinite(gradient_front)):
        raise InputError("the native ion's density rises with depth at a front: the gradient is negative")
    denominator = 4 * diffusion_bulk / diffusion_front * b + 4 * gradient_front / field_bulk - (b + d)
    if denominator <= 0:
        raise InputError("these zones ask for a field that turns round in the layer: no front of this kind")
    current = diffusion_bulk * (b + d) / (b - d) * b / denominator
    foreign = current - diffusion_layer * d / (b - d)
    if foreign <= 0:
        raise InputError(
            "the native ions of the layer alone would carry more than the current: take their D and density "
            "where the layer is flat"
        )
    return foreign


def _refuse_wrong_zones(
    bulk: float, front: float, layer: float, mobile: tuple[float, float], diffusion_layer: float
) -> None:
    if not (0 <= layer < front < bulk and math.isfinite(bulk)):
        raise InputError(
            "the native ion's density must rise from the layer to the front to the bulk, "
            f"got {layer:g}, {front:g}, {bulk:g}"
        )
    if not all(value > 0 and math.isfinite(value) for value in mobile) or not diffusion_layer >= 0:
        raise InputError("the native ion's D must be larger than zero in bulk and front")
