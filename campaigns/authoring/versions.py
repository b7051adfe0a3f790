"""What a template said when: a new version with every change of texts or policy, none ever edited."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from campaigns.authoring.choosing import DEFAULT, texts_of
from campaigns.models import MessageTemplate, MissingPolicy, TemplateText, TemplateVersion
from core.errors import RequestInvalid

MOST_LANGUAGES: Final = 50
_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
_LONGEST_COMPARED: Final = 5_000  # pieces: beyond, a text is shown as replaced


def latest(template: MessageTemplate) -> TemplateVersion | None:
    """The version that counts; None before the first."""
    return template.versions.order_by("-number").first()


def latest_texts(template: MessageTemplate) -> dict[str, str]:
    """What the template says now, by language."""
    version = latest(template)
    return texts_of(version) if version else {}


@transaction.atomic
def save(
    *,
    template: MessageTemplate,
    texts: Mapping[str, str],
    actor: str,
    missing_policy: str = MissingPolicy.SKIP,
    fallback_text: str = "",
) -> TemplateVersion | None:
    """Store texts and policy as the next version; None where they are those of the last one."""
    if not texts.get(DEFAULT, "").strip():
        raise RequestInvalid("Write the default text: it is for everybody whose language has none.")
    if len(texts) > MOST_LANGUAGES:
        raise RequestInvalid(f"A template has at most {MOST_LANGUAGES} languages.")
    MessageTemplate.objects.select_for_update().get(pk=template.pk)  # one writer: numbers follow each other
    policy, last = (missing_policy, fallback_text), latest(template)
    if last and policy == policy_of(last) and texts_of(last) == dict(texts):
        return None
    version = TemplateVersion.objects.create(
        template=template,
        number=last.number + 1 if last else 1,
        missing_policy=missing_policy,
        fallback_text=fallback_text,
        actor=actor[:150],
    )
    TemplateText.objects.bulk_create(
        TemplateText(version=version, language=language, text=text) for language, text in texts.items()
    )
    return version


def restore(*, version: TemplateVersion, actor: str) -> TemplateVersion | None:
    """Say again what an earlier version said, as a new version; None where it is what the last one says."""
    missing_policy, fallback_text = policy_of(version)
    return save(
        template=version.template,
        texts=texts_of(version),
        missing_policy=missing_policy,
        fallback_text=fallback_text,
        actor=actor,
    )


def policy_of(version: TemplateVersion) -> tuple[str, str]:
    """What it does where an attribute is missing, and the text that may stand there."""
    return version.missing_policy, version.fallback_text


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is in both ("same"), only in the older ("gone") or only in the newer ("new")."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the text in one language."""

    language: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the history, with what it changed."""

    version: TemplateVersion
    changes: tuple[Change, ...]
    is_latest: bool
    has_new_policy: bool = False


def history(template: MessageTemplate, *, most: int = 50) -> list[Entry]:
    """The newest versions, each compared with the one before it; two queries."""
    versions = list(template.versions.prefetch_related("texts").order_by("-number")[: most + 1])
    texts = [{text.language: text.text for text in version.texts.all()} for version in versions]
    earlier: Sequence[Mapping[str, str]] = [*texts[1:], {}]
    before_them = [*(policy_of(version) for version in versions[1:]), None]
    return [
        Entry(version, tuple(changes(before, after)), index == 0, policy_of(version) != before_them[index])
        for index, (version, before, after) in enumerate(zip(versions, earlier, texts, strict=True))
    ][:most]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """The languages whose texts differ, compared word by word."""
    for language in sorted(before.keys() | after.keys()):
        old, new = before.get(language, ""), after.get(language, "")
        if old != new:
            yield Change(language, tuple(_compared(old, new)))


def _compared(old: str, new: str) -> Iterator[Piece]:
    left, right = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(left), len(right)) > _LONGEST_COMPARED:
        left, right = [old], [new]
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(left[start:end]))
            continue
        if start < end:
            yield Piece("gone", "".join(left[start:end]))
        if new_start < new_end:
            yield Piece("new", "".join(right[new_start:new_end]))
