"""What can be said of a study's data files without computing."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.errors import IonscapeError
from ionscape.core.registry import technique
from ionscape.read import read
from ionscape.study.model import Study
from ionscape.study.tasks import reason_of


def unusable_files(study: Study) -> list[tuple[Path, str]]:
    """Files that no analysis can use, each with the reason."""
    found: list[tuple[Path, str]] = []
    measurements = study.measurements.values()
    files = [(file.path, measurement.technique) for measurement in measurements for file in measurement.files]
    for path, name in dict.fromkeys(files):
        try:
            read(path, technique(name).reads or name)
        except IonscapeError as error:
            found.append((path, reason_of(error)))
    return found
