"""Providers' words for what became of a message, as ours. Pure: no Django, no models."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType

from core.errors import MappingInvalid
from webhooks.spec import StatusSpec

NO_PROGRESS = ""  # a known word that changes nothing
IGNORE = "ignore"  # a word that is not even noted
UNKNOWN = "unknown"  # staff must say what it means
CANONICAL = ("sent", "delivered", "read", "undelivered", "expired", "failed", "temporary", IGNORE)

_WORDS: dict[str, str] = {
    NO_PROGRESS: (
        "accepted acceptd acked queued enqueued scheduled pending pending_accepted pending_waiting_delivery "
        "pending_enroute received processing processed sending submitting submitted buffered routed "
        "waiting new created in_progress unknown"
    ),
    "sent": (
        "sent dispatched enroute en_route transmitted forwarded delivered_to_operator delivered_to_carrier "
        "delivered_to_network submitted_to_operator delivery_unconfirmed"
    ),
    "delivered": "delivered delivrd delivered_to_handset delivery_success success successful",
    "read": "read seen",
    "undelivered": (
        "undelivered undeliv undeliverable undeliverable_not_delivered undeliverable_rejected_operator "
        "not_delivered notdelivered delivery_failed delivery_failure unknown_subscriber unreachable bounced"
    ),
    "expired": "expired expired_expired expired_unknown timeout timed_out ttl_expired",
    "failed": (
        "failed failure fail error errored rejected rejectd reject refused blocked filtered deleted aborted "
        "cancelled canceled canceld not_sent sending_failed send_failed invalid"
    ),
}
# Words are compared in lower case with "_" for blanks and hyphens.
DEFAULT_STATUS_MAP: Mapping[str, str] = MappingProxyType(
    {word: canonical for canonical, words in _WORDS.items() for word in words.split()}
)
# Words that also say what became of a question: about a message they count only where somebody says so.
VAGUE = frozenset(
    {"unknown", "error", "errored", "invalid", "fail", "failure", "success", "successful", "new"}
)


def status_key(raw: str) -> str:
    """The form in which status words are compared: "Not-Delivered" -> "not_delivered"."""
    return "_".join(raw.strip().casefold().replace("-", " ").replace("_", " ").split())


class StatusTable:
    """What the status words of one webhook mean; MappingInvalid when its spec says something unknown."""

    def __init__(self, spec: StatusSpec, *more: Mapping[str, str], but: Collection[str] = ()) -> None:
        """`more`: further words in `status_key` form; later ones win. `but`: usual words that mean nothing here."""
        for word, meaning in (*spec.words.items(), ("default", spec.default)):
            if meaning not in (*CANONICAL, NO_PROGRESS, UNKNOWN):
                raise MappingInvalid(f'The status words give "{word}" a meaning we do not know: {meaning}.')
        usual = {} if spec.only_these else DEFAULT_STATUS_MAP
        known = {word: meaning for word, meaning in usual.items() if word not in but}
        for table in ({status_key(word): meaning for word, meaning in spec.words.items()}, *more):
            known.update(table)
        self._known = {word: meaning for word, meaning in known.items() if meaning != UNKNOWN}
        self._default = None if spec.default == UNKNOWN else spec.default

    def meaning(self, word: str) -> str | None:
        """One of CANONICAL, "" for no progress, None when nobody has said so."""
        return self._known.get(status_key(word), self._default)


def parse_status_map(source: str) -> dict[str, str]:
    """The operator's own words, a JSON object of provider status to ours; "" gives none. MappingInvalid."""
    if not source.strip():
        return {}
    try:
        table = json.loads(source)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MappingInvalid(f"The status map is not valid JSON: {error}.") from error
    if not isinstance(table, dict):
        raise MappingInvalid('The status map must be a JSON object such as {"DLVRD": "delivered"}.')
    for raw, canonical in table.items():
        if canonical not in (*CANONICAL, NO_PROGRESS):
            allowed = ", ".join(f'"{known}"' for known in CANONICAL)
            raise MappingInvalid(
                f'The status map gives "{raw}" a meaning we do not know. Use {allowed} or "".'
            )
    return {status_key(raw): canonical for raw, canonical in table.items()}
