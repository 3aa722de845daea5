"""The public names of each package load when first used, and each is what it says."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

PACKAGES = ("impedance", "tracer", "nmr", "replacement", "temperature", "consistency")
NAMES = [(package, name) for package in PACKAGES for name in import_module(f"ionscape.{package}").__all__]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_every_public_name_is_the_function_or_class_of_that_name(package: str, name: str) -> None:
    whole = import_module(f"ionscape.{package}")
    for path in Path(str(whole.__file__)).parent.glob("*_analysis.py"):  # whatever was imported before
        import_module(f"ionscape.{package}.{path.stem}")
    found = getattr(whole, name)
    assert found.__doc__
    if not name.isupper():  # a constant has no name of its own
        assert callable(found)
        assert found.__name__ == name


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_name_is_hidden_by_a_module(package: str) -> None:
    whole = import_module(f"ionscape.{package}")
    modules = {path.stem for path in Path(str(whole.__file__)).parent.glob("*.py")}
    assert not modules & set(whole.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'diffusivity'"):
        _ = import_module(f"ionscape.{package}").diffusivity


def test_importing_the_packages_loads_no_numerics() -> None:
    loaded = "[m for m in ('scipy', 'numba', 'skimage') if m in sys.modules]"
    packages = ", ".join(f"ionscape.{package}" for package in PACKAGES)
    code = f"import sys, {packages}; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
