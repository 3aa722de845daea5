"""All echoes of one temperature: is D one coefficient, and which rows may be given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ionscape.core.channel import channel_of
from ionscape.core.estimate import Estimate, measured, refused
from ionscape.core.outcome import Row
from ionscape.core.quantity import named_dimension
from ionscape.core.sample import Sample
from ionscape.nmr.coefficient_verdict import (
    ON_BOTH,
    ON_DELAY,
    ON_GRADIENT,
    SCATTERS,
    SingleCoefficient,
    judge_echoes,
)
from ionscape.nmr.echo_decay import EchoDecay
from ionscape.nmr.echo_fit import DecayFit, fit_echoes
from ionscape.nmr.echo_record import EchoRecord, decay_of
from ionscape.nmr.fit_options import BARRIERS_OPTION, FitOptions, NmrMeasurement

SETTLES = {
    ON_GRADIENT: "name the model that the material has ('model: powder', 'two', ...): its mean is then "
    "given; a single crystal or a second crystallite orientation tells a powder from sites",
    ON_DELAY: "longer diffusion times, until D no longer changes, or 'model: barriers' for the limit under "
    "that model",
    ON_BOTH: "weaker gradients at longer diffusion times; 'model: barriers' gives the limit under that model",
    SCATTERS: "repeat the runs with one gradient calibration, receiver setting and full relaxation",
}


@dataclass(frozen=True)
class TemperatureSet:
    """The data of one temperature and nucleus, and what they say.

    Attributes
    ----------
    label : str
    temperature : Estimate or None
    decay : EchoDecay
    verdict : SingleCoefficient
    fit : DecayFit
        One coefficient where the verdict allows it, else the chosen model.
    rows : tuple of Row
    channel, channel_reason : str
    warnings : tuple of str
    """

    label: str
    temperature: Estimate | None
    decay: EchoDecay
    verdict: SingleCoefficient
    fit: DecayFit
    rows: tuple[Row, ...]
    channel: str
    channel_reason: str
    warnings: tuple[str, ...]


def temperature_set(
    records: Sequence[EchoRecord], label: str, temperature: Estimate | None, fields: NmrMeasurement,
    sample: Sample, options: FitOptions, source: str, calibration: str,
) -> TemperatureSet:  # fmt: skip
    """Fit and judge.

    Parameters
    ----------
    source : str
        Root of the latents of this set.
    calibration : str
        Name of the latent of the gradient's calibration.
    """
    decay = decay_of(list(records))
    judged = _without_offset(decay) if options.baseline else decay
    verdict = judge_echoes(
        judged, level=options.level, negligible=options.negligible, source=f"{source} long times"
    )
    model = _model(options.model, verdict)
    fit = fit_echoes(decay, model, baseline=options.baseline, source=source)
    channel, reason = channel_of(sample, diffusion_length(fit, verdict), fields.channel)
    estimates = _estimates(fit, verdict, options)
    rows = tuple(
        Row(
            quantity=name,
            estimate=_calibrated(estimate, name, fields, calibration),
            temperature=temperature,
            item=label,
            unit="um" if name == "barrier_distance" else "",
            kind="D_NMR" if name.startswith("diffusion") else "",
            channel=_channel(name, channel, options),
        )
        for name, estimate in estimates.items()
    )
    notes = tuple(dict.fromkeys(note for r in records for note in r.notes))
    if verdict.is_single or fit.model != "one":  # else the misfit of one coefficient is the verdict itself
        notes += fit.warnings
    notes += (fit.offset,) * bool(fit.offset)
    return TemperatureSet(label, temperature, decay, verdict, fit, rows, channel, reason, notes)


def _without_offset(decay: EchoDecay) -> EchoDecay:
    """Less the offsets that one coefficient leaves: what still bends is no offset."""
    offset = fit_echoes(decay, "one", baseline=True).baseline
    return replace(decay, intensity=decay.intensity - offset[decay.series])


def _model(stated: str, verdict: SingleCoefficient) -> str:
    """What is fitted to all echoes together."""
    if stated not in ("auto", BARRIERS_OPTION):
        return stated
    return "auto" if verdict.verdict in (ON_GRADIENT, ON_BOTH) else "one"


def _estimates(fit: DecayFit, verdict: SingleCoefficient, options: FitOptions) -> dict[str, Estimate]:
    """The rows' estimates: a single coefficient only where there is one, or under a model that was named."""
    found = dict(fit.estimates)
    long_time = verdict.long_time.estimates if verdict.long_time is not None else {}
    named = options.model not in ("auto", "one", BARRIERS_OPTION)
    if verdict.is_single or (named and verdict.verdict == ON_GRADIENT):
        return found
    if options.model == BARRIERS_OPTION and long_time:
        return {"diffusion_coefficient": long_time["diffusion_coefficient_long_time"], **long_time}
    why = {SCATTERS: "D differs from run to run"}.get(verdict.verdict, f"the apparent D {verdict.verdict}")
    reason = (
        f"{why}, so it is no single diffusion coefficient; what would settle it: {SETTLES[verdict.verdict]}"
    )
    result = {"diffusion_coefficient": refused(named_dimension("diffusion coefficient"), reason), **long_time}
    if verdict.verdict == ON_GRADIENT:  # under the model that the data prefer, which nobody named
        result["diffusion_coefficient_mean"] = found.pop("diffusion_coefficient")
        result |= found
    return result


def _calibrated(estimate: Estimate, name: str, fields: NmrMeasurement, latent: str) -> Estimate:
    """With the gradient's calibration error: D goes with 1/g², a length with 1/g."""
    power = -2.0 if name.startswith("diffusion") else -1.0 if name == "barrier_distance" else 0.0
    stated = fields.gradient_uncertainty
    if stated is None or not stated.value or not power:
        return estimate
    if estimate.status == "bound":
        reach = math.exp(1.645 * stated.value * abs(power))
        value = estimate.value * reach if estimate.side == "upper" else estimate.value / reach
        return replace(estimate, value=value)
    if estimate.status != "determined":
        return estimate
    return estimate * measured(1.0, stated.value, source=latent, scale="log") ** power


def _channel(name: str, channel: str, options: FitOptions) -> str:
    if not name.startswith("diffusion"):
        return ""
    limit = name == "diffusion_coefficient" and options.model == BARRIERS_OPTION
    if name.endswith("long_time") or limit:
        return "effective"
    return "bulk" if name.endswith("short_time") else channel


def diffusion_length(fit: DecayFit, verdict: SingleCoefficient) -> float | None:
    """√(DΔ) [m] at the longest diffusion time; None where D or Δ is not known."""
    delays = [(group.delay, group.value) for group in verdict.groups if math.isfinite(group.delay)]
    if not delays or fit.diffusion_coefficient.status not in ("determined", "bound"):
        return None
    delay, value = max(delays)
    return math.sqrt(value * delay)
