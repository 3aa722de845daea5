"""The column numbers of BioLogic's binary records: which quantity, how many bytes.

EC-Lab writes no names into an .mpr file, only a number per column. Most of the numbers below are confirmed by
laying binary files of EC-Lab 10.33 to 11.61 beside their text exports; the others rest on public descriptions
(``tests/read/test_biologic_records.py`` lists them) and on the checks in `biologic_records`.
"""

from __future__ import annotations

from dataclasses import dataclass

# These columns are bits of one byte that stands where the first of them is listed.
FLAG_COLUMNS = frozenset({1, 2, 3, 21, 31, 65})
FREQUENCY_NUMBER = 32


@dataclass(frozen=True)
class Field:
    """One column of a record: EC-Lab's own label, and the numpy type code of its bytes."""

    label: str
    dtype: str

    @property
    def width(self) -> int:
        """Bytes."""
        return int(self.dtype[-1])


def _fields(dtype: str, labels: dict[int, str]) -> dict[int, Field]:
    return {number: Field(label, dtype) for number, label in labels.items()}


_SINGLE = {
    5: "control/V/mA",
    6: "Ewe/V",
    8: "I/mA",
    9: "Ece/V",
    16: "Analog IN 1/V",
    17: "Analog IN 2/V",
    18: "Analog IN 3/V",
    19: "control/V",
    20: "control/mA",
    26: "Rapp/Ohm",
    32: "freq/Hz",
    33: "|Ewe|/V",
    34: "|I|/A",
    35: "Phase(Z)/deg",
    36: "|Z|/Ohm",
    37: "Re(Z)/Ohm",
    38: "-Im(Z)/Ohm",
    69: "R/Ohm",
    70: "P/W",
    75: "Analog OUT/V",
    76: "<I>/mA",
    77: "<Ewe>/V",
    78: "Cs-2/µF-2",
    96: "|Ece|/V",
    98: "Phase(Zce)/deg",
    99: "|Zce|/Ohm",
    100: "Re(Zce)/Ohm",
    101: "-Im(Zce)/Ohm",
    163: "|Estack|/V",
    168: "Rcmp/Ohm",
    169: "Cs/µF",
    172: "Cp/µF",
    173: "Cp-2/µF-2",
    271: "Phase(Z1)/deg",
    272: "Phase(Z2)/deg",
    301: "|Z1|/Ohm",
    302: "|Z2|/Ohm",
    331: "Re(Z1)/Ohm",
    332: "Re(Z2)/Ohm",
    361: "-Im(Z1)/Ohm",
    362: "-Im(Z2)/Ohm",
    391: "<E1>/V",
    392: "<E2>/V",
    422: "Phase(Zstack)/deg",
    423: "|Zstack|/Ohm",
    424: "Re(Zstack)/Ohm",
    425: "-Im(Zstack)/Ohm",
    426: "<Estack>/V",
    430: "Phase(Zwe-ce)/deg",
    431: "|Zwe-ce|/Ohm",
    432: "Re(Zwe-ce)/Ohm",
    433: "-Im(Zwe-ce)/Ohm",
    462: "Temperature/°C",
    471: "<Ece>/V",
    473: "THD Ewe/%",
    474: "THD I/%",
    476: "NSD Ewe/%",
    477: "NSD I/%",
    479: "NSR Ewe/%",
    480: "NSR I/%",
    **{484 + harmonic: f"|Ewe h{harmonic}|/V" for harmonic in range(2, 8)},
    **{490 + harmonic: f"|I h{harmonic}|/A" for harmonic in range(2, 8)},
    505: "Rdc/Ohm",
}

_DOUBLE = {
    4: "time/s",
    7: "dq/mA.h",
    11: "<I>/mA",
    13: "(Q-Qo)/mA.h",
    23: "dQ/mA.h",
    24: "cycle number",
    74: "|Energy|/W.h",
    123: "Energy charge/W.h",
    124: "Energy discharge/W.h",
    125: "Capacitance charge/µF",
    126: "Capacitance discharge/µF",
    467: "Q charge/discharge/mA.h",
    498: "Q charge/mA.h",
    499: "Q discharge/mA.h",
    500: "step time/s",
    501: "Efficiency/%",
    502: "Capacity/mA.h",
    880: "Energy we/W.h",
}

FIELDS: dict[int, Field] = {
    **_fields("<f4", _SINGLE),
    **_fields("<f8", _DOUBLE),
    **_fields("<u2", {39: "I Range", 131: "Ns"}),
    **_fields("<u4", {468: "half cycle", 469: "z cycle"}),
}
"""Column number to `Field`; a number that is absent is unknown, and its width is inferred from the file."""
