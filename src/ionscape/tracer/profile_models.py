"""The models that an exchange profile can be fitted with: their parameters and normalised shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.quantity import DIMENSIONLESS, Dimension, named_dimension
from ionscape.tracer.exchange_profiles import constant_source, slab, surface_exchange
from ionscape.tracer.fast_boundary import with_fast_boundaries
from ionscape.tracer.thin_film import finite_layer, instantaneous_source

FloatArray = NDArray[np.float64]
# (depth below the surface (K, M), time, parameters by name (K, 1), sample length) -> (K, M)
Shape = Callable[[FloatArray, float, Mapping[str, FloatArray], float | None], FloatArray]
Amplitude = Literal["source_fraction", "surface_flux", "amount"]

DIFFUSION = "diffusion_coefficient"
EXCHANGE = "surface_exchange_coefficient"
PRODUCT = "boundary_product"
SPACING = "boundary_spacing"
LAYER = "layer_thickness"
INITIAL = "initial_fraction"
SOURCE = "source_fraction"
FLUX = "surface_flux"
AMOUNT = "amount"
SURFACE = "surface_position"

_D, _K, _P, _L = (named_dimension(n) for n in ("diffusion coefficient", "velocity", "volume", "length"))
_PRODUCT: Dimension = tuple(a + b for a, b in zip(_D, _L, strict=True))  # type: ignore[assignment]
DIMENSIONS: Mapping[str, Dimension] = {
    DIFFUSION: _D, EXCHANGE: _K, PRODUCT: _PRODUCT, SPACING: _L, LAYER: _L, INITIAL: DIMENSIONLESS,
    SOURCE: DIMENSIONLESS, FLUX: _K, AMOUNT: _L, SURFACE: _L,
}  # fmt: skip


@dataclass(frozen=True)
class ProfileModel:
    """One model of a profile: C = C0 + (Cs - C0) g(x), or C0 + amplitude g(x).

    Attributes
    ----------
    name : str
        As a study writes it.
    parameters : tuple of str
        Those of the shape, all positive; the first is the diffusion coefficient.
    shape : callable
    amplitude : str
        What multiplies the shape.
    semi_infinite : bool
        Whether it knows no far edge.
    meaning : str
        Half a sentence for the report.
    """

    name: str
    parameters: tuple[str, ...]
    shape: Shape
    amplitude: Amplitude
    semi_infinite: bool
    meaning: str

    def response(
        self, depth: FloatArray, time: float, values: Mapping[str, FloatArray], length: float | None
    ) -> FloatArray:
        """g at (K, M) depths below the surface."""
        return self.shape(depth, time, values, None if self.semi_infinite else length)

    def fraction(self, response: FloatArray, initial: Any, amplitude: Any) -> FloatArray:
        """C from the (perhaps blurred) response."""
        if self.amplitude == "source_fraction":
            return np.asarray(initial + (amplitude - initial) * response)
        return np.asarray(initial + amplitude * response)


def _constant(x: FloatArray, t: float, p: Mapping[str, FloatArray], _: float | None) -> FloatArray:
    return constant_source(x, t, p[DIFFUSION])


def _exchange(x: FloatArray, t: float, p: Mapping[str, FloatArray], _: float | None) -> FloatArray:
    return surface_exchange(x, t, p[DIFFUSION], p[EXCHANGE])


def _slab(x: FloatArray, t: float, p: Mapping[str, FloatArray], length: float | None) -> FloatArray:
    assert length is not None
    return slab(x, t, p[DIFFUSION], length, p.get(EXCHANGE))


def _film(x: FloatArray, t: float, p: Mapping[str, FloatArray], length: float | None) -> FloatArray:
    return instantaneous_source(x, t, p[DIFFUSION], length)


def _layer(x: FloatArray, t: float, p: Mapping[str, FloatArray], length: float | None) -> FloatArray:
    return finite_layer(x, t, p[DIFFUSION], p[LAYER], length)


def _boundaries(x: FloatArray, t: float, p: Mapping[str, FloatArray], _: float | None) -> FloatArray:
    return with_fast_boundaries(x, t, p[DIFFUSION], p[PRODUCT], p[SPACING])


_ALL = (
    ProfileModel("constant source", (DIFFUSION,), _constant, "source_fraction", True,
                 "the surface has the source's fraction from the start (erfc)"),
    ProfileModel("surface exchange", (DIFFUSION, EXCHANGE), _exchange, "source_fraction", True,
                 "exchange through the surface at a finite rate (Crank)"),
    ProfileModel("constant source in slab", (DIFFUSION,), _slab, "source_fraction", False,
                 "constant surface, closed far edge"),
    ProfileModel("surface exchange in slab", (DIFFUSION, EXCHANGE), _slab, "source_fraction", False,
                 "exchange at a finite rate, closed far edge"),
    ProfileModel("fast boundaries", (DIFFUSION, PRODUCT, SPACING), _boundaries, "source_fraction", True,
                 "constant surface, grains and boundaries that conduct better (Whipple)"),
    ProfileModel("thin film", (DIFFUSION,), _film, "amount", False,
                 "a given amount of tracer on the surface at the start (Gaussian)"),
    ProfileModel("finite layer", (DIFFUSION, LAYER), _layer, "source_fraction", False,
                 "a layer of finite thickness held the tracer at the start"),
)  # fmt: skip
MODELS: Mapping[str, ProfileModel] = {model.name: model for model in _ALL}


def _per_exchange(shape: Shape) -> Shape:
    """g/k: the profile for a unit of k (Cs - C0), which stays finite where exchange limits everything."""

    def scaled(x: FloatArray, t: float, p: Mapping[str, FloatArray], length: float | None) -> FloatArray:
        return np.asarray(shape(x, t, p, length) / p[EXCHANGE])

    return scaled


def with_free_source(model: ProfileModel) -> ProfileModel:
    """The model as it is fitted when the source's fraction is not known.

    Where exchange limits, the profile fixes k (Cs - C0) and hardly k or Cs alone: the product becomes the
    parameter.
    """
    if EXCHANGE not in model.parameters:
        return model
    return ProfileModel(model.name, model.parameters, _per_exchange(model.shape), "surface_flux",
                        model.semi_infinite, model.meaning)  # fmt: skip


__all__ = ["DIMENSIONS", "MODELS", "ProfileModel", "with_free_source"]
