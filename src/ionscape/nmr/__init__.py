"""NMR with pulsed field gradients: echo decays to diffusion coefficients, and whether there is one."""

from __future__ import annotations

from ionscape.core.lazy import lazy_names

_WHERE: dict[str, str] = {
    "DecayFit": "echo_fit",
    "DiffusionDistribution": "diffusion_distribution",
    "EchoDecay": "echo_decay",
    "LongTimeLimit": "long_time_limit",
    "SingleCoefficient": "coefficient_verdict",
    "axial_powder": "powder",
    "b_values": "gradient_waveform",
    "barrier_diffusion": "restricted_diffusion",
    "distribution_of": "diffusion_distribution",
    "arrange_echoes": "echo_decay",
    "extrapolate_delay": "long_time_limit",
    "fit_decay": "echo_fit",
    "gyromagnetic_ratio": "nuclei",
    "permeable_limit": "restricted_diffusion",
    "planes_attenuation": "restricted_diffusion",
    "powder_average": "powder",
    "short_time_diffusion": "restricted_diffusion",
    "single_coefficient": "coefficient_verdict",
    "trapezoid": "gradient_waveform",
    "waveform_b": "gradient_waveform",
}
__all__ = sorted(_WHERE)
__getattr__, __dir__ = lazy_names(__name__, _WHERE)
