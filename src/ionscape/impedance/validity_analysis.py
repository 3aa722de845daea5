"""The analysis ``impedance.validity``: a Kramers-Kronig verdict for every spectrum."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.core.errors import AnalysisError
from ionscape.core.estimate import measured
from ionscape.core.outcome import Failure, Outcome, Row, Table
from ionscape.core.registry import Item, Series
from ionscape.core.sample import Sample
from ionscape.core.serial import storable
from ionscape.impedance.figures import Curve, residuals
from ionscape.impedance.fit_each import spectrum_of
from ionscape.impedance.fit_words import temperature_text
from ionscape.impedance.kramers_kronig import KramersKronig, validity
from ionscape.impedance.options import ValidityOptions
from ionscape.impedance.residual_tests import Drift, Structure

for _stored in (KramersKronig, Drift, Structure):
    storable(_stored)

CITATIONS = ("boukamp1995", "schonleber2014")


def test_one(item: Item, sample: Sample, options: Any) -> KramersKronig:  # noqa: ARG001 - the registry's signature
    """Test one spectrum.

    Raises
    ------
    InputError
        If the sweep is no usable spectrum.
    AnalysisError
        If there are too few points for the test.
    """
    assert isinstance(options, ValidityOptions)
    f, z = spectrum_of(item.sweep, options)
    return validity(f, z, tolerance=options.tolerance, noise_limit=options.noise_limit)


def verdicts_of_study(series: Series, options: Any) -> Outcome:  # noqa: ARG001
    """Verdict, noise and drift of every spectrum.

    Raises
    ------
    AnalysisError
        If no spectrum could be tested.
    """
    tests = {i: piece for i, piece in enumerate(series.pieces) if isinstance(piece, KramersKronig)}
    failures = tuple(piece for piece in series.pieces if isinstance(piece, Failure))
    if not tests:
        reason = failures[0].reason if failures else "there is no spectrum"
        raise AnalysisError(f"no spectrum could be tested: {reason}")
    return Outcome(
        rows=tuple(row for i, test in tests.items() for row in _rows(i, test, series)),
        findings=_findings(tests, series),
        warnings=tuple(
            f"{_where(i, series)}: {test.verdict}; {'; '.join(test.reasons)}"
            for i, test in tests.items()
            if test.verdict in ("drifting", "invalid")
        ),
        failures=failures,
        figures=(residuals(_curves(tests, series), title="Kramers-Kronig residuals",
                           against="the Kramers-Kronig-compliant model"),),
        tables=(_table(tests, series),),
        arrays=_arrays(tests, series.labels),
        citations=CITATIONS,
    )  # fmt: skip


def _rows(i: int, test: KramersKronig, series: Series) -> list[Row]:
    source, t, label = series.item_sources[i], series.temperatures[i], series.labels[i]
    freedom = max(2 * (2 * test.frequency.size - test.n_elements), 2)
    noise = measured(test.noise, test.noise / math.sqrt(freedom), source=f"{source}#noise")
    drift = measured(test.drift.fraction, test.drift.fraction_sd, source=f"{source}#drift")
    return [Row("noise", noise, t, label), Row("drift", drift, t, label)]


def _where(i: int, series: Series) -> str:
    return temperature_text(series.temperatures[i]) or series.labels[i]


def _findings(tests: Mapping[int, KramersKronig], series: Series) -> tuple[str, ...]:
    counts = Counter(test.verdict for test in tests.values())
    text = f"{counts['valid']} of {len(series.pieces)} spectra pass the Kramers-Kronig test"
    others = [f"{count} {verdict}" for verdict, count in counts.items() if verdict != "valid"]
    untested = len(series.pieces) - len(tests)
    others += [f"{untested} could not be tested"] if untested else []
    text += f"; {', '.join(others)}." if others else "."
    worst = max(tests, key=lambda i: tests[i].noise)
    noise = [100 * test.noise for test in tests.values()]
    return (text, f"Noise of |Z|: median {np.median(noise):.2g} %, largest {max(noise):.2g} % "
                  f"({_where(worst, series)}).")  # fmt: skip


def _curves(tests: Mapping[int, KramersKronig], series: Series) -> list[Curve]:
    order = sorted(tests, key=lambda i: t.value if (t := series.temperatures[i]) is not None else i)
    return [
        Curve(
            series.labels[i],
            t.value if (t := series.temperatures[i]) is not None else None,
            tests[i].frequency,
            tests[i].impedance,
            tests[i].model,
            None,
            tests[i].residual_real + 1j * tests[i].residual_imaginary,
        )
        for i in order
    ]


def _table(tests: Mapping[int, KramersKronig], series: Series) -> Table:
    head = (
        "Spectrum",
        "Temperature",
        "Verdict",
        "Noise",
        "Systematic",
        "Drift",
        "Holds from [Hz]",
        "to [Hz]",
        "Why",
    )
    rows = []
    for i, test in tests.items():
        low, high = (f"{x:.3g}" for x in test.window) if test.window else ("-", "-")
        rows.append((
            series.labels[i], temperature_text(series.temperatures[i]), test.verdict,
            f"{100 * test.noise:.2g} %", f"{100 * test.systematic:.2g} %",
            f"{100 * test.drift.fraction:+.2g} ± {100 * test.drift.fraction_sd:.1g} %",
            low, high, "; ".join(test.reasons),
        ))  # fmt: skip
    return Table("verdicts", "Kramers-Kronig verdicts", head, tuple(rows),
                 "Systematic: largest local mean residual beyond noise. Passing means that nothing was "
                 "found, not that the sample was stationary.")  # fmt: skip


def _arrays(tests: Mapping[int, KramersKronig], labels: Sequence[str]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for i, test in tests.items():
        group = labels[i].replace("/", "_")
        arrays |= {
            f"{group}/frequency_hertz": test.frequency,
            f"{group}/model_ohm_real": np.ascontiguousarray(test.model.real),
            f"{group}/model_ohm_imaginary": np.ascontiguousarray(test.model.imag),
            f"{group}/relative_residual_real": test.residual_real,
            f"{group}/relative_residual_imaginary": test.residual_imaginary,
            f"{group}/usable": test.usable,
        }
    return arrays
