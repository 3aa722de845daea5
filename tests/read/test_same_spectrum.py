"""One spectrum, saved by many instruments' programs: every reader must return the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ionscape.read import biologic_mpt, dfr, ivium_i2b, ivium_idf, p00, palmsens

READERS = {
    "data.mpt": (biologic_mpt, 1e-6),
    "data-metadata.mpt": (biologic_mpt, 1e-6),
    "case-multiple-spectra.mpt": (biologic_mpt, 1e-6),
    "data.idf": (ivium_idf, 1e-5),
    "data.ids": (ivium_idf, 1e-5),
    "data.i2b": (ivium_i2b, 1e-15),
    "data.pssession": (palmsens, 1e-12),
    "data.P00": (p00, 2e-3),
    "data.dfr": (dfr, 1e-15),
}


@pytest.mark.parametrize("name", READERS)
def test_same_numbers(shared_data: Path, name: str) -> None:
    folder = shared_data / "eis" / "formats_pyimpspec"
    truth = np.loadtxt(folder / "data-comma.csv", delimiter=",", skiprows=1)
    module, rtol = READERS[name]
    content = (folder / name).read_bytes()
    others = [other for other, _ in READERS.values() if other is not module]
    assert module.recognises(content[:65536], "x")
    assert not any(other.recognises(content[:65536], "x") for other in others)
    first = module.read(folder / name, content).sweeps[0]
    np.testing.assert_allclose(first.frequency, truth[:, 0], rtol=rtol)
    np.testing.assert_allclose(first.impedance.real, truth[:, 1], rtol=rtol)
    np.testing.assert_allclose(first.impedance.imag, truth[:, 2], rtol=rtol)
