"""What is sent of a message: its text in parts, and what a request's templates may use of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from consent import optout
from core.errors import GatewayError, TextTooLong
from core.segments import Encoding, segment
from core.splitting import MOST_PARTS
from core.vocabulary import Purpose
from credentials.choices import SplitMode
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.spec import RequestSpec, TextSpec
from messaging.models import Message


def texts_of(text: str, spec: TextSpec) -> list[str]:
    """The texts that a text is sent as: characters replaced and cut as the credential wants it."""
    _, texts = spec.cut(text)
    return texts


def texts_of_parts(text: str, spec: TextSpec) -> list[str]:
    """One text for each part that has a request of its own; "" for a part that is the whole message.

    TextTooLong when the text would need more than MOST_PARTS, however they travel.
    """
    texts = texts_of(text, spec)
    check_count(texts)
    return texts if spec.split == SplitMode.REQUESTS and len(texts) > 1 else [""]


def check_count(texts: Sequence[str]) -> None:
    """TextTooLong when a message would have more parts than any should."""
    if len(texts) > MOST_PARTS:
        raise TextTooLong(
            f"The text would go out in {len(texts):,} parts; at most {MOST_PARTS} can be sent. Shorten it, or set a "
            "larger “Longest text per request” on the API credentials.",
            param="text",
        )


def asks_for_profile(credential: ApiCredential) -> bool:
    """Whether a request of the credential may use attributes of the recipient's profile."""
    return asks_for(credential, "profile")


def asks_for(credential: ApiCredential, variable: str) -> bool:
    """Whether a request of the credential may use a variable that costs a look-up."""
    return variable in credential.payload or _rows_ask_for(credential.pk, credential.revision, variable)


def optout_url(*, msisdn: str, sender: str, credential_id: uuid.UUID) -> str:
    """The page on which the recipient opts out of what this sender sends."""
    return optout.url_for(msisdn=msisdn, sender=sender, reference=f"credential:{credential_id}")


def optout_urls(subjects: Mapping[str, int], *, sender: str, credential_id: uuid.UUID) -> dict[str, str]:
    """The same for many recipients at once: number -> page; `subjects` are their consent subjects by number."""
    return optout.urls_for(subjects, sender=sender, reference=f"credential:{credential_id}")


def looked_up(message: Message, request: RequestSpec) -> dict[str, Any]:
    """Variables of one request that cost a look-up, when it uses them."""
    if not _uses_optout_url(request):
        return {}
    url = optout_url(msisdn=message.msisdn, sender=message.sender, credential_id=message.credential_id)
    return {optout.VARIABLE: url}


@lru_cache(maxsize=256)
def _uses_optout_url(request: RequestSpec) -> bool:
    rows = [row.value for row in (*request.query, *request.fields)] + [row.value for row in request.headers]
    return any(optout.VARIABLE in text for text in (request.url, request.payload, *rows))


@lru_cache(maxsize=256)
def _rows_ask_for(credential_id: uuid.UUID, revision: int, variable: str) -> bool:
    """Looked up once for each revision: accepting a message costs no further query."""
    try:
        request = spec_of(ApiCredential.objects.get(pk=credential_id)).request
    except GatewayError:  # a secret that cannot be read: sending will tell
        return True
    values = [row.value for row in (*request.query, *request.fields)] + [row.value for row in request.headers]
    return any(variable in text for text in (request.url, *values))


@dataclass(frozen=True)
class Counted:
    """How texts travel: UCS-2 if one of them does, and the SMS they need in all."""

    encoding: Encoding
    count: int


def count(texts: Iterable[str]) -> Counted:
    """Count the SMS of all the texts a message is sent as."""
    counted = [segment(text) for text in texts]
    is_unicode = any(one.encoding == Encoding.UCS2 for one in counted)
    return Counted(Encoding.UCS2 if is_unicode else Encoding.GSM7, sum(one.count for one in counted))


def context_of(
    message: Message, part: int = 1, *, texts: Sequence[str] = (), spec: TextSpec | None = None
) -> dict[str, Any]:
    """The variables of one request that come from the message; the client adds those of the credential.

    `texts` are those of all parts, () for a message of one part; that one may still hold several texts.
    """
    if not texts:
        texts, text = _together(message.text, spec or TextSpec())
    else:
        text = texts[part - 1]
    message_id = str(message.id)
    return {
        "toNumber": message.msisdn,
        "fromNumber": message.sender,
        "message": text,
        "messageId": message_id,
        "part": part,
        "parts": len(texts),
        "partReference": message_id if part == 1 else f"{message_id}.{part}",
        "messageParts": list(texts),
        "priority": "high" if message.purpose == Purpose.ONE_TIME_CODE else "normal",
        "inReplyTo": message.in_reply_to,
        "purpose": message.purpose,
        "profile": message.profile,
    }


def _together(text: str, spec: TextSpec) -> tuple[list[str], str]:
    """All texts of one request, and the whole of it."""
    whole, texts = spec.cut(text)
    # With a request for each part, a message that was stored as one part stays one, whatever the limit is now.
    if spec.split != SplitMode.TOGETHER:
        return [whole], whole
    check_count(texts)  # the limit may be smaller than when the message was accepted
    return texts, whole
