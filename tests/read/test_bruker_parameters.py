"""Which parameters of a pulse program are δ and Δ; the comments are worded as in Bruker's own programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ionscape.core.errors import ReadError
from ionscape.read.bruker_parameters import diffusion_parameters

P, D = [0.0] * 64, [0.0] * 64
P[30], P[31], D[20], D[21] = 1500.0, 3000.0, 0.05, 0.2
ACQUS: dict[str, Any] = {"P": P, "D": D, "GPNAM": [""] * 6 + ["SINE.100"], "NUC1": "7Li", "SFO1": 155.5,
                         "PULPROG": "stegp1s", "TE": 323.0}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "difflist").write_text("10\n20\n30\n")
    return tmp_path


@pytest.mark.parametrize(
    ("program", "pulse", "delay"),
    [
        (";p30: gradient pulse (little DELTA * 0.5)\n;d20: diffusion time (big DELTA)\n", 3e-3, 0.05),
        (";p30: gradient pulse (little DELTA)\n;d21: diffusion time (big DELTA)\n", 1.5e-3, 0.2),
        (
            ";p30 : encode/decode gradient [small delta = 2*p30]\n;d20 : diffusion delay (big delta)\n",
            3e-3,
            0.05,
        ),
        (";@   big_delta: d20\n;@   little_delta: p31\n", 3e-3, 0.05),
    ],
)
def test_the_program_says(program: str, pulse: float, delay: float, folder: Path) -> None:
    (folder / "pulseprogram").write_text(program)
    found = diffusion_parameters(folder, ACQUS, folder / "ser")
    assert (found.pulse, found.diffusion_time) == (pytest.approx(pulse), pytest.approx(delay))
    assert "the pulse program says so" in found.assumed[0]


@pytest.mark.parametrize(("name", "factor"), [("stebpgp1s", 2), ("ledgp2s", 1)])
def test_without_comments_the_convention_is_told(name: str, factor: int, folder: Path) -> None:
    found = diffusion_parameters(folder, ACQUS | {"PULPROG": name}, folder / "ser")
    assert found.pulse == pytest.approx(factor * 1.5e-3)
    assert "assumed" in found.assumed[0]


def test_all_else(folder: Path) -> None:
    found = diffusion_parameters(folder, ACQUS, folder / "ser")
    np.testing.assert_allclose(found.gradient, [0.1, 0.2, 0.3])  # 1 G/cm = 0.01 T/m
    assert (found.temperature, found.nucleus, found.larmor_hertz) == (323.0, "7Li", pytest.approx(155.5e6))
    assert (found.shape, found.shape_factor) == ("SINE.100", pytest.approx(2 / np.pi))
    assert "raises D by 2.47" in found.assumed[1]  # (pi/2)²


def test_the_shape_is_that_of_the_encoding_gradient(folder: Path) -> None:
    (folder / "pulseprogram").write_text("  p19:gp6\n  p30:gp7*diff\n")
    shapes = ACQUS | {"GPNAM": [""] * 6 + ["SINE.100", "SMSQ10.100"]}
    assert diffusion_parameters(folder, shapes, folder / "ser").shape_factor == 0.9
    unknown = ACQUS | {"GPNAM": [""] * 6 + ["", "wave.10"]}
    found = diffusion_parameters(folder, unknown, folder / "ser")
    assert found.shape_factor is None
    assert "state the shape factor" in found.assumed[1]


def test_no_gradients_and_no_pulse(folder: Path) -> None:
    with pytest.raises(ReadError, match="not a diffusion experiment"):
        diffusion_parameters(folder, ACQUS | {"P": [0.0] * 64}, folder / "ser")
    (folder / "difflist").unlink()
    with pytest.raises(ReadError, match=r"no list of gradients \(difflist, in G/cm\)"):
        diffusion_parameters(folder, ACQUS, folder / "ser")
