"""The provider's side: the message endpoints and the token endpoint."""

from __future__ import annotations

from simulator.accounts import PATHS, check_callback_url
from simulator.actions import Action
from simulator.messages import Message, Submission
from simulator.reports import report_of
from simulator.state import State
from simulator.vendors import shape_of
from simulator.wire import DROP, Refusal, Request, Response, json_response

MAX_FIELD = 10_000


def submit(state: State, request: Request) -> Response:
    """Takes a message: sign-in, its fields, then what the script has in store. 202 with its id."""
    shape = shape_of(request.path)
    account = shape.account if shape else PATHS[request.path]
    state.gate.check(account, request)
    fields = read_submission(shape.read(request) if shape else request.fields())
    action = state.script.action_for(request.path, fields.to, fields.reference)
    early_end = misbehave(state, request, action)
    if early_end is not None:
        return early_end
    message = state.messages.accept(account=account, request=request, fields=fields)
    plan_reports(state, message, action)
    if action.reset == "after":
        state.closing.wait(action.timeout)
        return DROP
    if action.body is not None:
        return Response(action.status, action.body.encode(), "text/plain; charset=utf-8")
    answer = shape.answer(message.id) if shape else {"messageId": message.id, "status": "accepted"}
    return json_response(answer, status=action.status)


def look_up(state: State, request: Request) -> Response:
    """What became of the messages that carried `clientReference`, in the form of reports; QUEUED before the first."""
    account = PATHS[request.path]
    state.gate.check(account, request)
    reference = request.args.get("clientReference", "")
    if not reference:
        raise Refusal(422, "MISSING_PARAMETER", "clientReference is missing.", param="clientReference")
    found = [
        one
        for one in state.messages.listing()
        if one.account == account and one.fields.reference == reference
    ]
    return json_response([report_of(one, one.report or "QUEUED", "") for one in found])


def token(state: State, request: Request) -> Response:
    """Issues an OAuth token, unless a rule that names this path has other plans."""
    action = state.script.action_for(request.path, "")
    early_end = misbehave(state, request, action)
    return early_end if early_end is not None else state.gate.issue_token(request)


def misbehave(state: State, request: Request, action: Action) -> Response | None:
    """Plays the part of the action that comes before a message is accepted; None to go on."""
    if action.latency:
        state.closing.wait(action.latency)
    if action.status >= 400:
        refuse(action)
    if action.accepts:
        return None
    state.messages.refuse(
        path=request.path,
        code="RESET" if action.reset else "TIMEOUT",
        status=0,
        text="Scripted: no answer was given.",
    )
    state.closing.wait(action.timeout)
    return DROP


def refuse(action: Action) -> None:
    """Raises the scripted refusal."""
    headers = {} if action.retry_after is None else {"Retry-After": str(action.retry_after)}
    raise Refusal(action.status, action.code or f"HTTP_{action.status}", "Scripted refusal.", headers=headers)


def plan_reports(state: State, message: Message, action: Action) -> None:
    """Plans the reports if anyone wants them: the message's callback URL, else the account's."""
    url = message.fields.callback_url or state.accounts.callback_urls[message.account]
    if url:
        state.reports.report(message, url, action)
    else:
        state.messages.note(message, answer=0, note="No callback URL, so no report")


def read_submission(data: dict[str, object]) -> Submission:
    """The fields of a message, checked; 422 for a missing or wrong one."""
    texts = {name: read_text(data, name) for name in ("to", "content")}
    for name, value in texts.items():
        if not value:
            raise Refusal(422, "MISSING_PARAMETER", f"{name} is missing.", param=name)
    return Submission(
        to=texts["to"],
        sender=read_text(data, "from"),
        content=texts["content"],
        reference=read_text(data, "clientReference"),
        callback_url=check_callback_url(read_text(data, "callbackUrl")),
        inbound_url=check_callback_url(read_text(data, "inboundUrl")),
    )


def read_text(data: dict[str, object], name: str) -> str:
    """One field as text; numbers are taken, anything else is a 422."""
    value = data.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > MAX_FIELD:
        raise Refusal(422, "INVALID_PARAMETER", f"{name} must be a text.", param=name)
    return str(value)
