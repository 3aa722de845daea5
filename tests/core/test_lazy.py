"""Public names that load when first used, from the package's own modules and from others."""

from __future__ import annotations

import pytest

from ionscape.core.lazy import lazy_names


def test_a_full_name_reaches_another_package() -> None:
    load, names = lazy_names("ionscape.tracer", {"depth_scale": "ionscape.core.position_scale",
                                                 "propagate": "propagation_1d"})  # fmt: skip
    assert load("depth_scale").__module__ == "ionscape.core.position_scale"
    assert load("propagate").__module__ == "ionscape.tracer.propagation_1d"
    assert names() == ["depth_scale", "propagate"]
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        load("other")
