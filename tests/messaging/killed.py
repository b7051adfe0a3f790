"""A worker that is killed while it sends one message: `python -m tests.messaging.killed MESSAGE_ID WHERE`.

It prints every text that leaves. WHERE: the text on whose request it dies, or "between" the first two parts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from typing import Any

import django
import responses


def main(message_id: str, where: str) -> None:
    django.setup()
    from messaging import delivery, parts
    from tests.messaging.conftest import PROVIDER_URL

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        text = json.loads(request.body)["content"]
        print(text, flush=True)
        if text == where:
            _die()
        return 202, {}, json.dumps({"messageId": f"p-{text}"})

    if where == "between":
        parts.may_go_on = _die  # type: ignore[assignment]
    with responses.RequestsMock(target="core.http.GuardedAdapter.send") as mock:
        mock.add_callback("POST", PROVIDER_URL, callback=answer, content_type="application/json")
        delivery.deliver_one(uuid.UUID(message_id))


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
