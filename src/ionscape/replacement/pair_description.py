"""Which programmes the fast description of one foreign ion covers."""

from __future__ import annotations

import math

from ionscape.replacement.programme import Programme, Trace
from ionscape.replacement.system import Conductor


def is_pair(conductor: Conductor, programme: Programme) -> bool:
    """Whether the fast way describes it: two ions of one charge, site energies that mix never or at once,
    constant temperatures, controlled currents of a beam."""
    native, *others = conductor.ions
    if len(others) != 1 or others[0].charge != native.charge or 0 < conductor.intermixing_time < math.inf:
        return False
    return all(
        not isinstance(stage.temperature, Trace)
        and (stage.control == "rest" or (stage.control == "current" and stage.surface != "melt"))
        for stage in programme.stages
    )
