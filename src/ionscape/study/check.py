"""What can be said of a study's data files without computing."""

from __future__ import annotations

from pathlib import Path

from ionscape.core.errors import IonscapeError
from ionscape.read import read
from ionscape.study.model import Study
from ionscape.study.tasks import reason_of


def unusable_files(study: Study) -> list[tuple[Path, str]]:
    """Files that no analysis can use, each with the reason."""
    found: list[tuple[Path, str]] = []
    paths = [file.path for measurement in study.measurements.values() for file in measurement.files]
    for path in dict.fromkeys(paths):
        try:
            read(path)
        except IonscapeError as error:
            found.append((path, reason_of(error)))
    return found
