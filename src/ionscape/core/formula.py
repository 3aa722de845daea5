"""Chemical formulas: atoms, molar mass, and the number density of one kind of ion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ionscape.core.errors import InputError

# Abridged standard atomic weights [g/mol], IUPAC 2021 (Prohaska et al., Pure Appl. Chem. 2022, 94, 573).
_WEIGHTS = """
H 1.008 He 4.0026 Li 6.94 Be 9.0122 B 10.81 C 12.011 N 14.007 O 15.999 F 18.998 Ne 20.180 Na 22.990
Mg 24.305 Al 26.982 Si 28.085 P 30.974 S 32.06 Cl 35.45 Ar 39.95 K 39.098 Ca 40.078 Sc 44.956
Ti 47.867 V 50.942 Cr 51.996 Mn 54.938 Fe 55.845 Co 58.933 Ni 58.693 Cu 63.546 Zn 65.38 Ga 69.723
Ge 72.630 As 74.922 Se 78.971 Br 79.904 Kr 83.798 Rb 85.468 Sr 87.62 Y 88.906 Zr 91.224 Nb 92.906
Mo 95.95 Ru 101.07 Rh 102.91 Pd 106.42 Ag 107.87 Cd 112.41 In 114.82 Sn 118.71 Sb 121.76 Te 127.60
I 126.90 Xe 131.29 Cs 132.91 Ba 137.33 La 138.91 Ce 140.12 Pr 140.91 Nd 144.24 Sm 150.36 Eu 151.96
Gd 157.25 Tb 158.93 Dy 162.50 Ho 164.93 Er 167.26 Tm 168.93 Yb 173.05 Lu 174.97 Hf 178.49 Ta 180.95
W 183.84 Re 186.21 Os 190.23 Ir 192.22 Pt 195.08 Au 196.97 Hg 200.59 Tl 204.38 Pb 207.2 Bi 208.98
Th 232.04 U 238.03
"""
_PAIRS = _WEIGHTS.split()
ATOMIC_WEIGHT = dict(zip(_PAIRS[::2], map(float, _PAIRS[1::2]), strict=True))

_TOKEN = re.compile(r"(?P<element>[A-Z][a-z]?)|(?P<open>[(\[])|(?P<close>[)\]])|(?P<number>\d+\.?\d*|\.\d+)")
_ION = re.compile(r"^(?P<element>[A-Z][a-z]?)\^?(?P<charge>[1-4]?)(?P<sign>[+\-−])$")


@dataclass(frozen=True)
class Ion:
    """A mobile ion: its element and its signed charge in elementary charges."""

    element: str
    charge: int


def parse_ion(text: str) -> Ion:
    """Read ``Li+``, ``O2-``, ``Mg2+``.

    Raises
    ------
    InputError
        If the text is no single-atom ion with its charge.
    """
    match = _ION.match(text.strip().replace("⁺", "+").replace("⁻", "-").replace("²", "2"))
    if match is None or match["element"] not in ATOMIC_WEIGHT:
        hint = (
            f"did you mean '{text.strip()}+'?" if text.strip() in ATOMIC_WEIGHT else "write the charge last"
        )
        raise InputError(f"expected an ion such as 'Li+' or 'O2-', got {text!r}: {hint}")
    return Ion(match["element"], int(match["charge"] or 1) * (1 if match["sign"] == "+" else -1))


def atoms(formula: str) -> dict[str, float]:
    """Atoms per formula unit: ``Li0.29La0.57TiO3``, ``(Li2S)0.75(P2S5)0.25``, ``0.5AgI-0.5AgPO3``.

    Raises
    ------
    InputError
        If the text is no formula.
    """
    total: dict[str, float] = {}
    for part in re.split(r"[-–·*]", formula.replace(" ", "")):
        match = re.match(r"(\d+\.?\d*|\.\d+)?(.*)$", part)
        factor, rest = (match[1], match[2]) if match else ("", part)
        for element, count in _group(rest, formula).items():
            total[element] = total.get(element, 0.0) + float(factor or 1) * count
    return total


def molar_mass(formula: str) -> float:
    """Mass of one mole of formula units [kg/mol]."""
    return sum(ATOMIC_WEIGHT[element] * count for element, count in atoms(formula).items()) * 1e-3


def ions_per_mass(formula: str, element: str) -> float:
    """Number of an element's atoms per mass [1/kg]: N_A times its count over the molar mass.

    Raises
    ------
    InputError
        If the element is not in the formula.
    """
    from scipy.constants import Avogadro

    count = atoms(formula).get(element, 0.0)
    if count <= 0:
        raise InputError(f"{element} is not in the formula {formula}")
    return float(Avogadro) * count / molar_mass(formula)


def _group(text: str, formula: str) -> dict[str, float]:
    """Atoms of a text without leading factor; a stack holds the open brackets."""
    if not text:
        raise InputError(f"expected a chemical formula such as 'Li7La3Zr2O12', got {formula!r}")
    stack: list[dict[str, float]] = [{}]
    last: dict[str, float] = {}
    position = 0

    def close(count: float) -> None:
        for element, n in last.items():
            stack[-1][element] = stack[-1].get(element, 0.0) + n * count
        last.clear()

    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (match["number"] and not last):
            raise InputError(f"cannot read {text[position:]!r} in the formula {formula!r}")
        position = match.end()
        if match["number"]:
            close(float(match["number"]))
            continue
        close(1.0)
        if match["element"]:
            if match["element"] not in ATOMIC_WEIGHT:
                raise InputError(f"there is no element {match['element']!r} (in the formula {formula!r})")
            last[match["element"]] = 1.0
        elif match["open"]:
            stack.append({})
        else:
            if len(stack) == 1:
                raise InputError(f"a bracket closes that was not opened in the formula {formula!r}")
            last.update(stack.pop())
    close(1.0)
    if len(stack) > 1:
        raise InputError(f"a bracket stays open in the formula {formula!r}")
    return stack[0]
