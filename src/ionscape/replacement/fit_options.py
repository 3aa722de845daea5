"""The fields a study may set for `replacement.fit`; errors are found when the study is loaded."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ionscape.core.errors import InputError
from ionscape.core.field_types import FieldModel
from ionscape.core.quantity import Quantity, parse_quantity
from ionscape.replacement.option_fields import ASSUMED_VACANCIES, DepthRange

DistributionName = Literal["gaussian", "two gaussians", "exponential tail"]
MOST_VACANCIES = 0.5
FEWEST_DRAWS = 200


def _share(value: Any, *, what: str, most: float, zero: bool) -> Quantity | str:
    """``free``, or a share such as ``0.10 ± 0.04`` or ``10 %``."""
    if isinstance(value, Quantity):
        return value
    if value == "free":
        return "free"
    try:
        found = parse_quantity(getattr(value, "text", None) or str(value), "fraction")
    except InputError as error:
        raise InputError(f"expected 'free' or a share such as '0.10 ± 0.04', got {value!r}") from error
    if not (0 <= found.value < most) or (found.value == 0 and not zero):
        least = "at least 0" if zero else "above 0"
        raise InputError(f"the {what} must be {least} and below {most:g}, got {value!r}")
    return found


def _vacancies(value: Any) -> Quantity | str:
    return _share(value, what="vacancy fraction", most=MOST_VACANCIES, zero=False)


def _immobile(value: Any) -> Quantity | str:
    return _share(value, what="immobile fraction", most=1.0, zero=True)


def _draws(value: int) -> int:
    if 0 < value < FEWEST_DRAWS:
        raise InputError(f"fewer than {FEWEST_DRAWS} draws tell no interval: got {value}; 0 means none")
    return value


class FitOptions(FieldModel):
    """Of `replacement.fit`."""

    distribution: DistributionName = Field(
        "gaussian", description="of the native ion's site energies: one Gaussian, two Gaussians, or a "
        "sharp upper edge with an exponential tail of deep sites"
    )  # fmt: skip
    compare: bool = Field(
        False, description="whether all distributions, and a constant D, are fitted and compared by BIC"
    )
    vacancy_fraction: Annotated[Quantity | str, BeforeValidator(_vacancies)] = Field(
        default_factory=lambda: parse_quantity("{:.2f} ± {:.2f}".format(*ASSUMED_VACANCIES), "fraction"),
        description="share of the sites that is empty before the experiment, e.g. '0.10 ± 0.04' (what is "
        "assumed unless stated: published are 3 to 20 %), or 'free', which no profile fixes; its ± widens "
        "that of the width",
    )
    immobile_fraction: Annotated[Quantity | str, BeforeValidator(_immobile)] = Field(
        default_factory=lambda: parse_quantity("0", "fraction"),
        description="share of the native ions that can never move, e.g. '0.03 ± 0.01', or 'free'; 0 unless "
        "stated: ions deep in the distribution stay behind anyway, and it takes the place of none of them",
    )
    model_free: bool = Field(
        True, description="whether D(n) is also found without a distribution, for comparison"
    )
    draws: Annotated[int, AfterValidator(_draws)] = Field(
        2000, ge=0, le=20000, description="draws of the posterior: 2000 give the ends of a 95 % interval "
        "to a few percent of its width; 0: intervals from the curvature at the best fit, faster and rougher"
    )  # fmt: skip
    depth_range: DepthRange | None = Field(
        None, description="depths that are fitted, e.g. '5 nm to 200 nm', where sputtering had not settled "
        "or the crater's edge contributes; all unless given"
    )  # fmt: skip
