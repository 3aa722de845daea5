"""What the fit of an image says, in sentences and tables."""

from __future__ import annotations

import math

import numpy as np

from ionscape.core.estimate import Estimate, correlation
from ionscape.core.number_format import format_number, format_quantity
from ionscape.core.outcome import Table
from ionscape.tracer.image_fit_options import ImageFitOptions
from ionscape.tracer.image_inverse import ImageFit

LONGEST_TABLE = 60
TENSION = 2.0  # standard deviations between a prior and what came out of it


def findings_of(fit: ImageFit, prior: Estimate | None, images: int) -> tuple[str, ...]:
    """D, P, D of the whole; what of it is the image's own."""
    text = "1 image" if images == 1 else f"{images} images together"
    own = "" if prior is None else " (the value from elsewhere used as a prior)"
    first = (
        f"{text}: D of the grains {format_quantity(fit.bulk, 'cm^2/s')}{own}, D_gb/δ "
        f"{format_quantity(fit.permeability[0], 'cm/s')}, D over the map "
        f"{format_quantity(fit.effective, 'cm^2/s')}."
    )
    found = [first]
    if fit.population is not None:
        population = fit.population
        some = int(population.determined.sum())
        limit = format_quantity(population.spread, "1")
        found.append(
            f"The boundaries differ: the standard deviation of ln(D_gb/δ) is {limit} "
            f"({population.spread.note}); {some} of {population.determined.size} boundaries are determined "
            "one by one, the others fall back to the population. The value given is the geometric mean "
            "(median) over boundaries."
        )
    if all(e.status == "determined" and e.weights for e in (fit.bulk, fit.permeability[0])):
        r = correlation(fit.bulk, fit.permeability[0])
        if abs(r) > 0.7:
            found.append(
                f"D of the grains and D_gb/δ are correlated ({r:+.2f}): the image fixes D over many grains "
                "better than "
                "either; D from NMR as bulk_diffusion would sharpen D_gb/δ."
            )
    return tuple(found)


def warnings_of(
    fit: ImageFit, options: ImageFitOptions, origin: str, length_stated: bool
) -> tuple[str, ...]:
    """What would make the result wrong; ``length_stated``: whether the study says how long the sample is."""
    found = []
    excess = f"the mean square residual is {format_number(fit.chi_square, 3)} times the counting noise"
    if fit.population is None and fit.robust:
        found.append(
            f"One D_gb/δ for all boundaries does not describe the image: {excess}. Boundaries that differ "
            "shift D of "
            "the grains as well; permeability: each gives every boundary its own. The errors come from the "
            "scatter "
            "between grains."
        )
    elif fit.robust:
        found.append(f"Even with a D_gb/δ for each boundary, {excess}: boundaries missing in the map, or a "
                     "source that "
                     "did not stay constant; the errors are widened accordingly.")  # fmt: skip
    if not fit.converged:
        found.append("The fit did not settle: its numbers are those of the last step.")
    if "fraction" in origin:
        found.append(
            "The grains were found from the image itself: a boundary without a visible step is missing, "
            "which makes "
            "D of the grains too small; a map from EBSD or optical microscopy removes the doubt."
        )
    if options.far_edge == "open":
        assumed = "ten times the image, as no sample_length is stated"
        why = "as sample_length says" if length_stated else assumed
        found.append(
            "Beyond the far edge of the image the sample was taken as a medium with the D over many grains "
            f"of the image, for another {format_number(fit.problem.scene.beyond * 1e3, 2)} mm ({why}), and "
            "its sides as closed."
        )
    return tuple(found)


def boundary_table(fit: ImageFit) -> tuple[Table, ...]:
    """The longest determined boundaries with their D_gb/δ."""
    population = fit.population
    if population is None:
        return ()
    faces = fit.problem.faces
    order = np.argsort(-np.where(population.determined, faces.lengths, 0.0))[:LONGEST_TABLE]
    rows = tuple(
        (
            f"{faces.pairs[k, 0]} | {faces.pairs[k, 1]}",
            format_number(faces.lengths[k] * 1e6, 3),
            format_number(population.permeability[k] * 100, 3, scientific=True),
            f"{_factor(population.deviation[k])}",
        )
        for k in order
        if population.determined[k]
    )
    return (
        Table(
            "boundaries", "Boundaries determined one by one",
            ("Grains", "Length [µm]", "D_gb/δ [cm/s]", "1 SD, factor"), rows,
            f"The longest {len(rows)} of {int(population.determined.sum())}; all of them stand in "
            "arrays.zarr. The "
            "errors contain what the population says.",
        ),
    )  # fmt: skip


def _factor(deviation: float) -> str:
    return f"× ÷ {math.exp(deviation):.2f}"
