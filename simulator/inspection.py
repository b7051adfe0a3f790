"""What tests and the browser pages use: messages, counts, rules, accounts and the handset's replies."""

from __future__ import annotations

import time
from typing import Any

from simulator.accounts import ACCOUNTS
from simulator.faults import FAULTS
from simulator.messages import Reply
from simulator.state import State
from simulator.wire import Refusal, Request, Response, json_response

LISTED_HANDSETS = 100
MAX_REPLY = 1600


def health(state: State, request: Request) -> Response:
    """200 while the simulator runs."""
    return json_response({"status": "ok"})


def messages(state: State, request: Request) -> Response:
    """Accepted messages in order; `to` a number, `since` monotonic seconds (exclusive)."""
    try:
        since = float(request.args.get("since") or 0)
    except ValueError as error:
        raise Refusal(422, "INVALID_PARAMETER", "since must be a number.", param="since") from error
    # A plus sign typed into a URL arrives as a space.
    number = request.args.get("to", "").replace(" ", "+")
    found = state.messages.listing(to=number, since=since)
    return json_response({"messages": [message.as_json() for message in found], "now": time.monotonic()})


def requests(state: State, request: Request) -> Response:
    """How many messages were accepted and refused, by reason, and what became of the reports."""
    store = state.messages
    return json_response(
        {
            "accepted": 0,
            **store.counts,
            "refused": dict(store.refused),
            "waiting": state.reports.waiting,
            "recentRefusals": list(store.refusals),
        }
    )


def reset(state: State, request: Request) -> Response:
    """Forgets messages, rules, tokens and waiting reports; accounts keep their settings."""
    state.reset()
    return json_response({"status": "ok"})


def rules(state: State, request: Request) -> Response:
    """The rules in force and the table by number."""
    table = [
        {
            "suffix": row.suffix,
            "title": row.title,
            "text": row.text,
            "sample": row.sample,
            "action": row.source,
        }
        for row in FAULTS
    ]
    return json_response({"rules": state.script.listing(), "table": table})


def add_rules(state: State, request: Request) -> Response:
    """Adds a list of rules (or `{"rules": [...]}` or a single rule)."""
    data: Any = request.json_value()
    entries = data.get("rules", [data]) if isinstance(data, dict) else data
    if not isinstance(entries, list):
        raise Refusal(422, "INVALID_RULE", "Send a list of rules.")
    state.script.add(entries)
    return json_response({"rules": state.script.listing()})


def clear_rules(state: State, request: Request) -> Response:
    """Removes all rules."""
    state.script.clear()
    return json_response({"rules": []})


def accounts(state: State, request: Request) -> Response:
    """The accounts with their demo secrets."""
    return json_response({"accounts": state.accounts.describe()})


def change_accounts(state: State, request: Request) -> Response:
    """Changes callback URLs and the few settings that may change while running."""
    state.accounts.update(request.json())
    return accounts(state, request)


def revoke_tokens(state: State, request: Request) -> Response:
    """Makes every issued OAuth token invalid."""
    state.gate.tokens.clear()
    return json_response({"status": "ok"})


def handsets(state: State, request: Request) -> Response:
    """The page's poll: `version` as last seen saves the rest when nothing changed."""
    store = state.messages
    version = str(store.version)
    if request.args.get("version") == version:
        return json_response({"version": version, "unchanged": True})
    number = request.args.get("number", "")
    answer: dict[str, object] = {"version": version, "handsets": store.handsets(limit=LISTED_HANDSETS)}
    if number:
        url, account = reply_target(state, number)
        last = store.last_to(number)
        answer["conversation"] = {
            "number": number,
            "sender": last.fields.sender if last else "",
            "account": ACCOUNTS.get(account, ""),
            "replyUrl": url,
            "bubbles": store.conversation(number),
        }
    return json_response(answer)


def add_handset(state: State, request: Request) -> Response:
    """Adds a number to the list before it has received anything."""
    number = read_number(request.json())
    state.messages.add_handset(number)
    return json_response({"number": number})


def reply(state: State, request: Request) -> Response:
    """Sends a text from a handset and tells the gateway's HTTP status; 409 without a callback URL."""
    data = request.json()
    number, text = read_number(data), str(data.get("text") or "")
    if not text.strip() or len(text) > MAX_REPLY:
        raise Refusal(422, "INVALID_PARAMETER", f"text must have 1 to {MAX_REPLY} characters.", param="text")
    url, _ = reply_target(state, number)
    if not url:
        raise Refusal(409, "NO_CALLBACK_URL", "Set a callback URL on the Accounts page first.")
    last = state.messages.last_to(number)
    to = str(data.get("to") or (last.fields.sender if last else ""))
    entry = Reply(state.messages.new_id(), number, to, text, url, time.time())
    state.messages.add_reply(entry)
    state.reports.send_reply(entry)
    return json_response({"id": entry.id, "status": entry.answer, "note": entry.note, "url": url})


def reply_target(state: State, number: str) -> tuple[str, str]:
    """Where a handset's text goes and by which account: the account's URL, else the last message's own."""
    urls = state.accounts.callback_urls
    last = state.messages.last_to(number)
    if last is not None:
        return urls[last.account] or last.fields.inbound_url or last.fields.callback_url, last.account
    return next(((url, kind) for kind, url in urls.items() if url), ("", ""))


def read_number(data: dict[str, Any]) -> str:
    """The number of the body, without spaces."""
    number = "".join(str(data.get("number") or "").split())
    if not 3 <= len(number) <= 32:
        raise Refusal(422, "INVALID_PARAMETER", "number must have 3 to 32 characters.", param="number")
    return number
