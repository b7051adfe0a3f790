"""What a provider gets back for its call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and content type; an empty 200 unless the webhook says otherwise."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


TAKEN = Answer()
REFUSED = Answer(403, "Refused.")
UNKNOWN = Answer(404, "Not found.")
UNAVAILABLE = Answer(503, "Try again later.")
