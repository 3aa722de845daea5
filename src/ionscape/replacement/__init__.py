"""Replacement of ions: charge-attachment induced transport, field-assisted exchange, poling."""

from __future__ import annotations

from ionscape.core.lazy import lazy_names

_WHERE: dict[str, str] = {
    "bulk_diffusion_at": "bulk_input",
    "ConstantDiffusion": "diffusion_law",
    "DiffusionLaw": "diffusion_law",
    "SiteEnergyDiffusion": "diffusion_law",
    "TabulatedDiffusion": "diffusion_law",
    "decades": "diffusion_law",
    "activation_energy": "fermi_level",
    "fermi_energy": "fermi_level",
    "occupied_share": "fermi_level",
    "populated_distribution": "effective_distribution",
    "diffusion_of_foreign_ion": "foreign_diffusion",
    "Front": "front_theory",
    "front": "front_theory",
    "DiffuseFront": "diffuse_front",
    "front_with_diffusion": "diffuse_front",
    "MeasuredProfile": "measured_profile",
    "Onsager": "onsager",
    "nernst_planck_fluxes": "onsager",
    "interdiffusion": "onsager",
    "onsager_coefficients": "onsager",
    "tracer_diffusion_by_published_convention": "onsager",
    "native_populations": "populations",
    "stacked_filling": "populations",
    "stacked_populations": "populations",
    "static_and_mixed": "populations",
    "ExponentialTails": "site_energy_distribution",
    "Gaussian": "site_energy_distribution",
    "Mixture": "site_energy_distribution",
    "SiteEnergyDistribution": "site_energy_distribution",
    "Tabulated": "site_energy_distribution",
    "constant_current": "programme",
    "joined": "programme",
    "Programme": "programme",
    "Stage": "programme",
    "Trace": "programme",
    "programme_of": "programme_text",
    "Replacement": "replacement_result",
    "simulate": "simulation",
    "Conductor": "system",
    "Ion": "system",
}
__all__ = sorted(_WHERE)
__getattr__, __dir__ = lazy_names(__name__, _WHERE)
