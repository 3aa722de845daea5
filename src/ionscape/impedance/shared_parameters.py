"""Which parameters of a circuit each temperature has for itself, which all share, which lie on a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import InputError
from ionscape.impedance.circuit import Circuit, Leaf

FloatArray = NDArray[np.float64]
Kind = Literal["tau", "Q", "capacitance"]


@dataclass(frozen=True)
class Plan:
    """Which parameters are local, which shared, and what is tied."""

    circuit: Circuit
    kinds: tuple[Kind, ...]
    columns: tuple[int, ...]
    n_local: int
    n_shared: int
    tied: tuple[int, ...]  # places of ln R among the local parameters

    @property
    def n_border(self) -> int:
        return self.n_shared + 2 * len(self.tied)


def shareable_names(circuit: Circuit) -> tuple[str, ...]:
    """Natural names of a circuit that may be shared by all temperatures."""
    return tuple(sorted({name for leaf in circuit.leaves for name in _shareable(leaf)}))


def check_shared(circuit: Circuit, shared: Sequence[str]) -> None:
    """Refuse names that cannot be shared.

    Raises
    ------
    InputError
        Naming the first, and those that can.
    """
    known = shareable_names(circuit)
    for name in shared:
        if name not in known:
            raise InputError(f"shared: {name!r} is none of the parameters that can be shared in "
                             f"{circuit.text}: {', '.join(known)}")  # fmt: skip


def plan_of(circuit: Circuit, tied: Sequence[str], shared: Sequence[str]) -> Plan:
    """Sort the parameters of a circuit.

    Parameters
    ----------
    circuit : Circuit
    tied : sequence of str
        Labels of resistances that lie on Arrhenius lines.
    shared : sequence of str
        Natural names.

    Raises
    ------
    InputError
        A name that the circuit has not, or that is both tied and shared.
    """
    kinds: list[Kind] = []
    shared_places: set[int] = set()
    check_shared(circuit, shared)
    for each in circuit.leaves:
        kind: Kind = "tau"
        names = _shareable(each)
        for name in shared:
            if name in names:
                place, kind_of = names[name]
                shared_places.add(each.offset + place)
                kind = kind_of or kind
        kinds.append(kind)
    columns, local, border = [], 0, 0
    for j in range(circuit.n_parameters):
        if j in shared_places:
            border += 1
            columns.append(-border)
        else:
            columns.append(local)
            local += 1
    places = []
    for label in tied:
        leaf = next((x for x in circuit.leaves if x.labels[0] == label), None)
        if leaf is None or columns[leaf.offset] < 0:
            raise InputError(f"{label} cannot be tied: it is shared or not in {circuit.text}")
        places.append(columns[leaf.offset])
    return Plan(circuit, tuple(kinds), tuple(columns), local, border, tuple(places))


def _shareable(leaf: Leaf) -> dict[str, tuple[int, Kind | None]]:
    """Natural names that may be shared: place within the leaf, coordinate that takes tau's place."""
    if not leaf.is_arc:
        return {name: (k, None) for k, name in enumerate(leaf.names)}
    r, key = leaf.labels[0], leaf.labels[-1]
    names: dict[str, tuple[int, Kind | None]] = {r: (0, None), f"{key}.tau": (1, "tau")}
    names[f"{key}.capacitance"] = (1, "capacitance")
    if leaf.fused:
        names[key] = (1, "Q" if len(leaf.element.parameters) == 3 else "capacitance")
    if len(leaf.element.parameters) == 3:
        names[f"{key}.alpha"] = (2, None)
    return names


def coordinates_of(plan: Plan, theta: FloatArray) -> FloatArray:
    """theta (n, p) with ln tau replaced by ln Q or ln C where that is the coordinate."""
    u = theta.copy()
    for leaf, kind in zip(plan.circuit.leaves, plan.kinds, strict=True):
        r, t = leaf.offset, leaf.offset + 1
        if kind == "Q":
            u[:, t] = theta[:, t + 1] * theta[:, t] - theta[:, r]
        elif kind == "capacitance":
            u[:, t] = theta[:, t] - theta[:, r]
    return u


def theta_of(plan: Plan, u: FloatArray, slopes: FloatArray | None = None) -> FloatArray:
    """Inverse of `coordinates_of`; ``slopes`` (n, p, p), if given, is filled with d theta / d u."""
    theta = u.copy()
    if slopes is not None:
        slopes[:] = np.eye(u.shape[1])
    for leaf, kind in zip(plan.circuit.leaves, plan.kinds, strict=True):
        r, t = leaf.offset, leaf.offset + 1
        if kind == "Q":
            alpha = u[:, t + 1]
            theta[:, t] = (u[:, t] + u[:, r]) / alpha
            if slopes is not None:
                slopes[:, t, r] = slopes[:, t, t] = 1 / alpha
                slopes[:, t, t + 1] = -theta[:, t] / alpha
        elif kind == "capacitance":
            theta[:, t] = u[:, t] + u[:, r]
            if slopes is not None:
                slopes[:, t, r] = 1.0
    return theta
