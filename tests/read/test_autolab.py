"""Autolab's NOVA export."""

from __future__ import annotations

from pathlib import Path

import pytest

from ionscape.read import autolab

HEADINGS = "Index;Frequency (Hz);Z' (Ω);-Z'' (Ω);Z (Ω);-Phase (°);Time (s)\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [".", ","])
def test_nova_export(encoding: str, mark: str) -> None:
    text = HEADINGS + "1;100000.5;10.25;1.5;10.4;8.3;0.1\n2;1000.5;20.5;5.5;21.2;15.0;0.2\n".replace(
        ".", mark
    )
    content = text.encode(encoding)
    assert autolab.recognises(content, "x")
    sweep = autolab.read(Path("nova.txt"), content).sweeps[0]
    assert sweep.frequency.tolist() == [100000.5, 1000.5]
    assert sweep.impedance.tolist() == [10.25 - 1.5j, 20.5 - 5.5j]


def test_other_tables_are_not_recognised() -> None:
    assert not autolab.recognises(b"Frequency (Hz),Z' (Ohm),Z'' (Ohm)\n", "x")
