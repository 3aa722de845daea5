"""Bad input: one clear sentence with file and line for each, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ionscape.core.errors import InputError
from ionscape.core.estimate import correlation
from ionscape.study import StudyErrors, load_study

MakeStudy = Callable[..., Path]


@pytest.fixture
def errors(make_study: MakeStudy, study_text: str) -> Callable[..., list[str]]:
    """The error lines of the toy study after a change of its text."""

    def of(*changes: tuple[str, str]) -> list[str]:
        text = study_text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        with pytest.raises(StudyErrors) as caught:
            load_study(make_study(text))
        lines: list[str] = caught.value.lines()
        return lines

    return of


def test_a_right_study_is_understood(make_study: MakeStudy) -> None:
    study = load_study(make_study())
    assert study.title == "Toy"
    assert [f.name for f in study.measurements["spectra"].files] == [f"s-{t}degC.csv" for t in range(30, 34)]
    assert [f.temperature.values[0] for f in study.measurements["spectra"].files] == pytest.approx(
        [303.15, 304.15, 305.15, 306.15]
    )
    assert study.analyses["mean"].needs == ("arcs",)
    assert study.analyses["mean"].sample == "pellet"


# ---- the sentences ----------------------------------------------------------------------------------
Change = tuple[str, str]
ONE_ERROR: list[tuple[str, Change, str]] = [
    ("wrong unit", ("2.00 ± 0.02 mm", "0.21 S/cm"),
     "toy.yaml:4: samples.pellet.thickness: expected a length, got '0.21 S/cm'"),
    ("no unit", ("2.00 ± 0.02 mm", "2"),
     "toy.yaml:4: samples.pellet.thickness: expected a length, got '2' without a unit"),
    ("unknown unit", ("2.00 ± 0.02 mm", "2 mmm"), "toy.yaml:4: samples.pellet.thickness: unknown unit 'mmm'"),
    ("decimal comma", ("2.00 ± 0.02 mm", "2,5 mm"),
     "toy.yaml:4: samples.pellet.thickness: expected a length, "
     "got '2,5 mm' (write the decimal mark as a point)"),
    ("nothing there", ("2.00 ± 0.02 mm", ""),
     "toy.yaml:4: samples.pellet.thickness: is empty: give a value, or remove the key"),
    ("zero thickness", ("2.00 ± 0.02 mm", "0 mm"),
     "toy.yaml:4: samples.pellet.thickness: must be larger than zero, got '0 mm'"),
    ("negative thickness", ("2.00 ± 0.02 mm", "-2 mm"),
     "toy.yaml:4: samples.pellet.thickness: must be larger than zero, got '-2 mm'"),
    ("thickness in metres", ("2.00 ± 0.02 mm", "2 m"),
     "toy.yaml:4: samples.pellet.thickness: '2 m' lies outside 1 nm to 10 cm: check the number and its unit; "
     "if it is so, add 'sure: [thickness]' to the sample"),
    ("uncertainty larger than the value", ("2.00 ± 0.02 mm", "2 ± 3 mm"),
     "toy.yaml:4: samples.pellet.thickness: the uncertainty in '2 ± 3 mm' is more than half"),
    ("misspelt key", ("thickness:", "thicknes:"),
     "toy.yaml:4: samples.pellet.thicknes: unknown key: did you mean 'thickness'?"),
    ("missing file", ("data/*.csv", "data/s-3OdegC.csv"),
     "toy.yaml:10: measurements.spectra.files: no file matches "
     "'data/s-3OdegC.csv': did you mean 's-3"),
    ("missing folder", ("data/*.csv", "dat/*.csv"),
     "toy.yaml:10: measurements.spectra.files: there is no folder 'dat': did you mean 'data'?"),
    ("no files key", ("    files: data/*.csv\n", ""),
     "toy.yaml:7: measurements.spectra: the key 'files' is missing"),
    ("unknown technique", ("technique: toy", "technique: toi"),
     "toy.yaml:8: measurements.spectra.technique: no technique 'toi': did you mean 'toy'?"),
    ("unknown sample", ("sample: pellet", "sample: pelet"),
     "toy.yaml:9: measurements.spectra.sample: no sample 'pelet': did you mean 'pellet'?"),
    ("temperature without unit", ("from name", "140"),
     "toy.yaml:11: measurements.spectra.temperature: 140 has no unit: write '140 degC' or '140 K'"),
    ("25 K for 25 degC", ("from name", "25 K"),
     "toy.yaml:11: measurements.spectra.temperature: 25 K is -248 °C: did you mean 25 degC?; "
     "if it is so, add 'sure: [temperature]' to the measurement"),
    ("K written as degC", ("from name", "298.15 degC"),
     "toy.yaml:11: measurements.spectra.temperature: '298.15 degC' looks like kelvin: did you mean "
     "298.15 K?"),
    ("K written as degC, against the name", ("from name", "303.15 °C"), "looks like kelvin"),
    ("degC written as K, against the name", ("from name", "[303 degC, 304 degC, 305 degC, 306 degC]"),
     "toy.yaml:11: measurements.spectra.temperature: '303 degC' and the name 's-30degC.csv' (30 °C) "
     "differ by the "
     "273 K between kelvin and °C"),
    ("below absolute zero", ("from name", "-300 degC"), "'-300 degC' is at or below absolute zero"),
    ("list of the wrong length", ("from name", "[30 degC, 31 degC]"),
     "toy.yaml:11: measurements.spectra.temperature: 2 temperatures for 4 files"),
    ("misspelt source", ("from name", "from nam"),
     "expected 'from name', 'from file' or a temperature, got 'from nam'"),
    ("uncertainty with a wrong unit", ("_uncertainty: 1 K", "_uncertainty: 1 mm"),
     "toy.yaml:12: measurements.spectra.temperature_uncertainty: expected a temperature difference"),
    ("unknown analysis", ("toy.plateau", "toy.plato"),
     "toy.yaml:14: analyses.arcs.use: no analysis 'toy.plato': did you mean 'toy.plateau'?"),
    ("unknown technique of an analysis", ("toy.plateau", "tor.plateau"),
     "toy.yaml:14: analyses.arcs.use: no technique 'tor': did you mean 'toy'?"),
    ("unknown measurement", ("on: spectra", "on: spectrum"),
     "toy.yaml:14: analyses.arcs.on: no measurement 'spectrum': did you mean 'spectra'?"),
    ("unknown option", ("on: spectra", "on: spectra, gian: 2"),
     "toy.yaml:14: analyses.arcs.gian: unknown key: did you mean 'gain'?"),
    ("option of a wrong type", ("on: spectra", "on: spectra, gain: much"),
     "toy.yaml:14: analyses.arcs.gain: expected a number, got 'much'"),
    ("option of a wrong choice", ("on: spectra", "on: spectra, weights: unti"),
     "toy.yaml:14: analyses.arcs.weights: expected 'modulus' or 'unit', got 'unti': did you mean 'unit'?"),
    ("no measurement", (", on: spectra", ""), "toy.yaml:14: analyses.arcs: the key 'on' is missing"),
    ("unknown result", ("on: arcs.", "on: arc."),
     "toy.yaml:15: analyses.mean.on: no analysis 'arc': did you mean 'arcs'?"),
    ("unknown quantity", ("arcs.conductivity_total", "arcs.conductivity_totl"),
     "toy.yaml:15: analyses.mean.on: "
     "toy.plateau gives no 'conductivity_totl': did you mean 'conductivity_total'?"),
    ("wrong dimension", ("arcs.conductivity_total", "arcs.resistance_total"),
     "toy.yaml:15: analyses.mean.on: "
     "expected a conductivity, 'arcs.resistance_total' is a resistance"),
    ("no quantity", ("arcs.conductivity_total", "arcs"),
     "toy.yaml:15: analyses.mean.on: say which quantity of arcs: "
     "arcs.resistance_*, arcs.conductivity_total"),
    ("measurement for a result", ("arcs.conductivity_total", "spectra"),
     "'spectra' is a measurement: this needs the result of an analysis"),
    ("stated value of a wrong dimension", ("arcs.conductivity_total", "1 ohm"),
     "toy.yaml:15: analyses.mean.on: expected a conductivity, got '1 ohm'"),
    ("circle", ("arcs.conductivity_total", "mean.mean"),
     "toy.yaml:15: analyses.mean: needs its own result: mean -> mean"),
    ("no analyses", ("analyses:\n", "analyses: {}\nanalises:\n"),
     "toy.yaml:14: analises: unknown key: did you mean"),
    ("excluded too much", ("temperature: from name", "exclude: data/*.csv"),
     "toy.yaml:11: measurements.spectra.exclude: leaves no file"),
    ("excluded what is not there", ("temperature: from name", "exclude: s-39degC.csv"),
     "toy.yaml:11: measurements.spectra.exclude: 's-39degC.csv' is none of the files: did you mean 's-3"),
    ("both diameter and area", ("    area:", "    diameter: 8 mm\n    area:"),
     "toy.yaml:6: samples.pellet.area: give either diameter or area, not both"),
    ("no formula", ("    area:", "    formula: Li7Zz\n    area:"),
     "toy.yaml:5: samples.pellet.formula: there is no element 'Zz'"),
    ("no ion", ("    area:", "    carrier: Li\n    area:"),
     "toy.yaml:5: samples.pellet.carrier: expected an ion such as 'Li+' or 'O2-', got 'Li': did you mean "
     "'Li+'?"),
    ("carrier not in the formula", ("    area:", "    carrier: Na+\n    formula: LiF\n    area:"),
     "toy.yaml:5: samples.pellet.carrier: Na is not in the formula LiF"),
    ("the sign of an exponent", ("    area:", "    carrier_density: 5.0e-21 cm^-3\n    area:"),
     "toy.yaml:5: samples.pellet.carrier_density: '5.0e-21 cm^-3' lies outside 1e10 to 3e23 cm^-3"),
    ("porosity in percent without the sign", ("    area:", "    porosity: 10\n    area:"),
     "toy.yaml:5: samples.pellet.porosity: must be between 0 and 1"),
    ("own field of the technique", ("technique: toy", "technique: toy\n    amplitude: big"),
     "toy.yaml:9: measurements.spectra.amplitude: expected a number, got 'big'"),
    ("a name with a dot", ("  arcs:", "  ar.cs:"),
     "toy.yaml:14: analyses.ar.cs: a name starts with a letter"),
    ("twice the same key", ("    area: 0.5", "    thickness: 1 mm\n    area: 0.5"),
     "toy.yaml:5: samples.pellet.thickness: stands twice (first at line 4): remove one"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), [case[1:] for case in ONE_ERROR], ids=[c[0] for c in ONE_ERROR])
def test_a_wrong_study_is_told_where_and_what(
    errors: Callable[..., list[str]], change: Change, said: str
) -> None:
    assert any(said in line for line in errors(change))


def test_all_errors_at_once_sorted_by_line_and_no_error_that_follows_from_another(
    errors: Callable[..., list[str]],
) -> None:
    found = errors(("2.00 ± 0.02 mm", "2 S"), ("from name", "25"), ("on: arcs.", "on: arx."))
    assert [line.split(" ")[0] + " " + line.split(" ")[1] for line in found] == [
        "toy.yaml:4: samples.pellet.thickness:",
        "toy.yaml:11: measurements.spectra.temperature:",
        "toy.yaml:15: analyses.mean.on:",
    ]


def test_a_name_without_a_temperature(make_study: MakeStudy) -> None:
    path = make_study()
    (path.parent / "data" / "300.csv").write_text("x", "utf-8")
    with pytest.raises(StudyErrors, match=r"toy.yaml:11: .*no temperature with a unit in the name '300.csv'"):
        load_study(path)


def test_a_circle_of_two(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("arcs.conductivity_total", "other.mean")
    text += "  other: { use: toy.average, on: mean.mean }\n"
    with pytest.raises(
        StudyErrors, match=r"needs its own result: (mean -> other -> mean|other -> mean -> other)"
    ):
        load_study(make_study(text))


def test_what_is_not_a_study_file(tmp_path: Path) -> None:
    (tmp_path / "llto.yaml").write_text("study: x", "utf-8")
    with pytest.raises(InputError, match=r"no such study file \(there is llto.yaml\)"):
        load_study(tmp_path / "lto.yaml")
    with pytest.raises(InputError, match="is a folder"):
        load_study(tmp_path)
    (tmp_path / "data.yaml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not a text in UTF-8"):
        load_study(tmp_path / "data.yaml")


# ---- what a right study means -----------------------------------------------------------------------
def test_sure_lets_the_unusual_pass(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("2.00 ± 0.02 mm", "20 cm\n    sure: [thickness]")
    text = text.replace("from name", "25 K\n    sure: [temperature]")
    study = load_study(make_study(text))
    assert study.samples["pellet"].thickness is not None
    assert study.samples["pellet"].thickness.value == pytest.approx(0.2)
    assert study.measurements["spectra"].files[0].temperature.values == (25.0,)


def test_calibration_is_shared_and_scatter_is_not(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("temperature_uncertainty: 1 K", "temperature_uncertainty: 1 K\n"
                              "    temperature_scatter: 0.5 K")  # fmt: skip
    rules = [f.temperature for f in load_study(make_study(text)).measurements["spectra"].files]
    a, b = (rule.estimate(rule.values[0], 0, f"item {i}") for i, rule in enumerate(rules[:2]))
    assert a.standard_uncertainty == pytest.approx(1.25**0.5, rel=1e-3)
    assert correlation(a, b) == pytest.approx(1 / 1.25)


def test_a_mapping_gives_each_file_its_temperature(make_study: MakeStudy, study_text: str) -> None:
    files = ", ".join(f"s-{30 + i}degC.csv: {30 + i} ± {i} degC" for i in range(4))
    study = load_study(make_study(study_text.replace("from name", f"{{{files}}}")))
    rules = [f.temperature for f in study.measurements["spectra"].files]
    assert [rule.uncertainties for rule in rules] == [(0.0,), (1.0,), (2.0,), (3.0,)]
    bad = study_text.replace("from name", "{s-30degC.csv: 30 degC, s-99degC.csv: 99 degC}")
    with pytest.raises(StudyErrors, match=r"s-99degC.csv: no such file(.|\n)*") as caught:
        load_study(make_study(bad))
    assert any("no temperature for the file 's-31degC.csv'" in line for line in caught.value.lines())


def test_what_is_left_unsaid_is_noted(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("2.00 ± 0.02 mm", "2 mm").replace("    temperature_uncertainty: 1 K\n", "")
    warnings = load_study(make_study(text)).warnings
    assert any(w.startswith("thickness of pellet stated without an uncertainty") for w in warnings)
    assert any(w.startswith("temperature of spectra stated without an uncertainty") for w in warnings)


def test_files_are_in_natural_order_and_counted_once(make_study: MakeStudy, study_text: str) -> None:
    path = make_study(study_text.replace("data/*.csv", "[data/s-9*.csv, data/*.csv]"), spectra=2)
    for name in ("s-100degC", "s-90degC", "s-9degC"):
        (path.parent / "data" / f"{name}.csv").write_bytes(
            (path.parent / "data" / "s-30degC.csv").read_bytes()
        )
    names = [f.name for f in load_study(path).measurements["spectra"].files]
    assert names == ["s-9degC.csv", "s-90degC.csv", "s-30degC.csv", "s-31degC.csv", "s-100degC.csv"]


def test_a_stated_value_can_stand_for_a_result(make_study: MakeStudy, study_text: str) -> None:
    text = study_text.replace("arcs.conductivity_total", "[arcs.conductivity_total, 3.0(2)e-4 S/cm]")
    stated = load_study(make_study(text)).analyses["mean"].inputs["on"][1].stated
    assert stated is not None
    assert (stated.value, stated.standard_uncertainty) == pytest.approx((0.03, 0.002))
