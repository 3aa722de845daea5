"""Circuit elements: impedance and its analytic derivatives with respect to the fitted parameters.

Every strictly positive parameter is fitted as its natural logarithm, an exponent as it stands.
All functions broadcast, so that many parameter sets are evaluated at once.

Sources: E. Barsoukov and J. R. Macdonald (eds), Impedance Spectroscopy, 2nd ed. (2005), sections 1.3 and
2.1-2.2 for R, C, L, Q, W, Wo, Ws; K. S. and R. H. Cole, J. Chem. Phys. 9, 341 (1941) for the depressed arc;
H. Gerischer, Z. Phys. Chem. 198, 286 (1951) for G.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
# theta: one (..., 1) array per parameter; log_s: (N,) complex ln(i omega).
Evaluated = tuple[ComplexArray, tuple[ComplexArray, ...]]
Evaluate = Callable[[Sequence[FloatArray], ComplexArray], Evaluated]

ENTRY_POINT_GROUP = "ionscape.impedance_elements"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an element.

    Attributes
    ----------
    name : str
        Empty for the element's first parameter, which goes by the element's label alone.
    unit : str
    scale : "log" or "linear"
        Whether the fit varies the natural logarithm or the value itself.
    lower, upper : float
        Bounds of the value. A "log" parameter is further held to what the measured window can tell.
    impedance_power, frequency_power : float
        How the value scales with impedance and angular frequency (R: 1, 0; C: -1, -1; tau: 0, -1);
        starting values and the reach of the fit follow from it.
    typical : float
        Starting value of a "linear" parameter.
    """

    name: str = ""
    unit: str = ""
    scale: Literal["log", "linear"] = "log"
    lower: float = 0.0
    upper: float = np.inf
    impedance_power: float = 0.0
    frequency_power: float = 0.0
    typical: float = 0.85


@dataclass(frozen=True)
class Element:
    """A kind of circuit element.

    Attributes
    ----------
    symbol : str
        Letters that stand for it in a circuit, e.g. ``"Wo"``.
    meaning : str
    parameters : tuple of Parameter
    evaluate : callable
        ``(theta, log_s) -> (Z, (dZ/dtheta_1, ...))`` with theta a sequence of (..., 1) arrays and log_s the
        (N,) array ln(i omega).
    amplitude : bool
        Whether Z is proportional to the first parameter or to its inverse, all else equal.
    """

    symbol: str
    meaning: str
    parameters: tuple[Parameter, ...]
    evaluate: Evaluate
    amplitude: bool = True


OHM = Parameter("", "ohm", impedance_power=1)
TAU = Parameter("tau", "s", frequency_power=-1)
ALPHA = Parameter("alpha", "", "linear", 0.2, 1.0)


