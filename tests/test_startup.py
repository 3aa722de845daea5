"""Starting is instant: gates on the import and on the command's help."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

HEAVY = (
    "numpy",
    "scipy",
    "pandas",
    "pint",
    "pydantic",
    "xarray",
    "dask",
    "numba",
    "sqlalchemy",
    "rich",
    "zarr",
)


def seconds(*arguments: str) -> float:
    """Wall time of a Python process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=os.environ.copy())
    return time.perf_counter() - start


def test_import_is_light() -> None:
    code = f"import sys, ionscape; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_help_is_light() -> None:
    code = (
        "import sys; from ionscape.cli import main\n"
        "try: main(['--help'])\n"
        f"finally: print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip().endswith("[]")


def test_checking_a_study_needs_no_solver() -> None:
    """What is imported to see whether a study is right: all techniques, their fields and options."""
    code = (
        "import sys\n"
        "from ionscape.core.registry import technique, technique_names\n"
        "for name in technique_names(): technique(name)\n"
        "print([m for m in ('scipy', 'numba', 'skimage', 'nmrglue') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_import_takes_less_than_0_3_s() -> None:
    bare = statistics.median(seconds("-c", "pass") for _ in range(3))
    assert statistics.median(seconds("-c", "import ionscape") for _ in range(3)) < max(0.3, 3 * bare)


def test_help_takes_less_than_0_5_s() -> None:
    bare = statistics.median(seconds("-c", "pass") for _ in range(3))
    help_ = statistics.median(seconds("-m", "ionscape", "--help") for _ in range(3))
    assert help_ < max(0.5, 6 * bare)  # on a machine so busy that Python alone is slow, the ratio counts
