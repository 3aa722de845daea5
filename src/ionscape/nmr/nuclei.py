"""Gyromagnetic ratios of the nuclei that ions and lattices of solid conductors offer.

They follow from the frequency ratios Ξ (to 1H of tetramethylsilane, in the reference compound of each
nucleus) and the shielded proton: what a spectrometer sees, and what a gradient calibrated with water refers
to. The ratio of the bare nucleus is larger by its shielding: 0.01 % for Li, 0.7 % for Cs, 1.7 % for Tl.

Sources: R. K. Harris et al., Pure Appl. Chem. 73, 1795 (2001), tables 1 and 2 (Ξ); CODATA (proton).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from ionscape.core.errors import InputError

SHIELDED_PROTON = 42.57638543e6
"""γ/2π [Hz/T]."""

# Frequency ratio in percent; the sign of γ, which no diffusion measurement sees, is left out.
FREQUENCY_RATIOS: Mapping[str, float] = {
    "1H": 100.0, "2H": 15.350609, "6Li": 14.716086, "7Li": 38.863797, "11B": 32.083974, "13C": 25.145020,
    "15N": 10.136767, "17O": 13.556457, "19F": 94.094011, "23Na": 26.451900, "25Mg": 6.121635,
    "27Al": 26.056859, "29Si": 19.867187, "31P": 40.480742, "35Cl": 9.797909, "39K": 4.666373,
    "43Ca": 6.730029, "63Cu": 26.515473, "65Cu": 28.403693, "67Zn": 6.256803, "81Br": 27.006518,
    "85Rb": 9.654943, "87Rb": 32.720454, "107Ag": 4.047819, "109Ag": 4.653533, "119Sn": 37.290632,
    "127I": 20.007486, "133Cs": 13.116142, "205Tl": 57.683838, "207Pb": 20.920599,
}  # fmt: skip

_OF_ELEMENT: Mapping[str, str] = {
    "H": "1H", "D": "2H", "Li": "7Li", "F": "19F", "Na": "23Na", "Mg": "25Mg", "K": "39K", "Ca": "43Ca",
    "Cu": "63Cu", "Zn": "67Zn", "Rb": "87Rb", "Ag": "109Ag", "Cs": "133Cs", "Tl": "205Tl", "O": "17O",
    "Cl": "35Cl", "Br": "81Br", "I": "127I", "Al": "27Al", "Pb": "207Pb",
}  # fmt: skip


def gyromagnetic_ratio(nucleus: str) -> float:
    """|γ| [rad s⁻¹ T⁻¹] of a nucleus written as ``7Li``, ``Li-7`` or ``li7``.

    Raises
    ------
    InputError
        If it is not in the table.
    """
    return 2 * math.pi * SHIELDED_PROTON * FREQUENCY_RATIOS[nucleus_name(nucleus)] / 100


def nucleus_name(text: str) -> str:
    """The table's spelling, ``7Li``, of ``Li-7`` or ``7li``.

    Raises
    ------
    InputError
        If no nucleus of the table is meant.
    """
    match = re.fullmatch(r"\s*(?:(\d+)[-\s]?([A-Za-z]{1,2})|([A-Za-z]{1,2})[-\s]?(\d+))\s*", text)
    if match:
        mass, element = match[1] or match[4], (match[2] or match[3]).capitalize()
        if f"{mass}{element}" in FREQUENCY_RATIOS:
            return f"{mass}{element}"
    raise InputError(f"no gyromagnetic ratio of {text!r}: give one of {', '.join(FREQUENCY_RATIOS)}")


def nucleus_of(carrier: str) -> str:
    """The nucleus usually observed for a mobile ion: ``7Li`` for ``Li+``; empty for one without."""
    match = re.match(r"[A-Z][a-z]?", carrier)
    return _OF_ELEMENT.get(match[0], "") if match else ""
