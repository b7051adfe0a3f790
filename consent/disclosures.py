"""What people are shown when they agree, word for word: versions that are never changed."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from consent.models import DisclosureText
from core.errors import RequestInvalid


def publish(*, slug: str, text: str, actor: str = "") -> DisclosureText:
    """Keep a text as the next version of its name; the same words as in the newest version make no new one."""
    text = text.strip()
    if not text:
        raise RequestInvalid("Write what people are shown when they agree.", param="text")
    if not slug or slug != slugify(slug):
        raise RequestInvalid("The name has small letters, digits and dashes only.", param="slug")
    with transaction.atomic():
        newest = current(slug)
        if newest is not None and newest.text == text:
            return newest
        version = (
            DisclosureText.objects.filter(slug=slug).aggregate(Max("version"))["version__max"] or 0
        ) + 1
        disclosure: DisclosureText = DisclosureText.objects.create(
            slug=slug,
            version=version,
            text=text,
            digest=digest_of(slug, version, text),
            created_by=actor[:150],
        )
        return disclosure


def current(slug: str) -> DisclosureText | None:
    """The newest version, None when there is none."""
    return DisclosureText.objects.filter(slug=slug).order_by("-version").first()


def digest_of(slug: str, version: int, text: str) -> str:
    """SHA-256 (hex) of name, version and text; events point at a text by it, and their own hash covers it."""
    plain = json.dumps([slug, version, text], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode("ascii")).hexdigest()
