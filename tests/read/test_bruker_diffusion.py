"""Bruker's pseudo-2D diffusion experiments: folders written here with a known decay, and a real one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.core.measurement import Measurement
from ionscape.read import read
from ionscape.read.bruker_diffusion import integrated

pytest.importorskip("nmrglue")

GAMMA_PROTON = 2.6752218744e8  # rad/(s T), CODATA 2018
WIDTH, CARRIER, BASE, POINTS = 10000.0, 155.506, 155.5, 1024  # Hz, MHz, MHz
HEIGHTS = np.array([1.0, 0.8, 0.55, 0.3, 0.12, 0.04])
PROGRAM = ";p30: gradient pulse (little DELTA * 0.5)\n;d20: diffusion time (big DELTA)\n p30:gp6*diff\n"


def _listed(name: str, values: dict[int, float]) -> str:
    return f"##${name}= (0..63)\n" + " ".join(repr(values.get(n, 0)) for n in range(64)) + "\n"


def _parameters(folder: Path) -> None:
    shapes = " ".join(["<>"] * 6 + ["<SMSQ10.100>"] + ["<>"] * 25)
    acqus = f"""##TITLE= Parameter file
##JCAMPDX= 5.0
##$AQ_mod= 3
##$BF1= {BASE}
##$BYTORDA= 0
##$DECIM= 1
##$DIGMOD= 1
##$DSPFVS= 21
##$DTYPA= 0
##$GPNAM= (0..31)
{shapes}
##$GRPDLY= 0
##$NUC1= <7Li>
##$PULPROG= <stebpgp1s>
##$SFO1= {CARRIER}
##$SW_h= {WIDTH}
##$TD= {2 * POINTS}
##$TE= 323.15
{_listed("P", {30: 1000.0})}{_listed("D", {20: 0.05})}##END=
"""
    (folder / "acqus").write_text(acqus)
    (folder / "acqu2s").write_text(f"##TITLE= Parameter file\n##$FnMODE= 1\n##$TD= {HEIGHTS.size}\n##END=\n")
    (folder / "pulseprogram").write_text(PROGRAM)
    (folder / "difflist").write_text("\n".join(f"{20 * (n + 1)}" for n in range(HEIGHTS.size)) + "\n")


def _raw(folder: Path, offset: float, phase: float) -> Path:
    """Raw signals: a line `offset` Hz above the carrier, decaying with the gradient, with a little noise."""
    rng = np.random.default_rng(2)
    time = np.arange(POINTS) / WIDTH
    line = np.exp(1j * (2 * np.pi * offset * time + phase) - 120 * time)
    signal = 1e6 * HEIGHTS[:, None] * line
    signal += rng.normal(0, 1e4, signal.shape) + 1j * rng.normal(0, 1e4, signal.shape)
    numbers = np.stack([signal.real, signal.imag], axis=-1).round().astype("<i4")
    path = folder / "ser"
    numbers.tofile(path)
    return path


def _processed(folder: Path) -> Path:
    inside = folder / "pdata" / "1"
    inside.mkdir(parents=True)
    procs = f"##TITLE= Parameter file\n##$BYTORDP= 0\n##$DTYPP= 0\n##$NC_proc= 0\n##$OFFSET= 40\n" \
            f"##$SF= {BASE}\n##$SI= {POINTS}\n##$SW_p= {WIDTH}\n##$XDIM= {POINTS}\n##END=\n"  # fmt: skip
    (inside / "procs").write_text(procs)
    rows = HEIGHTS.size + 2  # zero filled
    (inside / "proc2s").write_text(f"##TITLE= Parameter file\n##$SI= {rows}\n##$XDIM= {rows}\n##END=\n")
    line = np.exp(-0.5 * ((np.arange(POINTS) - 300) / 12) ** 2)
    spectra = np.zeros((rows, POINTS))
    noise = np.random.default_rng(6).normal(0, 1e3, (HEIGHTS.size, POINTS))
    spectra[:-2] = 1e6 * HEIGHTS[:, None] * line + noise
    spectra.round().astype("<i4").tofile(inside / "2rr")
    return inside / "2rr"


def _relative(found: Measurement) -> np.ndarray:
    return np.asarray(found.sweeps[0].columns[m.INTENSITY] / found.sweeps[0].columns[m.INTENSITY][0])


@pytest.mark.parametrize("phase", [0.0, 1.1, 3.0])
def test_raw_signals(phase: float, tmp_path: Path) -> None:
    _parameters(tmp_path)
    found = read(_raw(tmp_path, 1500.0, phase), "nmr")
    columns = found.sweeps[0].columns
    error = columns[m.INTENSITY_UNCERTAINTY][0] / columns[m.INTENSITY][0]
    assert error < 0.02
    np.testing.assert_allclose(_relative(found), HEIGHTS, atol=4 * error)
    np.testing.assert_allclose(columns[m.GRADIENT], 0.2 * np.arange(1, 7))
    assert columns[m.GRADIENT_PULSE][0] == pytest.approx(2e-3)
    assert columns[m.DIFFUSION_TIME][0] == pytest.approx(0.05)
    assert (found.sweeps[0].label, found.temperature_kelvin) == ("7Li", 323.15)
    low, high = (float(word) for word in found.metadata["window_ppm"].split(" to "))
    shift = (1500.0 + 1e6 * (CARRIER - BASE)) / CARRIER
    assert low < shift < high
    assert any("transformed and phased by one constant" in note for note in found.warnings)


def test_processed_spectra_go_before_raw_ones(tmp_path: Path) -> None:
    _parameters(tmp_path)
    raw, processed = _raw(tmp_path, 1500.0, 0.0), _processed(tmp_path)
    one, other = read(processed), read(raw)
    np.testing.assert_array_equal(_relative(one), _relative(other))
    np.testing.assert_allclose(_relative(one), HEIGHTS, atol=0.003)
    assert "the spectra that TopSpin processed (pdata/1/2rr) were used" in other.warnings
    assert one.metadata["gradient_shape_factor"] == "0.9"


def test_a_window(tmp_path: Path) -> None:
    _parameters(tmp_path)
    path = _processed(tmp_path)
    top = 40 - 300 * WIDTH / BASE / POINTS
    half = integrated(path, (top, top + 20)).sweeps[0].columns[m.INTENSITY]
    whole = integrated(path, (top - 20, top + 20)).sweeps[0].columns[m.INTENSITY]
    assert half[0] / whole[0] == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ReadError, match="the window holds no points"):
        integrated(path, (500, 510))


def test_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ser"
    path.write_bytes(b"\1" * 64)
    with pytest.raises(ReadError, match=r"\(acqus\) are not in"):
        read(path)
    _parameters(tmp_path)
    _raw(tmp_path, 1500.0, 0.0)
    (tmp_path / "difflist").write_text("10\n20\n")
    with pytest.raises(ReadError, match="difflist has 2 gradients, the file 6 spectra"):
        read(path)
    monkeypatch.setitem(sys.modules, "nmrglue", None)
    with pytest.raises(ReadError, match=r"needs nmrglue: pip install 'ionscape\[nmr\]'"):
        read(path)


def test_a_cut_file_gives_a_reason(tmp_path: Path) -> None:
    _parameters(tmp_path)
    path = _processed(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ReadError, match=r"the experiment cannot be read|difflist has"):
        read(path)


def _coefficient(found: Measurement, shape_factor: float) -> tuple[float, float]:
    """D [m²/s] and its error: E = exp(-(γ g δ s)² (Δ - δ/3) D), Stejskal and Tanner 1965."""
    columns = found.sweeps[0].columns
    pulse, delay = columns[m.GRADIENT_PULSE], columns[m.DIFFUSION_TIME]
    b = (GAMMA_PROTON * columns[m.GRADIENT] * pulse * shape_factor) ** 2 * (delay - pulse / 3)
    scale = columns[m.INTENSITY][0]
    best, covariance = curve_fit(
        lambda b, height, d: height * np.exp(-b * d * 1e-10), b, columns[m.INTENSITY] / scale, p0=(1, 1),
        sigma=columns[m.INTENSITY_UNCERTAINTY] / scale, absolute_sigma=True,
    )  # fmt: skip
    return 1e-10 * float(best[1]), 1e-10 * float(np.sqrt(covariance[1, 1]))


def test_a_protein(shared_data: Path, tmp_path: Path) -> None:
    """15N-XSTE of a protein: another code has D = 1.62(7)e-10 m²/s over 7.7 to 8.6 ppm (its README)."""
    folder = shared_data / "diffusion" / "pfg_nmr_bruker_xste"
    found = integrated(folder / "pdata" / "1" / "2rr", (7.7, 8.6))
    assert found.temperature_kelvin == pytest.approx(298.2, abs=0.1)
    assert found.sweeps[0].columns[m.GRADIENT_PULSE][0] == pytest.approx(4e-3)
    assert found.sweeps[0].columns[m.DIFFUSION_TIME][0] == pytest.approx(0.1)
    value, error = _coefficient(found, 0.9)
    assert value == pytest.approx(1.62e-10, abs=0.01e-10)
    assert error == pytest.approx(0.07e-10, abs=0.01e-10)
    for name in ("ser", "acqus", "acqu2s", "difflist", "pulseprogram"):
        shutil.copy(folder / name, tmp_path)
    raw, raw_error = _coefficient(integrated(tmp_path / "ser", (7.7, 8.6)), 0.9)
    assert abs(raw - value) < 2 * raw_error
    assert raw_error < 0.15e-10
