"""Which channel a diffusion coefficient belongs to: inside the grains, or over many of them."""

from __future__ import annotations

from ionscape.core.coefficient import CHANNELS
from ionscape.core.errors import InputError
from ionscape.core.sample import Sample

MANY_GRAINS = 3.0
"""Diffusion length over grain size from which boundaries are averaged, l << sqrt(D t)."""


def channel_of(sample: Sample, diffusion_length: float | None, stated: str = "") -> tuple[str, str]:
    """Channel of a diffusion coefficient that was measured over a time t, and why.

    Parameters
    ----------
    sample : Sample
        Its ``morphology`` and ``grain_size`` decide.
    diffusion_length : float or None
        [m] sqrt(D t): t is the exchange time of a tracer, the diffusion time of an echo.
    stated : str
        What the study says; it is taken as said.

    Returns
    -------
    channel : str
        ``bulk``, ``boundary``, ``effective``, or empty where nothing decides.
    reason : str
        One clause, for a sentence.

    Raises
    ------
    InputError
        If the stated channel does not exist.

    Notes
    -----
    Ions that have crossed many grains show the effective coefficient, l << sqrt(D_eff t) (Hasegawa 2024,
    eq. (5)); those that stayed well inside a grain that of the bulk.
    """
    if stated:
        if stated not in CHANNELS:
            raise InputError(f"there is no channel {stated!r}: choose from {', '.join(CHANNELS)}")
        return stated, "stated"
    if sample.morphology in ("glass", "single crystal"):
        return "bulk", f"the sample is a {sample.morphology} without grain boundaries"
    grain = sample.extra.get("grain_size")
    if grain is None or grain.status != "determined":
        if sample.morphology:
            return "", "the sample is polycrystalline and its 'grain_size' is not stated"
        return "", "neither 'morphology' nor 'grain_size' of the sample is stated"
    if diffusion_length is None or not diffusion_length > 0:
        return "", "the diffusion length is not known"
    ratio = diffusion_length / grain.value
    if ratio >= MANY_GRAINS:
        return "effective", f"the ions diffused over {ratio:.2g} grain sizes"
    if ratio <= 1 / MANY_GRAINS:
        return "bulk", f"the ions diffused over {ratio:.2g} of a grain size"
    return "", f"the diffusion length is {ratio:.2g} grain sizes: neither inside a grain nor over many"
