"""Tables of tracer profiles and echo decays, in any dialect, through ``read``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.core import measurement as m
from ionscape.core.errors import ReadError
from ionscape.read import delimited, read

Write = Callable[[str, str | bytes], Path]

_POSITION = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
_SLOPE = {"T/m": 1.0, "mT/m": 1e-3, "G/cm": 1e-2}


def _table(headings: list[str], rows: list[list[str]], delimiter: str, comma: bool, comment: str) -> bytes:
    lines = ["a note", "T = 22 °C", comment + delimiter.join(headings)]
    lines += [delimiter.join(cell.replace(".", ",") if comma else cell for cell in row) for row in rows]
    return "\r\n".join(lines).encode()


_DIALECTS = st.sampled_from(
    [("\t", False), ("\t", True), (";", False), (";", True), (",", False), ("  ", True)]
)


@given(
    dialect=_DIALECTS,
    comment=st.sampled_from(["", "# ", "% "]),
    unit=st.sampled_from(sorted(_POSITION)),
    style=st.sampled_from(["depth ({})", "x / {}", "depth [{}]", "position_{}"]),
    steps=st.lists(st.integers(1, 1000), min_size=3, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_profile_of_counts_comes_back(
    dialect: tuple[str, bool], comment: str, unit: str, style: str, steps: list[int], seed: int
) -> None:
    depth = np.cumsum(steps) / 8.0
    counts = np.random.default_rng(seed).integers(0, 10**6, (len(steps), 2))
    rows = [[repr(float(d)), str(a), str(b)] for d, (a, b) in zip(depth, counts, strict=True)]
    content = _table([style.format(unit), "6Li+", "I(7Li)"], rows, dialect[0], dialect[1], comment)
    found = delimited.read(Path("a.txt"), content)
    assert (found.technique, len(found.sweeps), found.temperature_kelvin) == ("tracer", 1, 295.15)
    columns = found.sweeps[0].columns
    np.testing.assert_allclose(columns[m.POSITION], depth * _POSITION[unit], rtol=1e-12)
    np.testing.assert_array_equal(columns["counts_6Li"], counts[:, 0])
    np.testing.assert_array_equal(columns["counts_7Li"], counts[:, 1])


@given(
    dialect=_DIALECTS,
    unit=st.sampled_from(sorted(_SLOPE)),
    gradients=st.lists(st.floats(0.001, 50, allow_subnormal=False), min_size=3, max_size=20, unique=True),
    delays=st.lists(st.sampled_from(["20.5", "50.5", "100.5"]), min_size=20, max_size=20),
)
def test_a_decay_keeps_all_delays_together(
    dialect: tuple[str, bool], unit: str, gradients: list[float], delays: list[str]
) -> None:
    rows = [
        [f"{g:.9f}", delay, f"{np.exp(-g / 10):.9f}"] for g, delay in zip(gradients, delays, strict=False)
    ]
    content = _table([f"g ({unit})", "Delta (ms)", "I/I0"], rows, dialect[0], dialect[1], "")
    found = delimited.read(Path("a.txt"), content)
    assert (found.technique, len(found.sweeps)) == ("nmr", 1)
    columns = found.sweeps[0].columns
    np.testing.assert_allclose(columns[m.GRADIENT], np.round(gradients, 9) * _SLOPE[unit], rtol=1e-9)
    np.testing.assert_allclose(
        columns[m.DIFFUSION_TIME], [float(d) * 1e-3 for _, d in zip(gradients, delays, strict=False)]
    )


def test_two_columns_with_units_in_a_row_below(write: Write) -> None:
    found = read(write("a.txt", "Depth\tC\tuncertainty\nnm\t%\t%\n10\t50\t1\n20\t30\t1\n30\t7.6\t0.5\n"))
    columns = found.sweeps[0].columns
    np.testing.assert_allclose(columns[m.POSITION], [1e-8, 2e-8, 3e-8])
    np.testing.assert_allclose(columns[m.FRACTION], [0.5, 0.3, 0.076])
    np.testing.assert_allclose(columns[m.FRACTION_UNCERTAINTY], [0.01, 0.01, 0.005])


def test_an_uncertainty_without_a_unit_is_in_that_of_its_fraction(write: Write) -> None:
    found = read(write("a.csv", "depth (nm),C (%),error\n10,50,1\n20,30,1\n"))
    np.testing.assert_allclose(found.sweeps[0].columns[m.FRACTION_UNCERTAINTY], [0.01, 0.01])


def test_columns_that_are_not_understood_are_told(write: Write) -> None:
    found = read(write("a.csv", "no,depth (nm),C,dC,remark\n1,5,0.5,0.1,7\n2,6,0.4,0.1,7\n"))
    assert sorted(found.sweeps[0].columns) == sorted([m.POSITION, m.FRACTION, m.FRACTION_UNCERTAINTY])
    assert found.warnings == ("columns left out, as their headings are not understood: number 5",)
    along_y = read(write("b.csv", "y (um),C\n1,0.5\n2,0.4\n"))
    np.testing.assert_allclose(along_y.sweeps[0].columns[m.POSITION], [1e-6, 2e-6])


def test_labels_and_temperatures_split_and_name_sweeps(write: Write) -> None:
    text = "label,T (°C),b (s/mm2),intensity\nwater,25,0,1\nwater,25,500,0.4\nion,30,0,1\nion,30,500,0.8\n"
    found = read(write("a.csv", text))
    assert [sweep.label for sweep in found.sweeps] == ["water", "ion"]
    assert [sweep.temperature_kelvin for sweep in found.sweeps] == pytest.approx([298.15, 303.15])
    np.testing.assert_allclose(found.sweeps[1].columns[m.B_VALUE], [0, 5e8])


def test_the_nucleus_of_a_decay_is_its_label(write: Write) -> None:
    found = read(write("a.csv", "nucleus,g (T/m),intensity\n7Li,0.1,1\n7Li,0.2,0.5\n"))
    assert [sweep.label for sweep in found.sweeps] == ["7Li"]
    plain = read(write("b.csv", "sweep,g (T/m),intensity\n1,0.1,1\n1,0.2,0.5\n"))
    assert [sweep.label for sweep in plain.sweeps] == [""]


def test_tables_below_each_other_are_sweeps(write: Write) -> None:
    found = read(write("a.csv", "depth (um),C\n1,0.5\n2,0.4\n\ndepth (um),C\n1,0.3\n3,0.2\n"))
    assert [sweep.columns[m.FRACTION].tolist() for sweep in found.sweeps] == [[0.5, 0.4], [0.3, 0.2]]
    assert [sweep.label for sweep in found.sweeps] == ["1", "2"]


def test_rows_with_gaps_go_with_a_warning(write: Write) -> None:
    found = read(write("a.csv", "depth (um),C,error\n1,0.5,0.1\n2,,0.1\n3,0.4,0.1\n"))
    assert found.sweeps[0].columns[m.FRACTION].tolist() == [0.5, 0.4]
    assert found.warnings == ("1 of 3 rows left out: a number is missing",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "depth,6Li,7Li\n1,2,3\n2,3,4\n",
            r"a.csv:1: no unit is stated for the position: write e.g. 'depth \(nm\)'",
        ),
        (
            "depth (nm),6Li,7Li\n1,2,3\n2,-3,4\n",
            "a.csv:3: the counts of 6Li are -3: counts cannot be negative",
        ),
        (
            "depth (nm),6Li,7Li\n1,2,3\n2,3,4.5\n",
            "a.csv:3: the counts of 7Li are 4.5, not a whole number.*fraction",
        ),
        ("depth (nm),6Li,7Li\n1,2,3\n3,3,4\n2,3,4\n", "a.csv:4: the position 2e-09 m does not increase"),
        (
            "x (um),y (um),6Li\n0,0,1\n1,0,2\n",
            "a.csv:1: a table of pixels with x and y: save the image as .npz",
        ),
        ("time (s),6Li,7Li\n1,2,3\n1,3,4\n", "a.csv:3: the sputter time 1 s does not increase"),
        ("depth (nm),6Li (cps),7Li (cps)\n1,2,3\n2,3,4\n", "a.csv:1: 6Li is given as counts per second"),
        ("depth (nm),C\n1,95\n2,50\n", r"a.csv:2: isotope_fraction is 95: .* write 'fraction \(%\)'"),
        (
            "depth (nm),C,error\n1,0.9,0\n2,0.5,0.1\n",
            "a.csv:2: isotope_fraction_uncertainty is 0: .* larger than zero",
        ),
        ("g (%),intensity\n5,1\n95,0.4\n", "a.csv:1: the gradient is in % of a maximum"),
        ("gradient,intensity\n5,1\n95,0.4\n", "a.csv:1: no unit is stated for the gradient strength"),
        ("b (s/m2),intensity\n-5,1\n95,0.4\n", "a.csv:2: .* a b-value is not negative"),
        (
            "g (T/m),delta (ms),Delta (ms),I\n1,20,4,1\n2,20,4,0.5\n",
            "a.csv:2: the diffusion time .* is shorter",
        ),
        (
            "g (T/m),delta (ms),I\n1,0,1\n2,0,0.5\n",
            "a.csv:2: gradient_pulse_second is 0: a time is larger than zero",
        ),
    ],
)
def test_bad_tables(text: str, words: str, write: Write) -> None:
    with pytest.raises(ReadError, match=words):
        read(write("a.csv", text))


@pytest.mark.parametrize(
    ("technique", "text", "words"),
    [
        (
            "tracer",
            "f,Z',Z''\n1000,5,-1\n100,6,-2\n10,7,-1\n",
            r"this is an impedance spectrum \(delimited\), the study says tracer",
        ),
        (
            "impedance",
            "depth (nm),C\n1,0.9\n2,0.5\n",
            r"this is a tracer profile or image \(delimited\), the study says impedance",
        ),
        ("nmr", "depth (nm),C\n1,0.9\n2,0.5\n", "this is a tracer profile or image .* the study says nmr"),
        (
            "tracer",
            "depth (nm),amount\n1,0.9\n2,0.5\n",
            r"a.csv:2: of the headings 'depth \(nm\)', 'amount' too few",
        ),
        ("nmr", "1,0.9\n2,0.5\n", r"a.csv:1: no headings: an echo decay needs"),
    ],
)
def test_the_study_says_otherwise(technique: str, text: str, words: str, write: Write) -> None:
    with pytest.raises(ReadError, match=words):
        read(write("a.csv", text), technique)


def test_a_table_of_both_kinds_is_what_the_study_says(write: Write) -> None:
    path = write("a.csv", "depth (nm),C,g (T/m),intensity\n1,0.9,0.1,1\n2,0.5,0.2,0.5\n")
    assert read(path, "nmr").technique == "nmr"
    assert read(path, "tracer").technique == "tracer"


def test_the_published_profile_of_oxygen(shared_data: Path) -> None:
    path = next((shared_data / "diffusion" / "tracer_profiles").glob("*.csv"))
    found = read(path, "tracer")
    columns = found.sweeps[0].columns
    assert (found.technique, columns[m.POSITION].size) == ("tracer", 30)
    assert columns[m.POSITION][[0, -1]] == pytest.approx([2.122e-6, 2.18472e-4])
    assert columns[m.FRACTION][[0, -1]] == pytest.approx([0.015616, 0.00016])
