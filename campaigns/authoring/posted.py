"""The editor's form as it was posted, by a script that checks or by a button: texts, languages, samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import QueryDict

from campaigns.authoring.channels import Ways, channel_of
from campaigns.authoring.choosing import DEFAULT
from campaigns.authoring.people import newest_samples, samples_of
from campaigns.authoring.previewing import Draft, policy_from
from campaigns.authoring.samples import MOST_SAMPLES, Sample, parse_samples
from campaigns.models import MissingPolicy
from core.errors import RequestInvalid
from profiles.attributes import check_language

PREFIX = "texts"
_MOST_ROWS = 60


@dataclass(frozen=True)
class Row:
    """One language of the form."""

    index: int
    language: str
    text: str
    error: str = ""

    @property
    def label(self) -> str:
        """What its tab says."""
        return self.language or "Default"


@dataclass(frozen=True)
class Samples:
    """For whom a text is shown; `problem` says why the pasted ones are not, `chosen` that somebody named them."""

    all: tuple[Sample, ...] = ()
    problem: str = ""
    chosen: bool = True


def rows_of(posted: Mapping[str, Any]) -> list[Row]:
    """The languages that are not deleted and not wholly blank, the default one first."""
    return sorted(_rows(posted), key=lambda row: (row.language != DEFAULT, row.index))


def rows_from(texts: Mapping[str, str]) -> list[Row]:
    """The stored texts as rows; a new template starts with a blank default one."""
    found = {DEFAULT: "", **texts}
    return [Row(index, language, text) for index, (language, text) in enumerate(found.items())]


def texts_from(rows: Sequence[Row]) -> dict[str, str]:
    """Language -> text."""
    return {row.language: row.text for row in rows}


def draft_of(posted: QueryDict, *, may_see_profiles: bool) -> tuple[Draft, Samples]:
    """What the preview is made of: the text that is open, policy, channel, samples."""
    rows = rows_of(posted)
    chosen = str(posted.get("open_language", DEFAULT))
    source = texts_from(rows).get(chosen, rows[0].text if rows else "")
    samples = _samples(posted, may_see_profiles)
    policy = posted.get("missing_policy", "")
    draft = Draft(
        source=source,
        policy=policy_from(
            MissingPolicy(policy) if policy in MissingPolicy.values else MissingPolicy.SKIP,
            str(posted.get("fallback_text", ""))[:200],
        ),
        ways=Ways.of(channel_of(str(posted.get("preview_channel", "")))),
        samples=samples.all,
    )
    return draft, samples


def _samples(posted: QueryDict, may_see_profiles: bool) -> Samples:
    people = samples_of(posted.getlist("preview_profiles")) if may_see_profiles else ()
    try:
        pasted = parse_samples(
            str(posted.get("preview_samples", "")), default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY
        )
    except RequestInvalid as error:
        return Samples(people, error.text)
    together = (*people, *pasted)
    if not together:
        return Samples(newest_samples() if may_see_profiles else (), chosen=False)
    if len(together) > MOST_SAMPLES:
        return Samples(together[:MOST_SAMPLES], f"Only the first {MOST_SAMPLES} recipients are shown.")
    return Samples(together)


def _rows(posted: Mapping[str, Any]) -> Iterator[Row]:
    seen: set[str] = set()
    for index in range(min(_number(posted.get(f"{PREFIX}-TOTAL")), _MOST_ROWS)):
        place = f"{PREFIX}-{index}-"
        if f"{place}text" not in posted or posted.get(f"{place}DELETE"):
            continue
        language = str(posted.get(f"{place}language", "")).strip()
        text = str(posted[f"{place}text"]).replace("\r\n", "\n")
        if not language and not text.strip() and index:
            continue
        yield Row(index, language, text, _problem(language, seen))
        seen.add(language.lower())


def _problem(language: str, seen: set[str]) -> str:
    if language.lower() in seen:
        return (
            f"There are two texts for {language}." if language else "Name the language, such as de or pt-BR."
        )
    try:
        if language:
            check_language(language)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _number(value: Any) -> int:
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 4 else 0
