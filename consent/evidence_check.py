#!/usr/bin/env python3
"""Check an evidence pack (JSON) of smsgateway: recompute every hash. Needs Python 3.9 or newer and nothing else.

Usage: python check_evidence.py evidence.json. With the package `cryptography` installed it opens the sealed parts too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from typing import Any


def problems_in(pack: dict[str, Any]) -> list[str]:
    """What is wrong with a pack, one line each; an empty list: every hash is right and every event is there."""
    problems, previous = [], ""
    for position, event in enumerate(pack["events"], start=1):
        hashed = event["hashed"]
        text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        if hashlib.sha256(text.encode("ascii")).hexdigest() != event["hash"]:
            problems.append(f"Event {position}: the hash does not fit its values.")
        if hashed["previous_hash"] != previous:
            problems.append(f"Event {position}: it does not join the event before it.")
        if hashed["sequence"] != position or hashed["subject"] != pack["subject"]:
            problems.append(f"Event {position}: it belongs to another place.")
        problems += _sealed_problems(event, pack["chain"]["key"], position)
        previous = event["hash"]
    if (previous, len(pack["events"])) != (pack["chain"]["head"], pack["chain"]["events"]):
        problems.append("The newest event is not the one that the pack names.")
    return problems


def _sealed_problems(event: dict[str, Any], key: str, position: int) -> list[str]:
    if not key or event["erased"]:
        return []
    try:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        return []
    sealed = base64.urlsafe_b64decode(event["hashed"]["evidence"])
    try:
        plain = AESGCM(base64.b64decode(key)).decrypt(sealed[:12], sealed[12:], event["sealed_for"].encode())
    except InvalidTag:
        return [f"Event {position}: the sealed part does not open."]
    return (
        []
        if json.loads(plain) == event["said"]
        else [f"Event {position}: it says something else than is sealed."]
    )


def main(path: str) -> int:
    """Print the verdict; 0 when nothing is wrong."""
    with open(path, encoding="utf-8") as file:
        pack = json.load(file)
    problems = problems_in(pack)
    for problem in problems:
        sys.stdout.write(problem + "\n")
    if not problems:
        sys.stdout.write(f"OK: {len(pack['events'])} events, newest hash {pack['chain']['head']}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
