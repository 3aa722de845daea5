"""The conductor and its ions: what a replacement is simulated in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import DiffusionLaw


@dataclass(frozen=True)
class Ion:
    """One mobile ion.

    Attributes
    ----------
    name : str
        E.g. ``Li+``.
    law : DiffusionLaw
    charge : int
        Signed elementary charges.
    immobile_fraction : float
        Share of the conductor's carriers that is this ion and never moves (native ions only).
    """

    name: str
    law: DiffusionLaw
    charge: int = 1
    immobile_fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.charge == 0:
            raise InputError(f"{self.name}: an ion without charge takes no part in a replacement")
        if not 0 <= self.immobile_fraction < 1:
            raise InputError(
                f"{self.name}: the immobile fraction must be at least 0 and below 1, "
                f"got {self.immobile_fraction:g}"
            )


@dataclass(frozen=True)
class Conductor:
    """A solid with one native mobile ion, and the foreign ions that may enter it.

    Attributes
    ----------
    ions : tuple of Ion
        The native one first, then the foreign ones in the order of arrival. Their sites are filled in this
        order from below, see `DiffusionLaw`.
    carrier_density : float
        n0 [m^-3] of the native ion before the experiment. Densities are given as fractions u = n/n0, of
        charges: an ion of charge z counts z times over the charge of the native one.
    thickness : float
        [m]; what lies beyond the film that is computed conducts as the unchanged bulk.
    permittivity : float
        Relative.
    intermixing_time : float
        [s] in which the site energies of native and foreign ions mix (1/e); infinity: never on the time scale
        of the experiment (Gunawan 2024, section 3.2), zero: at once.
    """

    ions: tuple[Ion, ...]
    carrier_density: float
    thickness: float
    permittivity: float = 8.0
    intermixing_time: float = math.inf

    def __post_init__(self) -> None:
        for name, value in (("carrier density", self.carrier_density), ("thickness", self.thickness)):
            if not (value > 0 and math.isfinite(value)):
                raise InputError(f"the {name} must be larger than zero, got {value:g}")
        if not self.permittivity >= 1:
            raise InputError(f"the relative permittivity cannot be below 1, got {self.permittivity:g}")
        if not self.intermixing_time >= 0:
            raise InputError(f"the intermixing time cannot be negative, got {self.intermixing_time:g} s")
        names = [ion.name for ion in self.ions]
        if not names or len(set(names)) < len(names):
            raise InputError(f"a conductor needs ions of different names, got {', '.join(names) or 'none'}")
        if len({ion.charge > 0 for ion in self.ions}) > 1:
            raise InputError("ions that replace each other have charges of one sign")

    def ion(self, name: str) -> Ion:
        """The ion of that name.

        Raises
        ------
        InputError
            If there is none.
        """
        for ion in self.ions:
            if ion.name == name:
                return ion
        raise InputError(f"no ion {name!r}: there are {', '.join(ion.name for ion in self.ions)}")