def _resistor(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    z = np.exp(theta[0]) + 0j * log_s
    return z, (z,)


def _capacitor(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    z = np.exp(-theta[0] - log_s)
    return z, (-z,)


def _inductor(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    z = np.exp(theta[0] + log_s)
    return z, (z,)


def _constant_phase(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    z = np.exp(-theta[0] - theta[1] * log_s)
    return z, (-z, -z * log_s)


def _warburg(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    # sigma (1 - i)/sqrt(omega) = sqrt(2) sigma (i omega)^(-1/2)
    z = np.exp(theta[0] + 0.5 * np.log(2.0) - 0.5 * log_s)
    return z, (z,)


def _open_warburg(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    r = np.exp(theta[0])
    x: ComplexArray = np.exp(0.5 * (theta[1] + log_s))
    coth = 1 / np.tanh(x)
    z = r * coth / x
    slope: ComplexArray = 0.5 * r * (1 - coth**2 - coth / x)
    return z, (z, slope)


def _short_warburg(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    r = np.exp(theta[0])
    x: ComplexArray = np.exp(0.5 * (theta[1] + log_s))
    tanh = np.tanh(x)
    z = r * tanh / x
    slope: ComplexArray = 0.5 * r * (1 - tanh**2 - tanh / x)
    return z, (z, slope)


def _gerischer(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    u = np.exp(theta[1] + log_s)
    z = np.exp(theta[0]) / np.sqrt(1 + u)
    return z, (z, -0.5 * z * u / (1 + u))


def _zarc(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    log_x = theta[1] + log_s
    u = np.exp(theta[2] * log_x)
    z = np.exp(theta[0]) / (1 + u)
    slope = z * (u / (1 + u))
    return z, (z, -theta[2] * slope, -log_x * slope)


def _debye(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
    u = np.exp(theta[1] + log_s)
    z = np.exp(theta[0]) / (1 + u)
    return z, (z, -z * (u / (1 + u)))


BUILT_IN: Mapping[str, Element] = MappingProxyType(
    {
        e.symbol: e
        for e in (
            Element("R", "resistor, Z = R", (OHM,), _resistor),
            Element(
                "C",
                "capacitor, Z = 1/(iωC)",
                (Parameter("", "F", impedance_power=-1, frequency_power=-1),),
                _capacitor,
            ),
            Element(
                "L",
                "inductor, Z = iωL",
                (Parameter("", "H", impedance_power=1, frequency_power=-1),),
                _inductor,
            ),
            Element(
                "Q",
                "constant phase element, Z = 1/(Q (iω)^alpha)",
                (Parameter("", "S s^alpha", impedance_power=-1, frequency_power=-1), ALPHA),
                _constant_phase,
            ),
            Element(
                "W",
                "semi-infinite Warburg, Z = σ(1 − i)/√ω",
                (Parameter("", "ohm s^-0.5", impedance_power=1, frequency_power=0.5),),
                _warburg,
            ),
            Element("Wo", "open finite-space Warburg, Z = R coth(√(iωτ))/√(iωτ)", (OHM, TAU), _open_warburg),
            Element("Ws", "short finite Warburg, Z = R tanh(√(iωτ))/√(iωτ)", (OHM, TAU), _short_warburg),
            Element("G", "Gerischer, Z = R/√(1 + iωτ)", (OHM, TAU), _gerischer),
            Element("ZARC", "depressed arc, Z = R/(1 + (iωτ)^alpha)", (OHM, TAU, ALPHA), _zarc),
        )
    }
)
# Fused R||Q and R||C, fitted as (ln R, ln tau, alpha): far less correlated than (R, Q, alpha).
RQ = Element("RQ", "R parallel to Q", (OHM, TAU, ALPHA), _zarc)
RC = Element("RC", "R parallel to C", (OHM, TAU), _debye)


def define_element(
    symbol: str,
    impedance: Callable[..., ComplexArray],
    parameters: Sequence[Parameter],
    *,
    meaning: str = "",
    derivatives: Callable[..., Sequence[ComplexArray]] | None = None,
    amplitude: bool = False,
) -> Element:
    """Make an element of your own, to be passed to `ionscape.impedance.circuit.parse_circuit`.

    Nothing is registered globally. A package offers its elements to every user through the entry point
    group ``ionscape.impedance_elements``, each naming an `Element`.

    Parameters
    ----------
    symbol : str
        Letters only, not one of the built-in symbols.
    impedance : callable
        ``impedance(omega, *values) -> Z`` [ohm], omega [rad/s] of shape (N,), values broadcastable (..., 1).
    parameters : sequence of Parameter
    meaning : str
        For messages.
    derivatives : callable, optional
        ``derivatives(omega, *values)``: dZ/dvalue for each parameter. Without it central differences.
    amplitude : bool
        True if Z is proportional to the first parameter: its start is then solved for, not searched.

    Raises
    ------
    InputError
        Bad symbol or no parameters.
    """
    if not re.fullmatch(r"[A-Za-z]+", symbol) or symbol in BUILT_IN:
        taken = ", ".join(BUILT_IN)
        raise InputError(f"element symbol {symbol!r} must be letters only and not one of {taken}")
    if not parameters or any(p.name == "" for p in parameters[1:]):
        raise InputError(f"element {symbol} needs parameters, each but the first with a name")
    kinds = tuple(parameters)

    def values(theta: Sequence[FloatArray]) -> list[FloatArray]:
        return [np.exp(t) if p.scale == "log" else t for p, t in zip(kinds, theta, strict=True)]

    def evaluate(theta: Sequence[FloatArray], log_s: ComplexArray) -> Evaluated:
        omega = np.exp(log_s.real)
        v = values(theta)
        z = np.asarray(impedance(omega, *v), dtype=np.complex128)
        if derivatives is None:
            slopes = (_central(lambda t: impedance(omega, *values(t)), theta, j) for j in range(len(kinds)))
            return z, tuple(slopes)
        raw = derivatives(omega, *v)
        chain = (d * x if p.scale == "log" else d for p, d, x in zip(kinds, raw, v, strict=True))
        return z, tuple(np.asarray(d, dtype=np.complex128) for d in chain)

    return Element(symbol, meaning or f"element {symbol} defined by the user", kinds, evaluate, amplitude)


def _central(
    function: Callable[[Sequence[FloatArray]], ComplexArray], theta: Sequence[FloatArray], j: int
) -> ComplexArray:
    """Central difference; the step balances truncation h^2 against rounding eps/h."""
    step = 6e-6
    up = [t + step if i == j else t for i, t in enumerate(theta)]
    down = [t - step if i == j else t for i, t in enumerate(theta)]
    return np.asarray((function(up) - function(down)) / (2 * step), dtype=np.complex128)


def find_element(symbol: str, extra: Sequence[Element] = ()) -> Element | None:
    """The element of a symbol: from `extra`, built in, or of an installed package; None if unknown."""
    for element in extra:
        if element.symbol == symbol:
            return element
    if symbol in BUILT_IN:
        return BUILT_IN[symbol]
    for point in entry_points(group=ENTRY_POINT_GROUP):
        element = point.load()
        if isinstance(element, Element) and element.symbol == symbol:
            return element
    return None
