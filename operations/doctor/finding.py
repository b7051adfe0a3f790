"""What an examination found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is."""

    GOOD = "ok"
    LOOK = "look"
    BAD = "wrong"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found and, unless all is well, what to do."""

    grade: Grade
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.grade.value:<6} {self.subject}: {self.text}"


def good(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Grade.GOOD, subject, text)


def look(subject: str, text: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(Grade.LOOK, subject, text)


def bad(subject: str, text: str) -> Finding:
    """It does not work."""
    return Finding(Grade.BAD, subject, text)
