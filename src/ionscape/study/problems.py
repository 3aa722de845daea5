"""All the errors of a study file at once, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ionscape.core.errors import InputError

Place = tuple[str | int, ...]
"""Keys and list indices from the top of the file, e.g. ``("samples", "llto", "thickness")``."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the study file."""

    line: int
    place: str
    message: str


class StudyErrors(InputError):
    """A study file that cannot be run.

    Attributes
    ----------
    file : str
        Name of the study file.
    problems : tuple of Problem
        Sorted by line.
    """

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file, self.problems = file, tuple(sorted(set(problems)))
        super().__init__("\n".join(self.lines()))

    def __reduce__(self) -> tuple[type[StudyErrors], tuple[str, tuple[Problem, ...]]]:
        return (type(self), (self.file, self.problems))

    def lines(self) -> list[str]:
        """One line per problem: ``llto.yaml:9: samples.llto.thickness: expected a length, got '1 S/cm'``."""
        return [
            f"{self.file}:{p.line}: {p.place}: {p.message}"
            if p.place
            else f"{self.file}:{p.line}: {p.message}"
            for p in self.problems
        ]


class Problems:
    """Collects what is wrong, so that the user hears of everything in one go.

    Parameters
    ----------
    path : Path
        Of the study file.
    lines : mapping of Place to int
        Where each key and list element stands (1-based).
    """

    def __init__(self, path: Path, lines: Mapping[Place, int]) -> None:
        self.path, self._lines = path, lines
        self._found: list[Problem] = []

    def add(self, place: Place, message: str) -> None:
        """Note a problem at ``place``; what is not in the file stands at its nearest parent's line."""
        self._found.append(Problem(self.line(place), dotted(place), message))

    def line(self, place: Place) -> int:
        """1-based line of ``place`` or of its nearest parent in the file."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def within(self, place: Place) -> bool:
        """Whether something at or below ``place`` was found wrong."""
        name = dotted(place)
        return any(p.place == name or p.place.startswith((f"{name}.", f"{name}[")) for p in self._found)

    def raise_any(self) -> None:
        """Raise `StudyErrors` with all that was found; nothing if there is nothing."""
        if self._found:
            raise StudyErrors(self.path.name, self._found)


def dotted(place: Place) -> str:
    """``samples.llto.thickness``, ``analyses.Ea.on[1]``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def listed(names: Sequence[str], most: int = 3) -> str:
    """``a, b, c and 47 more``."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that ``word`` was probably meant to be."""
    known = list(dict.fromkeys(choices))
    folded = {choice.casefold().replace("_", "").replace("-", ""): choice for choice in known}
    plain = str(word).casefold().replace("_", "").replace("-", "")
    if plain in folded:
        return folded[plain]
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.6)
    return close[0] if close else None


def suggestion(word: str, choices: Iterable[str]) -> str:
    """``did you mean 'thickness'?``, or the list of what there is."""
    known = list(dict.fromkeys(choices))
    close = nearest(word, known)
    if close is not None:
        return f"did you mean {close!r}?"
    return f"there are {', '.join(known)}" if known else "there are none"
