"""From what a study says of an image to the stages that its model goes through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.constants import Boltzmann

from ionscape.core.errors import InputError
from ionscape.core.quantity import Quantity
from ionscape.tracer.diffusion_2d import Edge, Stage2D
from ionscape.tracer.history import Stage
from ionscape.tracer.image_fit_options import ImageFitOptions
from ionscape.tracer.measurement_fields import TracerMeasurement

SAME = 0.5  # K: stages closer than this count as one temperature
EDGES: tuple[Edge, ...] = ("bottom", "top", "left", "right")


def stages_of(
    fields: TracerMeasurement, kelvin: float | None, options: ImageFitOptions
) -> tuple[Stage2D, ...]:
    """Exchange, then storage; D and P of storage relative to those at the exchange's temperature.

    Raises
    ------
    InputError
        If the exchange's time is not stated, or a stage has another temperature without an activation energy.
    """
    if fields.exchange_time is None:
        raise InputError("an image needs exchange_time in its measurement, e.g. '59 h'")
    stages = [Stage2D(fields.exchange_time.value, True)]
    held = options.edge_in_storage == "held"
    for stage in fields.storage:
        bulk = _scale(stage, kelvin, options.activation_energy_bulk, "activation_energy_bulk")
        boundary = _scale(stage, kelvin, options.activation_energy_boundary, "activation_energy_boundary")
        stages.append(Stage2D(stage.duration, held, bulk, boundary))
    return tuple(stages)


def _scale(stage: Stage, kelvin: float | None, energy: Quantity | None, name: str) -> float:
    """Mean of exp[-E/k (1/T - 1/T_exchange)] over a stage; 1 at the exchange's temperature."""
    if kelvin is None or max(abs(stage.start - kelvin), abs(stage.end - kelvin)) < SAME:
        return 1.0
    if energy is None:
        raise InputError(
            f"storage at {stage.start - 273.15:.4g} to {stage.end - 273.15:.4g} °C differs from the "
            "exchange at "
            f"{kelvin - 273.15:.4g} °C: give {name}, or fit images of one temperature"
        )
    at = np.linspace(stage.start, stage.end, 201)
    return float(np.mean(np.exp(-energy.value / Boltzmann * (1 / at - 1 / kelvin))))


def source_edge_of(fraction: NDArray[np.float64], fields: TracerMeasurement) -> Edge:
    """The stated edge, or that whose outer tenth is nearest to the source's fraction.

    Raises
    ------
    InputError
        If no edge stands out.
    """
    if fields.source_edge is not None:
        return fields.source_edge
    ny, nx = fraction.shape
    high, wide = max(ny // 10, 1), max(nx // 10, 1)
    means = {
        "bottom": np.nanmean(fraction[-high:]), "top": np.nanmean(fraction[:high]),
        "left": np.nanmean(fraction[:, :wide]), "right": np.nanmean(fraction[:, -wide:]),
    }  # fmt: skip
    falling = _source_is_low(fields)
    order = sorted(EDGES, key=lambda edge: float(means[edge]), reverse=not falling)
    if abs(means[order[0]] - means[order[1]]) < 0.1 * np.nanstd(fraction):
        raise InputError(
            "no edge of the image stands out as the source's: give source_edge in the measurement"
        )
    return order[0]


def _source_is_low(fields: TracerMeasurement) -> bool:
    source, initial = fields.source_fraction, fields.initial_fraction
    return source is not None and initial is not None and source.value < initial.value
