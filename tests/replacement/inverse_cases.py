"""Generated profiles for the tests of the inverse, by another method than its own (scipy's BDF, even cells).

The truths, the errors that a laboratory makes and the fit of one replicate are those of
``verify/replacement_coverage.py``, which also draws them by the hundred.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType


@lru_cache(maxsize=1)
def coverage() -> ModuleType:
    """The module ``verify/replacement_coverage.py``."""
    name = "verify_replacement_coverage"
    path = Path(__file__).parents[2] / "verify" / "replacement_coverage.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
