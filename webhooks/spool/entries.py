"""What a spooled file holds: one verified callback, sealed with the master key and bound to its id."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from requests.structures import CaseInsensitiveDict

from core.errors import SecretUnreadable
from core.secrets import seal, unseal
from webhooks.callback import Callback
from webhooks.spool.store import SpoolUnavailable, store


class EntryUnreadable(Exception):
    """A file that is no entry of ours: damaged, or sealed with a key that this process does not have."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A callback that was verified and waits; `request_id` is the id it gets in the database."""

    request_id: uuid.UUID
    webhook_id: uuid.UUID
    callback: Callback


def keep(entry: Entry) -> str:
    """Put the entry on disk; gives its name. Raises SpoolUnavailable, also where no sender knows this host.

    Without its row in the database no gate would wait for what it keeps.
    """
    spool = store()
    if spool.last_beat() is None:
        raise SpoolUnavailable("This host has not been known to the database yet.")
    return spool.put(
        request_id=entry.request_id, received_at=entry.callback.received_at, data=to_bytes(entry)
    )


def to_bytes(entry: Entry) -> bytes:
    """The entry as it goes to disk."""
    callback = entry.callback
    plain = {
        "webhook": str(entry.webhook_id),
        "method": callback.method,
        "path": callback.path,
        "query": callback.query,
        "headers": list(callback.headers.items()),
        "body": base64.b64encode(callback.body).decode("ascii"),
        "role": callback.role,
        "address": callback.address,
        "received_at": callback.received_at.isoformat(),
    }
    return seal(json.dumps(plain).encode("ascii"), aad=_place(entry.request_id)).encode("ascii")


def from_bytes(name: str, data: bytes) -> Entry:
    """The entry in a file of that name; raises EntryUnreadable."""
    try:
        request_id = uuid.UUID(name.split("-")[1])
        plain = json.loads(unseal(data.decode("ascii"), aad=_place(request_id)))
        callback = Callback(
            method=plain["method"],
            path=plain["path"],
            query=plain["query"],
            headers=CaseInsensitiveDict(plain["headers"]),
            body=base64.b64decode(plain["body"]),
            role=plain["role"],
            address=plain["address"],
            received_at=datetime.fromisoformat(plain["received_at"]),
        )
        return Entry(request_id=request_id, webhook_id=uuid.UUID(plain["webhook"]), callback=callback)
    except (SecretUnreadable, ValueError, KeyError, IndexError, TypeError) as error:
        raise EntryUnreadable(f"{name} cannot be opened: {error}") from error


def _place(request_id: uuid.UUID) -> str:
    return f"webhooks.spool:{request_id}"
