"""The public names of the package load when first used, and each is what it says."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ionscape import tracer


@pytest.mark.parametrize("name", tracer.__all__)
def test_every_public_name_is_the_function_or_class_of_that_name(name: str) -> None:
    for module in ("boundaries_analysis", "image_fit_analysis"):  # whatever was imported before
        import_module(f"ionscape.tracer.{module}")
    found = getattr(tracer, name)
    assert callable(found)
    assert found.__name__ == name
    assert found.__doc__


def test_no_public_name_is_hidden_by_a_module() -> None:
    modules = {path.stem for path in Path(str(tracer.__file__)).parent.glob("*.py")}
    assert not modules & set(tracer.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'diffusivity'"):
        _ = tracer.diffusivity


def test_importing_the_package_loads_no_numerics() -> None:
    loaded = "[m for m in ('scipy', 'numba', 'skimage') if m in sys.modules]"
    code = f"import sys, ionscape.tracer; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
