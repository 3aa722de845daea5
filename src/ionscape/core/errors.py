"""The exceptions ionscape raises. Each message is one plain sentence: what is wrong, where, what to do."""

from __future__ import annotations

from pathlib import Path


class IonscapeError(Exception):
    """Base of every error that ionscape raises on purpose."""


class InputError(IonscapeError, ValueError):
    """The user's input cannot be used; the message names the place and the mend."""


class UnitError(InputError):
    """A text is not a quantity, or has the wrong dimension for its place."""


class ReadError(InputError):
    """A data file yields nothing usable.

    Attributes
    ----------
    path : Path
    reason : str
        Why, in words that a person at the instrument understands.
    line : int or None
        1-based line of a text file where it went wrong.
    """

    def __init__(self, path: str | Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = Path(path), reason, line
        place = f"{self.path.name}:{line}" if line is not None else self.path.name
        super().__init__(f"{place}: {reason}")

    def __reduce__(self) -> tuple[type[ReadError], tuple[Path, str, int | None]]:
        return (type(self), (self.path, self.reason, self.line))


class AnalysisError(IonscapeError):
    """A method cannot give a result for these data; the message says why."""


class CorrelationError(IonscapeError, TypeError):
    """An operation would silently lose the correlation between estimates."""
