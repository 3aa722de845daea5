"""A circuit as a tree of elements in series and in parallel, with its impedance and analytic Jacobian.

R parallel to Q (or C) is fused and fitted as (ln R, ln tau, alpha), tau = (RQ)^(1/alpha): these are nearly
uncorrelated where R and Q are not. The natural parameters that the user sees stay R, Q, alpha.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ionscape.core.errors import InputError
from ionscape.impedance.elements import RC, RQ, Element, Parameter

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Derivatives = list[tuple[int, ComplexArray]]


@dataclass(frozen=True)
class Leaf:
    """One element, or a fused R||Q or R||C, and where its parameters stand in theta.

    Attributes
    ----------
    element : Element
    labels : tuple of str
        ``("R1",)``; of a fused pair ``("R1", "Q1")``.
    offset : int
        Index of the first of its parameters in theta.
    """

    element: Element
    labels: tuple[str, ...]
    offset: int

    @property
    def stop(self) -> int:
        """Index after its last parameter."""
        return self.offset + len(self.element.parameters)

    @property
    def fused(self) -> bool:
        """Whether it is an R parallel to a Q or C."""
        return len(self.labels) == 2

    @property
    def is_arc(self) -> bool:
        """Whether it draws a (depressed) semicircle: R||Q, R||C or ZARC."""
        return self.fused or self.element.symbol == "ZARC"

    @property
    def text(self) -> str:
        """As written in a circuit."""
        return f"({','.join(self.labels)})" if self.fused else self.labels[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Natural parameters."""
        if self.fused:
            r, q = self.labels
            return (r, q) if self.element is RC else (r, q, f"{q}.alpha")
        label = self.labels[0]
        return tuple(f"{label}.{p.name}" if p.name else label for p in self.element.parameters)

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the natural parameters."""
        if self.fused:
            return ("ohm", "F") if self.element is RC else ("ohm", "S s^alpha", "")
        return tuple(p.unit for p in self.element.parameters)

    @property
    def scales(self) -> tuple[Literal["log", "linear"], ...]:
        """On which scale each natural parameter is close to normal; the same as of theta."""
        return tuple(p.scale for p in self.element.parameters)

    @property
    def theta_names(self) -> tuple[str, ...]:
        """Fitted parameters."""
        if not self.fused:
            pairs = zip(self.names, self.element.parameters, strict=True)
            return tuple(f"ln {n}" if p.scale == "log" else n for n, p in pairs)
        r, q = self.labels
        return (f"ln {r}", f"ln {q}.tau", f"{q}.alpha")[: len(self.element.parameters)]

    def values(self, theta: FloatArray) -> FloatArray:
        """Natural parameters (..., n) of its part of theta (..., n)."""
        logs = [p.scale == "log" for p in self.element.parameters]
        if not self.fused:
            return np.where(logs, np.exp(np.where(logs, theta, 0.0)), theta)
        out = theta.copy()
        out[..., 0] = np.exp(theta[..., 0])
        alpha = 1.0 if self.element is RC else theta[..., 2]
        out[..., 1] = np.exp(alpha * theta[..., 1] - theta[..., 0])  # Q = tau^alpha / R
        return out

    def theta(self, values: FloatArray) -> FloatArray:
        """Inverse of `values`."""
        logs = [p.scale == "log" for p in self.element.parameters]
        if not self.fused:
            return np.where(logs, np.log(np.where(logs, values, 1.0)), values)
        out = values.copy()
        out[..., 0] = np.log(values[..., 0])
        alpha = 1.0 if self.element is RC else values[..., 2]
        out[..., 1] = (np.log(values[..., 1]) + out[..., 0]) / alpha
        return out

    def values_jacobian(self, theta: FloatArray) -> FloatArray:
        """d values / d theta, (n, n), at theta (n,)."""
        v = self.values(theta)
        logs = [p.scale == "log" for p in self.element.parameters]
        slope = np.diag(np.where(logs, v, 1.0))
        if self.fused:
            q = v[1]
            alpha = 1.0 if self.element is RC else theta[2]
            slope[1, 0], slope[1, 1] = -q, alpha * q
            if self.element is RQ:
                slope[1, 2] = theta[1] * q
        return slope


@dataclass(frozen=True)
class Branch:
    """Circuits in series or in parallel."""

    kind: Literal["series", "parallel"]
    children: tuple[Branch | Leaf, ...]

    @property
    def text(self) -> str:
        """As written in a circuit."""
        inner = [c.text for c in self.children]
        return "-".join(inner) if self.kind == "series" else f"({','.join(inner)})"


def leaves_of(node: Branch | Leaf) -> Iterator[Leaf]:
    """The leaves below a node, in the order of theta."""
    if isinstance(node, Leaf):
        yield node
    else:
        for child in node.children:
            yield from leaves_of(child)


def _evaluate(
    node: Branch | Leaf, theta: FloatArray, log_s: ComplexArray
) -> tuple[ComplexArray, Derivatives]:
    if isinstance(node, Leaf):
        columns = [theta[..., j, None] for j in range(node.offset, node.stop)]
        z, slopes = node.element.evaluate(columns, log_s)
        return z, [(node.offset + j, d) for j, d in enumerate(slopes)]
    parts = [_evaluate(child, theta, log_s) for child in node.children]
    if node.kind == "series":
        total = parts[0][0]
        for z, _ in parts[1:]:
            total = total + z
        return total, [d for _, slopes in parts for d in slopes]
    admittance = 1 / parts[0][0]
    for z, _ in parts[1:]:
        admittance = admittance + 1 / z
    total = 1 / admittance
    return total, [(j, (total / z) ** 2 * d) for z, slopes in parts for j, d in slopes]


@dataclass(frozen=True)
class Circuit:
    """A parsed circuit; make one with `ionscape.impedance.circuit_text.parse_circuit`.

    Attributes
    ----------
    root : Branch or Leaf
    """

    root: Branch | Leaf

    def __str__(self) -> str:
        return self.text

    @cached_property
    def text(self) -> str:
        """Canonical text, which parses to the same circuit."""
        return self.root.text

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Elements in the order of theta."""
        return tuple(leaves_of(self.root))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Natural parameters: ``R1``, ``Q1``, ``Q1.alpha``."""
        return tuple(n for leaf in self.leaves for n in leaf.names)

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Units of the natural parameters, SI."""
        return tuple(u for leaf in self.leaves for u in leaf.units)

    @cached_property
    def is_log(self) -> NDArray[np.bool_]:
        """(p,): whether each parameter, natural or fitted, is a positive one on a log scale."""
        return np.array([s == "log" for leaf in self.leaves for s in leaf.scales], dtype=np.bool_)

    @cached_property
    def theta_names(self) -> tuple[str, ...]:
        """Fitted parameters: ``ln R1``, ``ln Q1.tau``, ``Q1.alpha``."""
        return tuple(n for leaf in self.leaves for n in leaf.theta_names)

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Kinds of the fitted parameters, in the order of theta."""
        return tuple(p for leaf in self.leaves for p in leaf.element.parameters)

    @cached_property
    def theta_scales(self) -> tuple[str, ...]:
        """Per fitted parameter ``"log"`` or ``"linear"``."""
        return tuple(p.scale for p in self.parameters)

    @property
    def n_parameters(self) -> int:
        """Number of fitted parameters."""
        return len(self.parameters)

    @cached_property
    def series_leaves(self) -> tuple[Leaf, ...] | None:
        """The elements if the circuit is a plain series of them (fused pairs count as one), else None."""
        nodes = (self.root,) if isinstance(self.root, Leaf) else self.root.children
        if isinstance(self.root, Branch) and self.root.kind == "parallel":
            return None
        leaves = tuple(n for n in nodes if isinstance(n, Leaf))
        return leaves if len(leaves) == len(nodes) else None

    def evaluate(self, theta: FloatArray, log_s: ComplexArray) -> tuple[ComplexArray, ComplexArray]:
        """Impedance and its derivatives for many parameter sets at once.

        Parameters
        ----------
        theta : (..., p) array
        log_s : (N,) complex array
            ln(i omega), omega in rad/s.

        Returns
        -------
        z : (..., N) complex array
            [ohm]
        slopes : (..., p, N) complex array
            dZ/dtheta.
        """
        z, parts = _evaluate(self.root, theta, log_s)
        slopes = np.empty((*theta.shape, log_s.size), dtype=np.complex128)
        for j, d in parts:
            slopes[..., j, :] = d
        return z, slopes

    def values(self, theta: FloatArray) -> FloatArray:
        """Natural parameters (..., p) of theta (..., p)."""
        parts = [leaf.values(theta[..., leaf.offset : leaf.stop]) for leaf in self.leaves]
        return np.concatenate(parts, axis=-1)

    def theta(self, values: FloatArray) -> FloatArray:
        """Fitted parameters (..., p) of natural ones (..., p)."""
        parts = [leaf.theta(values[..., leaf.offset : leaf.stop]) for leaf in self.leaves]
        return np.concatenate(parts, axis=-1)

    def values_jacobian(self, theta: FloatArray) -> FloatArray:
        """d values / d theta, (p, p), at theta (p,)."""
        out = np.zeros((theta.size, theta.size))
        for leaf in self.leaves:
            part = slice(leaf.offset, leaf.stop)
            out[part, part] = leaf.values_jacobian(theta[part])
        return out

    def impedance(self, frequency: ArrayLike, values: Mapping[str, float] | Sequence[float]) -> ComplexArray:
        """Impedance [ohm], (N,), at frequencies [Hz], natural parameters by name or in order of `names`."""
        return self.evaluate(self.theta(self._vector(values)), ln_s(frequency))[0]

    def jacobian(self, frequency: ArrayLike, values: Mapping[str, float] | Sequence[float]) -> ComplexArray:
        """dZ/dvalue, (N, p), for natural parameters by name or in order of `names`."""
        theta = self.theta(self._vector(values))
        slopes = self.evaluate(theta, ln_s(frequency))[1]
        return np.asarray(np.linalg.solve(self.values_jacobian(theta).T, slopes).T, dtype=np.complex128)

    def _vector(self, values: Mapping[str, float] | Sequence[float]) -> FloatArray:
        if isinstance(values, Mapping):
            missing = [n for n in self.names if n not in values]
            unknown = [n for n in values if n not in self.names]
            if missing or unknown:
                wrong = [f"missing: {', '.join(missing)}"] if missing else []
                wrong += [f"unknown: {', '.join(unknown)}"] if unknown else []
                needed = ", ".join(self.names)
                raise InputError(f"circuit {self.text} needs values for {needed}; {'; '.join(wrong)}")
            values = [values[n] for n in self.names]
        v = np.asarray(values, dtype=np.float64)
        if v.shape != (self.n_parameters,):
            raise InputError(f"circuit {self.text} has {self.n_parameters} parameters, not {v.size}")
        for name, x in zip(self.names, v, strict=True):
            if not (math.isfinite(x) and x > 0):
                raise InputError(f"{name} must be a positive number, not {x:g}")
        return v


def ln_s(frequency: ArrayLike) -> ComplexArray:
    """ln(i omega), (N,), for frequencies [Hz]."""
    f = np.asarray(frequency, dtype=np.float64)
    return np.log(2 * np.pi * f) + 0.5j * np.pi
