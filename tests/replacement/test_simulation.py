"""The one call: refusals with their reason, own mesh, going on from a result, saving, progress."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.core.errors import InputError
from ionscape.replacement.diffusion_law import ConstantDiffusion
from ionscape.replacement.programme import Programme, Stage, Trace, constant_current, joined
from ionscape.replacement.simulation import check, remapped, simulate
from ionscape.replacement.system import Conductor, Ion

from .replacement_cases import BULK, DAY, REFERENCES, TEMPERATURE

K = REFERENCES["K"]
GLASS = K.conductor()


def stage(
    control: str = "current", value: object = 1e-3, ion: str = "M+", surface: str = "beam"
) -> Programme:
    return Programme((Stage(DAY, control, value, ion, TEMPERATURE, surface),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("programme", "reason"),
    [
        (stage(ion="Cs+"), r"no ion 'Cs\+' in the conductor: there are Li\+, M\+"),
        (stage(value=-1e-3), "brings ions in and takes none out"),
        (stage("voltage", -3.0), "brings ions in and takes none out"),
        (stage(value=Trace(np.array([0.0, 1.0]), np.array([1e-3, -1e-3]))), "takes none out"),
        (stage(value=np.nan), "not a finite number"),
        (stage("voltage", 1.0, surface="blocking"), "needs Nernst-Planck-Poisson"),
        (stage(value=1e3), "the sample is only 0.001 m thick"),
    ],
)
def test_refused(programme: Programme, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        simulate(GLASS, programme)


def test_other_refusals() -> None:
    programme = K.programme()
    with pytest.raises(InputError, match="no description"):
        simulate(GLASS, programme, description="guess")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="profiles can be kept"):
        simulate(GLASS, programme, save_at=[2 * DAY])
    with pytest.raises(InputError, match="tolerance"):
        simulate(GLASS, programme, tolerance=0.0)
    with pytest.raises(InputError, match="foreign ion besides"):
        check(Conductor(GLASS.ions[:1], 1e28, 1e-3), programme)
    stuck = Ion("M+", ConstantDiffusion(1e-20), 1, 0.1)
    with pytest.raises(InputError, match="only native ions can be immobile"):
        check(Conductor((GLASS.ions[0], stuck), 1e28, 1e-3), programme)
    for faces in ([0.0, 1e-9], [1e-9, 2e-9, 3e-9], [0, 2e-9, 1e-9]):
        with pytest.raises(InputError):
            simulate(GLASS, programme, faces=np.array(faces))
    with pytest.raises(InputError, match="sample is only"):
        simulate(GLASS, programme, faces=np.linspace(0, 1, 10))


def test_front_through_the_sample() -> None:
    with pytest.raises(InputError, match="passes through the whole sample"):
        simulate(K.conductor(thickness=95e-9), K.programme(), cells=60)


def test_nothing_happens_at_rest() -> None:
    found = simulate(GLASS, Programme((Stage(DAY, temperature=TEMPERATURE),)), cells=20)
    assert np.all(found.fractions["Li+"] == 1)
    assert found.charge == 0
    assert np.all(found.film_voltage == 0)


def test_saved_profiles_and_progress() -> None:
    told: list[float] = []
    programme = joined([K.programme(), Programme((Stage(DAY, temperature=TEMPERATURE),))])
    found = simulate(
        GLASS, programme, cells=80, save_at=[DAY / 2, DAY, 1.5 * DAY], tolerance=1e-3, progress=told.append
    )
    assert found.time == pytest.approx([DAY / 2, DAY, 1.5 * DAY, 2 * DAY])
    assert told[-1] == pytest.approx(1)
    assert all(np.diff(told) >= 0)
    amount = found.fractions["M+"] @ np.diff(found.faces)
    assert amount == pytest.approx(K.flux * DAY * np.array([0.5, 1, 1, 1]), rel=1e-9)
    assert found.trace_time[-1] == pytest.approx(2 * DAY)
    assert np.all(np.diff(found.trace_time) > 0)
    assert found.profile("M+", found.depth) == pytest.approx(found.fractions["M+"][-1], abs=0.02)


def test_in_one_go_or_in_two() -> None:
    """The second half started from the first one's result, on another mesh."""
    flux = K.flux * GLASS.carrier_density * 1.602176634e-19
    whole = simulate(GLASS, constant_current(flux, DAY, "M+", TEMPERATURE), cells=300)
    half = constant_current(flux, DAY / 2, "M+", TEMPERATURE)
    second = simulate(GLASS, half, cells=250, start=simulate(GLASS, half, cells=200))
    depth = np.linspace(2e-9, 130e-9, 60)
    assert second.profile("Li+", depth) == pytest.approx(whole.profile("Li+", depth), abs=3e-3)
    amount = float(second.fractions["M+"][-1] @ np.diff(second.faces))
    assert amount == pytest.approx(K.flux * DAY, rel=1e-9)
    assert second.mass_error < 1e-9


def test_remapping_keeps_every_amount() -> None:
    found = simulate(GLASS, K.programme(), cells=60, tolerance=1e-2)
    faces = np.concatenate([np.linspace(0, 150e-9, 47), np.linspace(160e-9, 400e-9, 13)])
    parts, mixed = remapped(found, faces, GLASS)
    assert not mixed
    assert parts["Li+"] + parts["M+"] == pytest.approx(1)
    amount = float(found.fractions["M+"][-1] @ np.diff(found.faces))
    assert float(parts["M+"] @ np.diff(faces)) == pytest.approx(amount, rel=1e-12)
    assert np.min(parts["M+"]) >= 0
    with pytest.raises(InputError, match="how far the site energies have mixed: simulate it"):
        remapped(found, faces, K.conductor(intermixing_time=10.0))
    other = Conductor((GLASS.ions[0], Ion("Cs+", ConstantDiffusion(BULK))), 1e28, 1e-3)
    with pytest.raises(InputError, match=r"no ion 'M\+'"):
        remapped(found, faces, other)


def test_film_is_made_deep_enough() -> None:
    """A foreign ion that is faster than the native one runs far ahead of its charge."""
    ions = (Ion("Li+", ConstantDiffusion(1.0)), Ion("M+", ConstantDiffusion(5.0)))
    conductor = Conductor(ions, 1e28, 1e6)
    found = simulate(conductor, constant_current(1e28 * 1.602176634e-19, 10.0, "M+", TEMPERATURE), cells=150)
    assert found.fractions["M+"][-1, -1] < 1e-4
    assert not found.warnings
