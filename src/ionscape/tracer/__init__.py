"""Tracers: isotope profiles and images to diffusion coefficients of bulk, boundary and the whole."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE: dict[str, str] = {
    "GrainDiffusion": "diffusion_2d",
    "Stage2D": "diffusion_2d",
    "GrainFaces": "grain_faces",
    "AcquisitionLimits": "acquisition_plan",
    "acquisition_limits": "acquisition_plan",
    "ExchangePlan": "exchange_plan",
    "Grains": "exchange_plan",
    "exchange_design": "exchange_plan",
    "ImageFit": "image_inverse",
    "fit_image": "image_inverse",
    "IsotopeFraction": "isotope_fraction",
    "fraction_of_sweep": "isotope_fraction",
    "ProfileFit": "profile_fit",
    "fit_profile": "profile_fit",
    "constant_source": "exchange_profiles",
    "surface_exchange": "exchange_profiles",
    "slab": "exchange_profiles",
    "instantaneous_source": "thin_film",
    "finite_layer": "thin_film",
    "with_fast_boundaries": "fast_boundary",
    "boundary_excess": "fast_boundary",
    "le_claire": "fast_boundary",
    "Programme": "history",
    "Stage": "history",
    "diffusion_work": "history",
    "tabulated": "history",
    "propagate": "propagation_1d",
    "SmoothProfile": "smoothing",
    "smooth_profile": "smoothing",
    "StorageFit": "storage_fit",
    "fit_storage": "storage_fit",
    "PositionScale": "position_scale",
    "depth_scale": "position_scale",
    "IonImage": "ion_image",
    "image_groups": "ion_image",
    "drift": "image_registration",
    "registered": "image_registration",
    "grains_from_fraction": "grain_segmentation",
    "grains_from_labels": "grain_segmentation",
    "grains_from_mask": "grain_segmentation",
    "visible_step": "grain_segmentation",
    "BoundaryLine": "boundary_lines",
    "BoundarySteps": "boundary_steps",
    "step_ratio": "boundary_permeability",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"ionscape.tracer.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
