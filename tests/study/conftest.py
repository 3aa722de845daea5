"""A tiny technique, installed as a third party's would be, and studies that use it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ionscape.core import registry
from ionscape.study import cache as cache_module

_HELPER = "def factor() -> float:\n    return 1.0\n"
_PIECES = """
from dataclasses import dataclass
from ionscape.core.serial import storable

@storable
@dataclass(frozen=True)
class Plateau:
    ohm: float
"""
_SPEC = """
import os
import time
from pathlib import Path

import numpy as np
from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import measured
from ionscape.core.outcome import Failure, Outcome, Row
from ionscape.core.quantity import dimension_of
from ionscape.core.registry import Analysis, Technique
from pydantic import BaseModel, ConfigDict
from typing import Literal

class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    gain: float = 1.0
    weights: Literal["modulus", "unit"] = "modulus"
    delay: float = 0.0
    deadly: str = ""

class SlipOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    slip: str = ""

class NoOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

class FileOptions(NoOptions):
    log_file: str = ""
    steps: list[dict[str, str]] = []

class Fields(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    amplitude: float = 0.01
    log_file: str = ""

def plateau(item, sample, options):
    from toy_technique.helper import factor
    from toy_technique.pieces import Plateau
    time.sleep(options.delay)
    log = os.environ.get("TOY_LOG")
    if log:
        with open(log, "a") as file:
            file.write(item.label + "\\n")
    if options.deadly and item.label == options.deadly:
        os._exit(1)  # as the system's killer does
    z = item.sweep.impedance
    if not np.all(np.isfinite(z)):
        raise AnalysisError("some points are not numbers")
    if z.real.max() > 1e9:
        raise ZeroDivisionError("a bug")
    return Plateau(float(z.real.mean()) * options.gain * factor())

def plateau_of(item, sample, options):
    from toy_technique.pieces import Plateau
    return Plateau(float(item.sweep.impedance.real.mean()))

def combine(series, options):
    if options.deadly == "all":
        os._exit(1)
    rows, failures = [], []
    geometry = series.sample.thickness is not None and series.sample.area is not None
    for label, temperature, source, piece in zip(
        series.labels, series.temperatures, series.item_sources, series.pieces, strict=True
    ):
        if isinstance(piece, Failure):
            failures.append(piece)
            continue
        resistance = measured(piece.ohm, 0.01 * piece.ohm, dimension_of("ohm"), source=source)
        rows.append(Row("resistance_total", resistance, temperature, label))
        if geometry:
            sigma = series.sample.thickness / (resistance * series.sample.area)
            rows.append(Row("conductivity_total", sigma, temperature, label))
    return Outcome(rows=tuple(rows), failures=tuple(failures), findings=(f"{len(rows)} rows",))

def average(series, options):
    rows = series.inputs["on"]
    noise = np.random.default_rng(series.seed).normal()
    total = rows[0].estimate
    for row in rows[1:]:
        total = total + row.estimate
    return Outcome(rows=(Row("mean", total / len(rows)), Row("luck", measured(noise, 0.1, source="luck"))))

def compared(series, options):
    rows = series.inputs.get("with_value", ())
    words = [f"{r.estimate.value:g} at {r.temperature.value if r.temperature else 0:g} K" for r in rows]
    gains = ", ".join(f"{label} {fields.amplitude:g}" for label, fields in zip(series.labels, series.fields))
    return Outcome(findings=(f"{len(series.pieces)} pieces, compared with {words}", gains))

def defaulted(series, options):
    rows = series.inputs.get("with_value", ())
    logged = Path(options.log_file).read_text().strip() if options.log_file else ""
    fields = [Path(f.log_file).read_text().strip() for f in series.fields if f.log_file]
    steps = [Path(s["inner_file"]).read_text().strip() for s in options.steps]
    values = ", ".join(f"{r.estimate.value:.3g}" for r in rows)
    words = f"{logged} {fields} {steps} {series.sample.name}"
    return Outcome(findings=(f"{len(rows)} rows: {values}", words))

def refuses(series, options):
    raise AnalysisError("nothing here to average")

def slips(series, options):
    ok = Row("mean", measured(1.0, 0.1, dimension_of("S/m"), source="x"), unit="S/cm")
    if options.slip == "citation":
        return Outcome(rows=(ok,), citations=("Nobody1900",))
    if options.slip == "arrays":
        return Outcome(rows=(ok,), arrays={"x/y": np.ones(2), "x": np.ones(2)})
    if options.slip == "unit":
        return Outcome(rows=(Row("mean", ok.estimate, unit="ohm"),))
    return Outcome(rows=(ok,), citations=("Toy2020",), arrays={"x/y": np.ones(2), "x/z": np.ones(2)})

def crashes(series, options):
    return {}["missing"]

TECHNIQUE = Technique(
    "toy", "A technique for tests.", package="toy_technique", measurement=Fields, reads="impedance",
    references="@article{Toy2020,\\n  author = {T. Oy},\\n  title = {Toys},\\n  year = {2020}\\n}\\n",
    analyses=(
        Analysis("toy.plateau", "Mean resistance.", Options, combine, each=plateau,
                 outputs={"resistance_*": "ohm", "conductivity_total": "S/m"}),
        Analysis("toy.average", "Mean of conductivities.", NoOptions, average, inputs=("on",),
                 input_dimensions={"on": "S/m"}, outputs={"mean": "S/m", "luck": "1"}),
        Analysis("toy.compared", "Pieces beside a value.", NoOptions, compared, each=plateau_of,
                 optional_inputs=("with_value",), measures=True, input_dimensions={"with_value": "S/m"}),
        Analysis("toy.defaulted", "Takes what there is.", FileOptions, defaulted, each=plateau_of,
                 optional_inputs=("with_value", "other_value"), measures=True,
                 input_dimensions={"with_value": "S/m", "other_value": "S/m"},
                 default_inputs={"with_value": ("toy.plateau", "conductivity_total")},
                 alternatives=(("with_value", "other_value"),)),
        Analysis("toy.lone", "Needs a sample only.", FileOptions, defaulted, optional_inputs=("with_value",),
                 measures=False, one_sample=True, input_dimensions={"with_value": "S/m"},
                 default_inputs={"with_value": ("toy.plateau", "conductivity_total")}),
        Analysis("toy.slips", "Gives what cannot be written.", SlipOptions, slips, inputs=("on",),
                 outputs={"mean": "S/m"}),
        Analysis("toy.refuses", "Always refuses.", NoOptions, refuses, inputs=("on",),
                 outputs={"mean": "S/m"}),
        Analysis("toy.crashes", "Has a bug.", NoOptions, crashes, inputs=("on",), outputs={"mean": "S/m"}),
    ),
)
"""

STUDY = """\
study: Toy
samples:
  pellet:
    thickness: 2.00 ± 0.02 mm
    area: 0.5 ± 0.01 cm^2
measurements:
  spectra:
    technique: toy
    sample: pellet
    files: data/*.csv
    temperature: from name
    temperature_uncertainty: 1 K
analyses:
  arcs: { use: toy.plateau, on: spectra }
  mean: { use: toy.average, on: arcs.conductivity_total }
"""


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the path of this and of child processes that holds the technique ``toy``."""
    site = tmp_path_factory.mktemp("site")
    package, info = site / "toy_technique", site / "toy_technique-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    for name, text in (("__init__", ""), ("helper", _HELPER), ("pieces", _PIECES), ("spec", _SPEC)):
        (package / f"{name}.py").write_text(text, "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-technique\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[ionscape.techniques]\ntoy = toy_technique.spec:TECHNIQUE\n", "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.setenv("PYTHONPATH", str(site))
        importlib.invalidate_caches()
        _forget()
        yield site
    _forget()
    for name in [name for name in sys.modules if name.split(".")[0] == "toy_technique"]:
        del sys.modules[name]


def _forget() -> None:
    for known in (registry.technique_names, registry.technique, registry.analysis):
        known.cache_clear()
    forget_source()


def forget_source() -> None:
    """Look at the source of the packages again."""
    cache_module.code_hash.cache_clear()
    cache_module.source_hash.cache_clear()


@pytest.fixture
def study_text() -> str:
    """The study that ``make_study`` writes."""
    return STUDY


@pytest.fixture
def edit_helper(toy_site: Path) -> Iterator[Callable[[str], None]]:
    """Changes a module that the toy's analyses import, as a developer would."""
    helper = toy_site / "toy_technique" / "helper.py"

    def edit(text: str) -> None:
        helper.write_text(_HELPER + text, "utf-8")
        forget_source()

    yield edit
    edit("")


def write_spectrum(path: Path, ohm: float, points: int = 12) -> None:
    """A spectrum of a resistor and a capacitor in parallel (synthetic)."""
    frequency = np.logspace(6, 0, points)
    z = ohm / (1 + 2j * np.pi * frequency * ohm * 1e-9)
    lines = [f"{f:.6e},{v.real:.9e},{v.imag:.9e}" for f, v in zip(frequency, z, strict=True)]
    path.write_text("frequency / Hz,Re(Z) / Ohm,Im(Z) / Ohm\n" + "\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def make_study(toy_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a study with some spectra at 30, 31, ... degC and gives the study file's path."""
    assert toy_site.is_dir()
    monkeypatch.delenv("IONSCAPE_CACHE", raising=False)  # each test has a cache of its own, beside its study

    def make(text: str = STUDY, spectra: int = 4, folder: str = "study") -> Path:
        place = tmp_path / folder
        (place / "data").mkdir(parents=True, exist_ok=True)
        for i in range(spectra):
            write_spectrum(place / "data" / f"s-{30 + i}degC.csv", 1000.0 + i)
        path = place / "toy.yaml"
        path.write_text(text, "utf-8")
        return path

    return make
