"""Which D blurs an image: that inside the grains where it resolves them, else that over many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ionscape.core.errors import InputError
from ionscape.core.estimate import Estimate, exact
from ionscape.core.number_format import format_number
from ionscape.core.outcome import Row
from ionscape.core.quantity import Quantity, dimension_of
from ionscape.core.registry import Series
from ionscape.fit.arrhenius_extrapolation import ONE_TEMPERATURE, arrhenius_law
from ionscape.tracer.plan_options import PlanOptions

MICRON = 1e-6
FINEST = MICRON  # m: resolution where none is stated


@dataclass(frozen=True)
class AcquisitionDiffusion:
    """D(T) that limits an acquisition.

    Attributes
    ----------
    diffusion, temperature : sequences of Estimate
        [m^2/s] and [K].
    energy : Estimate or None
        [J]
    finding : str
        Which D it is; empty where there is nothing to tell.
    doubt : str
        Why the limits may be too mild; empty if they are not.
    """

    diffusion: Sequence[Estimate]
    temperature: Sequence[Estimate]
    energy: Estimate | None
    finding: str = ""
    doubt: str = ""


def determined_rows(series: Series, name: str) -> list[Row]:
    """The rows of an input that have a value."""
    return [row for row in series.inputs.get(name, ()) if row.estimate.status == "determined"]


def planned_grain_size(series: Series, options: PlanOptions) -> float | None:
    """[m] As stated here, else of the sample."""
    if options.grain_size is not None:
        return options.grain_size.value
    of_sample = series.sample.extra.get("grain_size")
    return None if of_sample is None or of_sample.status != "determined" else of_sample.value


def acquisition_diffusion(series: Series, options: PlanOptions) -> AcquisitionDiffusion | None:
    """The D that counts at the image's resolution; None where no D(T) is given.

    Where a pixel lies inside a grain, the tracer moves in it with the D of the grain. The effective D over
    many grains is smaller and has another activation energy: it would allow a blurred image.

    Raises
    ------
    InputError
        If ``diffusion`` is given without what says how it changes with temperature.
    """
    size = planned_grain_size(series, options)
    resolution = FINEST if options.resolution is None else options.resolution.value
    coarse = size is not None and resolution >= size
    effective, bulk = _law_of(series, "diffusion", options), _law_of(series, "bulk_diffusion", options)
    if effective is None and series.inputs.get("diffusion"):
        raise InputError(
            "diffusion needs a temperature ('2.6e-8 cm^2/s at 22 degC', or diffusion_temperature) and "
            "an activation_energy, or values at several temperatures, to say how cold the acquisition "
            "must be"
        )
    in_grains = all(row.channel == "bulk" for row in determined_rows(series, "diffusion"))
    if bulk is not None and not (coarse and effective is not None):
        return _named(bulk, finding=_inside(resolution, size))
    if effective is None or in_grains or coarse:
        return effective
    return _named(effective, doubt=_blurred(resolution, size))


def _law_of(series: Series, name: str, options: PlanOptions) -> AcquisitionDiffusion | None:
    """What an input says of D(T); None where it says too little."""
    energies = determined_rows(series, "activation_energy")
    if name == "bulk_diffusion" and series.inputs.get("diffusion"):  # the energy is that of ``diffusion``
        energies = [row for row in energies if row.channel == "bulk"]
    known = [(row.estimate, _temperature(row, options.diffusion_temperature))
             for row in determined_rows(series, name)]  # fmt: skip
    points = [(d, t) for d, t in known if t is not None]
    if not points or (not energies and not _several([t for _, t in points])):
        return None
    energy = energies[0].estimate if energies else None
    return AcquisitionDiffusion([d for d, _ in points], [t for _, t in points], energy)


def _named(found: AcquisitionDiffusion, finding: str = "", doubt: str = "") -> AcquisitionDiffusion:
    return AcquisitionDiffusion(found.diffusion, found.temperature, found.energy, finding, doubt)


def _several(temperatures: Sequence[Estimate]) -> bool:
    values = [t.value for t in temperatures]
    return max(values) - min(values) >= ONE_TEMPERATURE


def _temperature(row: Row, stated: Quantity | None) -> Estimate | None:
    if row.temperature is not None:
        return row.temperature
    return None if stated is None else exact(stated.value, dimension_of("K"))


def _micron(length: float) -> str:
    return f"{format_number(length / MICRON, 3)} µm"


def _inside(resolution: float, size: float | None) -> str:
    grains = f" (grains of {_micron(size)}, resolution {_micron(resolution)})" if size is not None else ""
    return f"The acquisition is limited by D inside the grains{grains}, not by the effective D over many."


def _blurred(resolution: float, size: float | None) -> str:
    where = (f"at a resolution of {_micron(resolution)} a pixel lies inside a grain of {_micron(size)}"
             if size is not None else
             f"at a resolution of {_micron(resolution)} a pixel may lie inside a grain")  # fmt: skip
    return (f"the limits rest on the effective D over many grains, but {where}, where diffusion is faster: "
            "by how much the image blurs is not known, and colder than this is needed; give bulk_diffusion "
            "at several temperatures")  # fmt: skip


# ---- at the exchange ----------------------------------------------------------------------------------
def bulk_at_exchange(series: Series) -> list[Row]:
    """Rows of the bulk D for the exchange: at the temperature of the boundaries' permeability.

    Raises
    ------
    InputError
        If the bulk D is given at several temperatures and the permeability without one.
    """
    rows = determined_rows(series, "bulk_diffusion")
    known = [(row, row.temperature) for row in rows if row.temperature is not None]
    boundaries = determined_rows(series, "boundary_permeability")
    if not boundaries or len(known) < 2 or not _several([t for _, t in known]):
        return rows
    at = boundaries[0].temperature
    if at is None:
        raise InputError("bulk_diffusion is given at several temperatures: state that of "
                         "boundary_permeability ('1.5e-8 m/s at 22 degC')")  # fmt: skip
    near = [row for row, t in known if abs(t.value - at.value) < ONE_TEMPERATURE]
    if near:
        return near
    law = arrhenius_law([row.estimate for row, _ in known], [t for _, t in known],
                        source=f"{series.source}#bulk law")  # fmt: skip
    return [Row("diffusion_coefficient", law.at(at.value), at, channel="bulk")]
